"""Steps of a person on the page of `rwae_tf.serve`, and the files that they bring."""

import base64
import io
import shutil
import wave

import numpy as np
import rest
from PIL import Image

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FRAMES = 4  # of a clip in training of the tiny model


def settle(page, caption):
    """Wait until the page has finished, with a caption of the result that has these words."""
    page.wait_for_function("text => document.querySelector('#result .caption').textContent.includes(text)"
                           " && !document.body.hasAttribute('aria-busy')", arg=caption)
    assert page.text_content("#message") == ""


def caption(page, panel="result"):
    return page.text_content(f"#{panel} .caption")


def pixels(page, panel="result"):
    """What a panel shows now, as an array."""
    address = page.evaluate(f"document.querySelector('#{panel} canvas').toDataURL('image/png')")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB")).astype(int)


def set_slider(page, name, value):
    page.evaluate("""([name, value]) => {
        const slider = document.getElementById(name);
        slider.value = value;
        ["input", "change"].forEach((kind) => slider.dispatchEvent(new Event(kind)));
    }""", [name, value])


def gif(frames=3, side=40):
    """A GIF of discs on grey, larger than a frame and wider than high."""
    pictures = [Image.new("RGB", (side + 10, side), (90 + 40 * k, 60, 160)) for k in range(frames)]
    buffer = io.BytesIO()
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:], duration=100)
    return buffer.getvalue()


def png(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (rest.SIDE, rest.SIDE), colour).save(buffer, "PNG")
    return buffer.getvalue()


def drop(page, panel, name, kind, content):
    page.evaluate("""([panel, name, type, data]) => {
        const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0)), transfer = new DataTransfer();
        transfer.items.add(new File([bytes], name, { type }));
        document.getElementById(panel).dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
    }""", [panel, name, kind, base64.b64encode(content).decode()])


def sound(seconds=0.5):
    """A WAV file of noise."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.random.default_rng(0).integers(-3000, 3000, int(16_000 * seconds), "<i2").tobytes())
    return buffer.getvalue()
