"""Your own speech: a folder for each speaker, with files of speech in it, in further folders or not.

    data_dir/ann/hello.wav
    data_dir/bob/monday/hello.flac

Folders train and test, with the speakers' folders in them, are the splits; without a folder test, `test_fraction` or
`speaker_lists` tells. `audio` says which files are read; they have one channel.
"""

from rwae_tf.data.speech import audio, clips, corpus


class Dataset(clips.SpeechClips):
    """Segments of the recordings; the factor is the speaker, the outermost folder below data_dir or its splits."""

    LAYOUT = "a folder for each speaker, such as ann/hello.wav"

    def recording(self, path, folders):
        inside = folders[1:]  # the first is data_dir's own
        part = inside.pop(0) if inside and inside[0] in corpus.SPLITS else ""
        if not inside:
            return None
        name = "/".join([*inside[1:], audio.stem(path)])
        return corpus.Recording(path, inside[0], name, part)
