"""Elements of an HTML page that needs nothing beside itself, from plain values."""

import base64
import html


def escape(value):
    """Escape a value."""
    return html.escape(str(value))


def quiet(words):
    """A paragraph of small print."""
    return f'<p class="quiet">{escape(words)}</p>'


def section(title, paragraph, *parts):
    """A section of a title, a paragraph (None for none) and parts of HTML."""
    lead = [f"<p>{escape(paragraph)}</p>"] if paragraph else []
    return "\n".join([f"<section>\n<h2>{escape(title)}</h2>", *lead, *parts, "</section>"])


def image(data, alt, kind="png"):
    """The picture in the bytes `data`, described by `alt`."""
    return f'<img alt="{escape(alt)}" src="data:image/{kind};base64,{base64.b64encode(data).decode()}">'


def sound(pictures, name, words):
    """A player of the WAV beside a picture, and what is heard; nothing where there is none."""
    data = pictures.get(f"{name}.wav")
    if data is None:
        return []
    return [quiet(f"{words} Phases are found by Griffin and Lim's algorithm, of the originals too."),
            f'<audio controls src="data:audio/wav;base64,{base64.b64encode(data).decode()}"></audio>']


def table(rows):
    """A table of (label, text) rows."""
    return "<table>" + "".join(f"<tr><th>{escape(label)}</th><td>{escape(words)}</td></tr>" for label, words in rows) \
        + "</table>"


def details(summary, words):
    """A text that a click on its summary shows."""
    return f"<details><summary>{escape(summary)}</summary><pre>{escape(words)}</pre></details>"
