"""Your own speech: a folder for each speaker, with files of speech in it, in further folders or not.

    data_dir/ann/hello.wav
    data_dir/bob/monday/hello.flac

Folders called train and test, above the speakers' or in them, are the splits; without them `test_fraction` or
`speaker_lists` decides. `layout` says which level of folders is taken for the speakers, VCTK and VoxCeleb as downloaded
included. `audio` says which files are read; they have one channel. What was taken for what is printed.
"""

from rwae_tf.data.speech import clips, corpus, layout


class Dataset(clips.SpeechClips):
    """Segments of the recordings; the factor is the speaker."""

    LAYOUT = "a folder for each speaker, such as ann/hello.wav"

    def recordings(self, root, files, others, lists):
        folders = [corpus.parents(path, root) for path in files]
        taken = layout.find(root, folders, lists)
        placed = [(taken.recording(path, inside), inside) for path, inside in zip(files, folders, strict=True)]
        found = [pair for pair in placed if pair[0]]
        outside = [path for path, (recording, _) in zip(files, placed, strict=True) if not recording]
        speakers = {recording.speaker for recording, _ in found}
        silent = layout.without_sound(taken, speakers, [(path, corpus.parents(path, root)) for path in others])
        texts = [layout.describe(taken, found)] if found else []
        texts += corpus.counted(outside, "files lie in no speaker's folder and are left out")
        return [recording for recording, _ in found], [*texts, *([silent] if silent else [])]
