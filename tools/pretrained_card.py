"""The model card of a pretrained model, and the limits on it."""

import textwrap

_WEAK = 0.95  # a factor that is right in fewer clips is a limit
_WIDTH = 100  # of a line
_MEASURES = {
    "video": """*Kept*: the share of clips in which the judge still reads the static factors after z_m is redrawn,
and the dynamic factors after z_c is redrawn.""",
    "speech": """*Equal error rate*: of telling speakers apart by the cosine of two utterances' mean z_c (low is
good), mean z_m, or standard deviations of z_m (50 % is good)."""}
_PAGE = """# {name}

{summary}

```python
import rwae_tf
model = rwae_tf.load("pretrained/{name}")
clips = model.generate(num=8, length={length}, seed=0)
```

| | |
|---|---|
| method | {method} |
| frames | {frame}, clips of {length} frames |
| codes | z_c {content_size} numbers, z_m {motion_size} in each frame |
| data | {data} |
| licence of the data | {licence} |
| labelled factors | {factors} |
| training | {passes:g} passes, {sequences} sequences, {minutes} minutes, {hardware} |
| weights | {weights} ({check}) |

## Measured on all test clips

| | |
|---|---|
{rows}

{measures}
*AUC*: of a classifier between codes and prior samples; 0.5 means that they match.
{judged}
## Limits

{limits}
- It knows clips like those it was trained on, and draws others towards them.
"""


def limits(metrics):
    """Of metrics.json: what the evaluation found wrong, and the factors that it reads in too few clips."""
    kept = [(other, factor, value["accuracy"]) for kind, other in (("static_kept", "z_m"), ("dynamic_kept", "z_c"))
            for factor, value in ((metrics.get(kind) or {}).get("per_factor") or {}).items()]
    weak = [f"{factor} is right in {100 * accuracy:.1f} % of the clips whose {other} is redrawn"
            for other, factor, accuracy in kept if accuracy < _WEAK]
    return weak + metrics.get("verdicts", [])


def card(model, record):
    """The text of the page.

    Args:
      model: the pretrained model.
      record: what its model.json says.
    """
    spec, budget = model.spec, record["budget"]
    rows = "\n".join(f"| {name} | {_shown(name, value)} |" for name, value in record["results"].items())
    judged = ", ".join(f"{factor} {100 * value:.1f} %" for factor, value in (record["judge"] or {}).items())
    judged = textwrap.fill(f"Accuracy of the judge on real test clips: {judged}.", _WIDTH)
    return _PAGE.format(
        name=record["name"], summary=textwrap.fill(record["summary"] + ".", _WIDTH), method=model.method(),
        frame="×".join(map(str, spec.frame_shape)), length=spec.length,
        content_size=model.config.model.content_size, motion_size=model.config.model.motion_size,
        data=record["data"], licence=record["licence"], factors=", ".join(spec.factors) or "none",
        passes=budget["passes"], sequences=budget["sequences"], minutes=round(budget["seconds"] / 60),
        hardware=budget.get("hardware", "not recorded"), rows=rows,
        judged=f"\n{judged}\n" if record["judge"] else "",
        weights=record["weights"], check=record["weights_check"],
        measures=_MEASURES[spec.modality],
        limits="\n".join(textwrap.fill(f"- {limit}", _WIDTH, subsequent_indent="  ")
                         for limit in record["limits"] or ["none found by the evaluation"]))


def _shown(name, value):
    return f"{100 * value:.1f} %" if "kept" in name or "rate" in name else f"{value:.2f}"
