"""The tables of docs/departures.md: changes of the small presets to the paper's settings, option by option.

python tools/departures.py            # writes them into the page
python tools/departures.py --check    # fails where the page is out of date
"""

import dataclasses
import os
import sys

import marked_page

from rwae_tf import config as config_lib
from rwae_tf import entry_point
from rwae_tf.config import fields, flags
from rwae_tf.evaluation import comparison

_HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(os.path.dirname(_HERE), "docs", "departures.md")
BEGIN, END = "<!-- tables: written by tools/departures.py -->", "<!-- end of tables -->"
GROUPS = {
    "Sprites": {"cpu/sprites": "sprites", "cpu/sprites_gan": "sprites_gan", "cpu/sprites_weak": "sprites",
                "cpu/sprites_c": "sprites_c"},
    "DS-VAE on Sprites": {"cpu/sprites_ds_vae": "sprites_ds_vae", "cpu/sprites_ds_vae_full": "sprites_ds_vae"},
    "DS-VAE on Moving-Shape": {"cpu/moving_shapes_ds_vae": "moving_shapes_ds_vae_text_filter"},
    "DS-VAE on LibriSpeech": {"cpu/librispeech_ds_vae": "timit_ds_vae"},
    "FHVAE on LibriSpeech": {"cpu/librispeech_fhvae": "timit_fhvae"},
    "SM-MNIST": {"cpu/sm_mnist": "sm_mnist", "cpu/sm_mnist_gan": "sm_mnist_gan"},
    "DS-VAE on SM-MNIST": {"cpu/sm_mnist_ds_vae": "sm_mnist_ds_vae"},
    "Moving-Shape": {"cpu/moving_shapes": "moving_shapes_text_filter", "quickstart": "moving_shapes_text_filter",
                     "cpu/moving_shapes_text_filter": "moving_shapes_text_filter",
                     "cpu/moving_shapes_c": "moving_shapes_biggan"},
    "MUG": {"cpu/mug": "mug", "cpu/mug_weak": "mug", "cpu/mug_weak_gan": "mug_gan"},
    "DS-VAE on MUG": {"cpu/mug_ds_vae": "mug_ds_vae", "cpu/mug_ds_vae_weak": "mug_ds_vae_weak"},
    "Speech": {"timit": "timit_paper", "librispeech": "timit_paper", "own/speakers": "timit_paper"},
    "Your own videos, beside the settings for Sprites": {"own/folder": "sprites"},
}
"""Title -> {preset: the preset with the paper's settings}."""
# Which sequences, how a run is kept, and how long it may take: no setting of the method.
_OTHER = {"dataset", "validation_fraction", "test_fraction", "utterance_seconds", "skip_invalid", *comparison.PLACES}


def main(argv):
    """Write or check the page."""
    return marked_page.main(argv, PAGE, BEGIN, END, f"\n{tables()}")


def tables():
    """A table for each group of presets, in Markdown."""
    return "\n".join(f"### {title}\n\n{table(group)}\n" for title, group in GROUPS.items())


def table(group):
    """The options in which a preset of `group` departs from its paper preset; an empty cell where it does not."""
    pairs = {preset: (_values(preset), _values(paper)) for preset, paper in group.items()}
    rows = []
    for name in next(iter(pairs.values()))[0]:
        cells = ["" if own[name] == paper[name] else f"`{own[name]}`" for own, paper in pairs.values()]
        if any(cells):
            printed = dict.fromkeys(f"`{paper[name]}`" for _, paper in pairs.values())
            rows.append(f"| `--{name}` | {', '.join(printed)} | {' | '.join(cells)} |")
    return "\n".join([f"| option | paper | {' | '.join(f'`{preset}`' for preset in group)} |",
                      "|---" * (2 + len(group)) + "|", *rows])


def _values(preset):
    """{option: its value in tools/PRESET.flags as on the command line}."""
    config = flags.configuration(f"--preset={preset}")
    return {field.name: fields.as_text(getattr(getattr(config, section), field.name)) or "none"
            for section, kind in config_lib.SECTIONS.items() for field in dataclasses.fields(kind)
            if field.name not in _OTHER}


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(_HERE))
    entry_point.run(main)
