"""The page of `rwae_tf.serve` in a headless Chromium, on tiny models."""

import shutil

import pytest
import rest
from browsing import CHROMIUM, settle


@pytest.fixture(scope="module")
def url(tiny, tmp_path_factory):
    """The address of a server of the tiny model."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(tiny[1], folder / "tiny" / "1")
    with rest.ours(folder) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    from playwright import sync_api

    with sync_api.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def speech_url(tmp_path_factory):
    """The address of a server of a tiny model of speech."""
    folder = tmp_path_factory.mktemp("speech_page")
    rest.export_tiny(rest.build_speech(), folder / "voices")
    with rest.ours(folder, labels={}) as address:
        yield address


@pytest.fixture
def page(browser, url):
    """The page of the model of videos."""
    yield from opened(browser, url)


@pytest.fixture
def speech_page(browser, speech_url):
    """The page of the model of speech."""
    yield from opened(browser, speech_url)


def opened(browser, url):
    """The page, once it shows its first clips; it may ask nobody but its server, and write no error."""
    context = browser.new_context(bypass_csp=True, viewport={"width": 1000, "height": 900})
    context.set_default_timeout(60_000)
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: faults.append(request.url) if not request.url.startswith(
        (url, "data:", "blob:")) else None)
    page.goto(url)
    settle(page, "swapped")
    yield page
    context.close()
    assert faults == []
