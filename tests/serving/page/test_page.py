"""The page of `rwae_tf.serve`, used in a headless Chromium as a person uses it, on a tiny model."""

import io

import imageio_ffmpeg
import numpy as np
import pytest
import rest
from browsing import CHROMIUM, FRAMES, caption, drop, gif, pixels, png, set_slider, settle
from PIL import Image

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.exhaustive, pytest.mark.skipif(not CHROMIUM, reason="no Chromium on PATH")]


def test_it_begins_with_two_clips_and_their_swap(page):
    assert caption(page, "content") == f"drawn, seed 1, {2 * FRAMES} frames"
    assert caption(page, "motion") == f"drawn, seed 2, {2 * FRAMES} frames"
    assert caption(page) == f"content and motion swapped, {2 * FRAMES} frames"
    assert "content code of 6 numbers" in page.text_content("#about")
    assert np.ptp(pixels(page)) > 0


def test_own_files_are_dropped_and_chosen(page):
    drop(page, "content", "mine.gif", "image/gif", gif())
    page.wait_for_function("document.querySelector('#content .caption').textContent.startsWith('mine.gif')")
    settle(page, "swapped")
    assert caption(page, "content") == "mine.gif, 3 frames"
    page.set_input_files("#motion input", [
        {"name": f"{k}.png", "mimeType": "image/png", "buffer": png((k * 50, 90, 20))} for k in range(5)])
    page.wait_for_function("document.querySelector('#motion .caption').textContent.startsWith('5 pictures')")
    settle(page, "5 frames")
    page.click("#pause")
    page.wait_for_timeout(150)
    assert len({tuple(colour) for colour in pixels(page, "motion").reshape(-1, 3)}) == 1
    np.testing.assert_array_equal(pixels(page, "motion")[0, 0, 1:], [90, 20])


def test_one_picture_is_held_and_a_strip_is_cut(page):
    drop(page, "content", "one.png", "image/png", png((10, 20, 30)))
    page.wait_for_function("document.querySelector('#content .caption').textContent.startsWith('one.png')")
    assert caption(page, "content") == f"one.png, {FRAMES} frames"
    strip = io.BytesIO()
    Image.new("RGB", (6 * 20, 20)).save(strip, "PNG")
    drop(page, "motion", "strip.png", "image/png", strip.getvalue())
    page.wait_for_function("document.querySelector('#motion .caption').textContent.startsWith('strip.png')")
    assert caption(page, "motion") == "strip.png, 6 frames"


@pytest.mark.parametrize("name, kind, content, message", [
    ("notes.txt", "text/plain", b"words", "notes.txt: neither a picture nor a film"),
    ("cut.png", "image/png", b"\x89PNG", "cut.png: a picture that cannot be read"),
    ("cut.gif", "image/gif", b"GIF89a", "cut.gif: an animation that cannot be read"),
])
def test_a_file_that_is_no_clip_is_told(page, name, kind, content, message):
    drop(page, "content", name, kind, content)
    page.wait_for_selector("#message.error")
    assert page.text_content("#message") == message
    page.click("#swap")
    settle(page, "swapped")  # and it goes on


def test_new_clips_have_the_length_that_was_set(page):
    page.fill("#length", "5")
    page.click("#new-clip")
    settle(page, "drawn, seed")
    assert caption(page).endswith("5 frames")
    page.click("#new-motion")
    settle(page, "new motion")
    assert caption(page).endswith("5 frames")
    page.click("#new-content")
    settle(page, "new content")
    assert caption(page).endswith(f"{2 * FRAMES} frames")


def test_an_action_is_chosen(page):
    page.click("#pause")
    options = page.locator("#action option").all_text_contents()
    assert options == ["as in the clip, or drawn", "square", "disc", "action 3"]
    shown = []
    for action in ("0", "1"):
        with page.expect_response("**:predict") as response:
            page.select_option("#action", action)
        assert response.value.status == 200
        page.wait_for_function("!document.body.hasAttribute('aria-busy')")
        shown.append(pixels(page))
    assert np.abs(shown[0] - shown[1]).max() > 0


