"""帮助 is made from the commands themselves."""

from __future__ import annotations

import handlers
from tests.support.desk import Desk

ONE_SCREEN_LINES = 24


async def test_help_shows_every_command_on_one_screen(desk: Desk) -> None:
    shown = await desk.says("LiLei", "帮助")
    for command in handlers.router.commands():
        assert command.word in shown
    assert len(shown.splitlines()) <= ONE_SCREEN_LINES
    assert len(shown.encode()) <= 2048  # one WeCom text, protocols/wecom.md 4.2


async def test_help_in_english_and_by_sign(desk: Desk) -> None:
    shown = await desk.says("LiLei", "帮助")
    assert await desk.says("LiLei", "help") == shown
    assert await desk.says("LiLei", "？") == shown


async def test_help_on_one_command_has_its_example(desk: Desk) -> None:
    assert "例：拜访 绿源滨江" in await desk.says("LiLei", "帮助 拜访")
    assert "没有「跳舞」这个命令" in await desk.says("LiLei", "帮助 跳舞")


def test_every_command_says_in_chinese_what_it_does() -> None:
    for command in handlers.router.commands():
        assert command.help.startswith(command.word), command.word


async def test_what_is_not_built_yet_says_so_instead_of_not_understanding(desk: Desk) -> None:
    """People hear of words before they are there."""
    for word in ("对账 1月", "预警"):
        assert "还不能在这里办" in await desk.says("LiLei", word)
