"""Write synthetic speakers in the layout of a corpus, to try speech without a download.

    python tools/make_speech.py --out_dir=synthetic_timit
    python -m rwae_tf.train --flagfile=tools/timit.flags --data_dir=synthetic_timit --max_minutes=1

They speak vowels only; results on them do not carry over to speech.
"""

import functools

from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags


def main(argv):
    """Write the files that `argv` asks for; see the module's docstring."""
    values = flags.new()
    integer = functools.partial(absl_flags.DEFINE_integer, flag_values=values)
    absl_flags.DEFINE_string("out_dir", "", "Folder to write to.", flag_values=values)
    absl_flags.DEFINE_enum("layout", "timit", ["timit", "librispeech", "speakers"], "Whose folders and files.",
                           flag_values=values)
    integer("speakers", 20, "How many; a fifth of them to test on.", 4, 80)
    integer("utterances", 8, "Of each speaker.", 1)
    integer("vowels", 12, "In each utterance, of about 0.19 s.", 2)
    integer("seed", 0, "Of the voices and of what they say.", 0)
    if not flags.parse(values, argv, __doc__):
        return 0
    flags.required(values, "out_dir")

    from rwae_tf.data.synthetic import voices

    count = voices.write_corpus(values.out_dir, values.layout, values.speakers, values.utterances, values.vowels,
                                   values.seed)
    print(f"{values.out_dir}: {count} files of {values.speakers} speakers")
    return 0


if __name__ == "__main__":
    entry_point.run(main)
