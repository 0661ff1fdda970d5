"""What a person does with the phones of the demo: open the page, speak, wait for an answer, keep a picture."""

from __future__ import annotations

import re
import time
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

ANSWER_MS = 15_000  # generous: the machine may be busy; a person waits less than a second


def open_page(browser: Browser, url: str, width: int, height: int) -> Page:
    sharpness = 2 if width < 500 else 1.5  # of screenshots; wide ones would grow beyond a megabyte
    page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=sharpness)
    page.goto(url)
    expect(page.locator("#bot")).to_have_attribute("data-state", "on")
    return page


def say(phone: Locator, text: str) -> None:
    """Type into a phone, opening the keyboard where the menu covers it."""
    keyboard = phone.get_by_role("button", name="切换到键盘")
    if keyboard.is_visible():
        keyboard.click()
    field = phone.get_by_label("输入消息")
    field.fill(text)
    field.press("Enter")


def ask(phone: Locator, text: str, answer: str | re.Pattern[str]) -> None:
    """Say something and wait until the bot's answer has these words."""
    seen = answers(phone).count()
    say(phone, text)
    expect(answers(phone).nth(seen)).to_be_visible(timeout=ANSWER_MS)
    expect(phone.locator(".log")).to_contain_text(answer, timeout=ANSWER_MS)


def answers(phone: Locator) -> Locator:
    """What the bot has put on this phone."""
    return phone.locator(".row:not(.own):not(.typing)")


def save(shown: Page | Locator, folder: Path | None, name: str) -> None:
    """A screenshot for the README, when one was asked for."""
    if folder:
        time.sleep(0.6)  # pictures in bubbles still load, fields still fade
        shown.screenshot(path=folder / f"{name}.png")
