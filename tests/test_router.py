"""Where a message goes, and what fails at import rather than in front of a user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from bot.actions import Action, unpack
from bot.errors import UnknownCommand
from bot.messages import InboundMessage, Kind, Tap
from bot.router import Router
from tests.support.recording import said

router: Router[list[str]] = Router()


@dataclass(frozen=True)
class Confirm(Action):
    name: ClassVar[str] = "visit.confirm"
    visit_no: str


@router.command("客户", "customer")
async def customer(message: InboundMessage, ctx: list[str], rest: str) -> None:
    """客户 名称：看这家的情况"""
    ctx.append(f"customer {rest}")


@router.action(Confirm)
async def confirm(message: InboundMessage, ctx: list[str], action: Confirm) -> None:
    ctx.append(f"confirm {action.visit_no}")


@router.kind(Kind.TEXT)
async def sentence(message: InboundMessage, ctx: list[str]) -> None:
    ctx.append(f"sentence {message.text}")


@router.dialogue("date")
async def date(message: InboundMessage, ctx: list[str], data: Mapping[str, str]) -> None:
    ctx.append(f"date {message.text} for {data['visit']}")


async def _dispatch(message: InboundMessage, dialogue: tuple[str, Mapping[str, str]] | None = None) -> list[str]:
    seen: list[str] = []
    await router.dispatch(message, seen, dialogue=dialogue)
    return seen


@pytest.mark.parametrize(
    ("text", "where"),
    [
        pytest.param("客户 绿源", "customer 绿源", id="command"),
        pytest.param("客户\u3000绿源 ", "customer 绿源", id="full-width blank"),
        pytest.param("CUSTOMER 绿源", "customer 绿源", id="English alias, any case"),
        pytest.param("客户", "customer ", id="the word alone"),
        pytest.param("客户说再等等", "sentence 客户说再等等", id="a sentence that begins like one"),
    ],
)
async def test_commands_stand_alone(text: str, where: str) -> None:
    assert await _dispatch(said(text)) == [where]


async def test_an_open_question_takes_the_next_sentence_but_not_a_command() -> None:
    open_question = ("date", {"visit": "BF1"})
    assert await _dispatch(said("下周三"), open_question) == ["date 下周三 for BF1"]
    assert await _dispatch(said("客户 绿源"), open_question) == ["customer 绿源"]


async def test_a_tap_comes_back_as_the_type_that_was_sent() -> None:
    name, params = unpack(Confirm(visit_no="BF1 & 二").pack())
    tapped = replace(said(""), kind=Kind.TAP, tap=Tap(card_id="c", action=name, params={**params, "more": "x"}))
    assert await _dispatch(tapped) == ["confirm BF1 & 二"]


async def test_a_button_of_another_version_is_told_so() -> None:
    with pytest.raises(UnknownCommand, match="失效"):
        await _dispatch(replace(said(""), kind=Kind.TAP, tap=Tap(card_id="c", action="gone")))


def test_two_handlers_for_one_word_fail_at_import() -> None:
    other: Router[list[str]] = Router()
    with pytest.raises(ValueError, match="客户"):
        other.command("客户")(customer)
        other.include([router])


def test_a_key_that_no_platform_would_carry_fails_where_it_is_made() -> None:
    with pytest.raises(ValueError, match="1024"):
        Confirm(visit_no="字" * 400).pack()


async def test_opening_a_menu_link_says_nothing() -> None:
    opened = replace(said("https://crm.example.com"), kind=Kind.MENU, event="view")
    assert await _dispatch(opened, ("date", {"visit": "BF1"})) == []
