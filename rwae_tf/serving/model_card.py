"""The model card of an exported model: description, signatures, training and limits."""

import json

from rwae_tf.serving import metadata, signatures
from rwae_tf.serving.assets import MAX_LENGTH


def write(model, functions, budget=None, actions=None, max_length=MAX_LENGTH):
    """Write the model card in Markdown.

    Args:
      model: the exported model, with `spec` and `config`.
      functions: signature name -> tf.function with an input signature.
      budget: what training cost, name -> value; None when unknown.
      actions: of a model with actions, {"factor", "matching"}: which category means which class; None when unknown.
      max_length: frames that `generate` may be asked for.
    """
    config, spec = model.config, model.spec
    rows = [f"| `{name}` | {_tensors(signatures.inputs(f))} | {_tensors(signatures.outputs(f))} |"
            for name, f in functions.items()]
    size = config.model.action_size
    example = str([[1] + [0] * (size - 1)] * 2).replace(" ", "")
    return _PAGE.format(
        dataset=config.data.dataset, title=model.TITLE, method=model.method(),
        backbone=config.model.backbone, frame=list(spec.frame_shape),
        values=_VALUES[spec.modality], images=_IMAGES if spec.modality == "video" else "", length=config.data.length,
        content_size=config.model.content_size, motion_size=config.model.motion_size,
        actions=f", one of {size} actions" if size else "", meanings=_meanings(actions) if size else "",
        factors=", ".join(spec.factors) or "none",
        serving_default=next(iter(functions)), splits=_SPLITS if model.has_encoder else _DRAWS,
        means=_MEANS if model.has_encoder else "",
        budget=", ".join(f"{name} {value}" for name, value in (budget or {}).items()) or "not recorded",
        signatures="\n".join(rows), generate_action=f";action={example}" if size else "",
        max_length=max_length, config=json.dumps(metadata.configuration(config), indent=2))


def _meanings(actions):
    """A line with the meaning of each entry of an action."""
    if not actions or not actions["factor"]:
        return "\n- Which entry of `action` means what is not known; `rwae_tf.evaluate`, before the export, finds out."
    names = ", ".join(f"{k} {name or 'nothing known'}" for k, name in enumerate(actions["matching"]))
    return f"\n- `action`: one-hot, by entry the {actions['factor']} that it was matched to: {names}."


def _tensors(specs):
    """`specs` in words, such as "z_c float32 [B, 120]"."""
    def shape(spec):
        free = iter("BT")
        return ", ".join(next(free) if size is None else str(size) for size in spec.shape)

    return "; ".join(f"{name} {spec.dtype.name} [{shape(spec)}]" for name, spec in specs.items())


_VALUES = {"video": "values in [0, 1]",
           "speech": "decibels of a spectrum every 10 ms, as rwae_tf.data.speech.spectra makes them; the model "
                     "normalizes them itself"}
_IMAGES = """
- `_uint8`: videos of levels from 0 to 255. In gRPC they take a quarter of the bytes.
- `_bytes`: one image per frame, of the frame size above; PNG or JPEG in, PNG out. Transparent parts are black, as in
  training. Images with an Exif orientation, of other than 8 bits, of CMYK or in HDR are refused: turn and convert them
  first, as `export/client.py` does for a folder of images."""
_SPLITS = """It splits a clip into a
content code, one per clip, and a motion code, one per frame, and puts clips together from both."""
_DRAWS = """It draws clips from a content
code, one per clip, and a motion code, one per frame. It has no encoder: it makes no codes of clips."""
_MEANS = "- Codes are posterior means: the same clip always gives the same codes.\n"
_PAGE = """# Model card

{title} of `{dataset}` clips. {splits}

| | |
|---|---|
| method | {method} |
| backbone | {backbone} |
| frame | {frame}, {values} |
| codes | z_c {content_size}; z_m {motion_size} per frame{actions} |
| trained on | {dataset}, {length} frames per clip; labelled factors: {factors} |
| training | {budget} |

## Signatures

B clips of T frames, both free. `serving_default` is `{serving_default}`.

| signature | inputs | outputs |
|---|---|---|
{signatures}

{means}- `generate` draws one clip per row from the priors; a row depends on its own `seed` alone, whatever rows are
  served beside it, and is the clip of `model.generate(seed=...)` in Python. All rows get as many frames as the
  largest `length` among them; {max_length} is the most.{meanings}
- `metadata` answers any int32 `rows` with a JSON text: versions, configuration, factors, names of actions. The same
  is in `assets.extra/metadata.json`.{images}

Look at it, and try it, with the tool that comes with TensorFlow:

    saved_model_cli show --dir . --all
    saved_model_cli run --dir . --tag_set serve --signature_def generate \\
      --input_exprs 'seed=[0,1];length=[20,20]{generate_action}' --outdir .

## Limits

The model knows clips like those it was trained on and draws others towards them. Clips longer than
{length} frames are extrapolated. Wrong shapes, numbers that are NaN, infinite or out of range, actions that do not
sum to 1, and lengths below 1 or above {max_length} are refused with one line that says so.

## Configuration

```json
{config}
```
"""
