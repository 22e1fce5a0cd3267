"""Elements of an HTML page that needs nothing beside itself, from plain values."""

import base64
import html

# Titles of sections, and what their pictures show.
SWAP = ("Swap", "The first column gives the content z_c, the first row the motion z_m; between them, both.")
RECONSTRUCTION = ("Reconstruction", "Each clip, and beside it what the decoder makes of its codes.")

_STYLE = """
:root { color-scheme: light }
body { font: 15px/1.45 system-ui, sans-serif; color: #222; max-width: 1120px; margin: 24px auto; padding: 0 16px }
h1 { font-size: 24px; margin: 0 } h2 { font-size: 18px; margin: 34px 0 4px }
p { margin: 4px 0 10px; max-width: 85ch } .quiet, footer { color: #555; font-size: 13px }
img { max-width: 100%; display: block; margin: 6px 0 }
table { border-collapse: collapse; margin: 8px 0 } th, td { padding: 4px 12px; text-align: left; font-weight: normal }
td small, th small { display: block; font-size: 11px } tr + tr { border-top: 1px solid #ddd }
.verdict { border-left: 6px solid; padding: 6px 14px; margin: 14px 0; font-weight: 600 }
.good { background: #cfeee2; border-color: #009e73 } .bad { background: #fbdcc8; border-color: #d55e00 }
.open { background: #eee; border-color: #999 }
pre, code { font: 12.5px/1.4 ui-monospace, monospace } pre { overflow-x: auto; background: #f6f6f6; padding: 10px }
summary { cursor: pointer }
"""


def document(title, body):
    """A page of these parts of HTML, in the style of all pages."""
    return (f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
            f"<style>{_STYLE}</style>\n</head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n")


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


def table(rows, head=()):
    """A table of rows (label, text, ...), under the titles `head` of its columns if it has any."""
    lines = ["".join(f"<th>{escape(title)}</th>" for title in head)] if head else []
    lines += [f"<th>{escape(label)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}"
              for label, *cells in rows]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def details(summary, words):
    """A text that a click on its summary shows."""
    return f"<details><summary>{escape(summary)}</summary><pre>{escape(words)}</pre></details>"
