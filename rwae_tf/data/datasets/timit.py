"""TIMIT (LDC93S1): read speech, ten sentences of each of 630 speakers from eight dialect regions (Appendix D).

Licensed: the user's own copy. Its sentences are found in any of the layouts in which it goes round, by the names of
the file (sa1, si1345, sx45) and of the folder that it lies in (fvmh0, dr1-fvmh0), in any case:

    TIMIT/TRAIN/DR1/FVMH0/SX26.WAV               as on the disc, in upper, lower or mixed case
    data/TRAIN/DR1/FVMH0/SX26.WAV.wav            a RIFF twin beside the SPHERE file or instead of it
    timit/dr1-fvmh0/sx26.wav                     one folder for all

The two SA sentences, which everybody reads, are left out. Test are the 24 speakers of the core test set (192
sentences), validation the 50 that are usually developed on (Halberstadt, 1998), train all outside TEST. A sample
without those speakers is split by `test_fraction` or `speaker_lists`.
"""

import re

from rwae_tf.data.speech import clips, corpus
from rwae_tf.data.speech.audio import stem

CORE_TEST = tuple(
    "mdab0 mwbt0 felc0 mtas1 mwew0 fpas0 mjmp0 mlnt0 fpkt0 mlll0 mtls0 fjlm0 mbpm0 mklt0 fnlp0 mcmj0 mjdh0 fmgd0 mgrt0 "
    "mnjm0 fdhc0 mjln0 mpam0 fmld0".split())
DEVELOPMENT = tuple(
    "faks0 fdac1 fjem0 mgwt0 mjar0 mmdb1 mmdm2 mpdf0 fcmh0 fkms0 mbdg0 mbwm0 mcsh0 fadg0 fdms0 fedw0 mgjf0 mglb0 mrtk0 "
    "mtaa0 mtdt0 mthc0 mwjg0 fnmr0 frew0 fsem0 mbns0 mmjr0 mdls0 mdlf0 mdvc0 mers0 fmah0 fdrw0 mrcs0 mrjm4 fcal1 mmwh0 "
    "fjsj0 majc0 mjsw0 mreb0 fgjd0 fjmg0 mroa0 mteb0 mjfc0 mrjr0 fmml0 mrws1".split())
SEXES = ("female", "male")
DIALECTS = ("new_england", "northern", "north_midland", "south_midland", "southern", "new_york_city", "western",
            "army_brat")
_SENTENCE = re.compile(r"(sa|si|sx)\d+")
_SPEAKER = re.compile(r"(?:dr[1-8]-)?([fm][a-z]{3}\d)")
_DIALECT = re.compile(r"dr([1-8])(?:-.*)?")


class Dataset(clips.SpeechClips):
    """Segments of the SI and SX sentences; factors: the speaker, the sex and, where the folders tell, the dialect."""

    LAYOUT = "TIMIT's sentences, such as TRAIN/DR1/FVMH0/SX26.WAV; the corpus is LDC93S1, catalog.ldc.upenn.edu"

    def recording(self, path, folders):
        sentence, folder = _SENTENCE.fullmatch(stem(path)), _SPEAKER.fullmatch(folders[-1])
        if not sentence or not folder or sentence[1] == "sa":
            return None
        speaker = folder[1]
        labels = {"sex": SEXES[speaker[0] == "m"]}
        if dialects := [match[1] for match in map(_DIALECT.fullmatch, folders) if match]:
            labels["dialect"] = DIALECTS[int(dialects[-1]) - 1]
        return corpus.Recording(path, speaker, sentence[0], _part(speaker, folders), labels)

    def factors(self, recordings):
        known = {"sex": SEXES, "dialect": DIALECTS}
        return {name: classes for name, classes in known.items() if all(name in r.labels for r in recordings)}


def _part(speaker, folders):
    """The part of the corpus that a speaker belongs to."""
    if speaker in CORE_TEST:
        return "test"
    if speaker in DEVELOPMENT:
        return "validation"
    return "spare" if "test" in folders else "train"
