"""The page of phones open in a browser, with a server behind it that a test can read and steer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.company import state
from tests.browser.conftest import watch
from tests.browser.page_server import PageServer, serving

DESKTOP = {"width": 1560, "height": 940}
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Shown:
    """A page in a browser with the server behind it."""

    page: Page
    server: PageServer
    complaints: list[str]

    @property
    def rep(self) -> Locator:
        return self.page.locator("#phone-rep")

    @property
    def manager(self) -> Locator:
        return self.page.locator("#phone-manager")


@contextmanager
def show(browser: Browser, *messages: dict[str, Any], window: dict[str, int] = DESKTOP, **more: Any) -> Iterator[Shown]:
    """Open the page on these messages; afterwards nothing may have been complained about."""
    with serving(state(*messages, **more)) as server:
        page = browser.new_page(viewport=window)  # type: ignore[arg-type]
        try:
            complaints = watch(page)
            page.goto(server.url)
            expect(page.locator("#bot")).to_contain_text("在线")
            yield Shown(page, server, complaints)
            assert complaints == []
        finally:
            page.close()