def test_the_content_code_is_walked_through(page):
    page.click("#pause")
    begin = pixels(page)
    set_slider(page, "amount", 3)
    settle(page, "3 deviations, 0 % of the way")
    assert page.text_content("output[for=amount]") == "3"
    moved = pixels(page)
    page.select_option("#direction", "1")
    page.wait_for_function("!document.body.hasAttribute('aria-busy')")
    settle(page, "3 deviations")
    assert np.abs(moved - begin).max() > 0 and np.abs(pixels(page) - moved).max() > 0
    set_slider(page, "amount", 0)
    settle(page, "0 deviations")
    set_slider(page, "between", 1)
    settle(page, "0 deviations, 100 % of the way")
    page.click("#exchange")
    settle(page, "swapped")
    assert page.input_value("#between") == "0"


def test_a_result_is_downloaded_as_it_is_shown(page, tmp_path):
    page.click("#pause")
    with page.expect_download() as download:
        page.click("#download")
    download.value.save_as(tmp_path / "clip.gif")
    with Image.open(tmp_path / "clip.gif") as image:
        assert image.n_frames == 2 * FRAMES and image.info["duration"] == 100 and image.info["loop"] == 0
        scale = image.size[0] // rest.SIDE
        assert image.size == (scale * rest.SIDE, scale * rest.SIDE) and image.size[0] >= 128
        frames = []
        for k in range(image.n_frames):
            image.seek(k)
            frames.append(np.asarray(image.convert("RGB")).astype(int)[::scale, ::scale])
    distances = [np.abs(frame - pixels(page)).mean() for frame in frames]
    assert min(distances) < 8, distances  # 256 colours, 5 bits a channel


def test_a_result_is_downloaded_as_a_film(page, tmp_path):
    with page.expect_download() as download:
        page.click("#film")
    name = download.value.suggested_filename
    assert name in ("clip.mp4", "clip.webm")
    download.value.save_as(tmp_path / name)
    frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(tmp_path / name))
    assert 2 * FRAMES - 1 <= frames <= 2 * FRAMES + 2 and 0.8 * FRAMES / 5 < seconds < 10
    reader = imageio_ffmpeg.read_frames(str(tmp_path / name))
    assert next(reader)["size"] == (128, 128)
    page.evaluate("delete window.MediaRecorder")
    page.click("#film")
    page.wait_for_selector("#message.error")
    assert page.text_content("#message") == "This browser records no films. Download the GIF instead."


def test_keys_do_what_buttons_do(page):
    page.keyboard.press("g")
    settle(page, "drawn, seed")
    page.keyboard.press("s")
    settle(page, "swapped")
    page.keyboard.press("p")
    assert page.get_attribute("#pause", "aria-pressed") == "true"
    page.focus("#length")
    page.keyboard.press("p")  # typed into a field, it is no command
    assert page.get_attribute("#pause", "aria-pressed") == "true"
    for _ in range(12):  # everything can be reached
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement !== document.body")


@pytest.mark.parametrize("width", [320, 375, 1000])
def test_nothing_is_wider_than_the_screen(page, width):
    page.set_viewport_size({"width": width, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_who_wants_little_motion_gets_none(browser, url):
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(url)
    settle(page, "swapped")
    assert page.get_attribute("#pause", "aria-pressed") == "true"
    context.close()


@pytest.mark.parametrize("width", [375, 1000])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("model", ["page", "speech_page"])
def test_it_is_easy_to_use_for_all(request, model, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = request.getfixturevalue(model)
    page.set_viewport_size({"width": width, "height": 700})
    page.emulate_media(color_scheme=scheme)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(246, 246, 243)") == (scheme == "light")
    assert grave_faults(axe, page) == []
    drop(page, "content", "notes.txt", "text/plain", b"words")
    page.wait_for_selector("#message.error")
    assert grave_faults(axe, page) == []


def grave_faults(axe, page):
    """What axe-core finds on the page as it is."""
    faults = axe.Axe().run(page).response["violations"]
    return [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in faults
            if fault["impact"] in ("serious", "critical")]
