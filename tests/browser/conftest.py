"""Chromium for the tests of the page. A machine without one skips them and says so."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.demo import running_demo

_ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium per module. Playwright's sync API keeps a loop in this thread, so it must not outlive the module."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        if path is None:
            if not Path(playwright.chromium.executable_path).exists():
                pytest.skip("no Chromium on this machine")
            path = playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    """One demo for the module; its folder lies where an embedded database started by root may open it."""
    folder = Path(tempfile.mkdtemp(prefix="salesbot-story-"))
    try:
        with running_demo(folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def picture_folder() -> Path | None:
    """Where screenshots go, only when SALESBOT_SCREENSHOTS names a folder (docs/images for the README)."""
    folder = os.environ.get("SALESBOT_SCREENSHOTS")
    return Path(folder) if folder else None


def watch(page: Page) -> list[str]:
    """Everything a page complains about: script errors, refused by the security policy, missing files."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    return complaints
