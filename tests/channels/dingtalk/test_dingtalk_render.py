"""What people see on DingTalk, and that no content breaks the platform's limits (protocols/dingtalk.md 5.3, 6.2)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.dingtalk import render
from bot.messages import Button, Card, CardUpdate, Document, Field, Markdown, Style, Text
from tests.channels.dingtalk.samples import Confirm, Reject, card

words = st.text(max_size=60) | st.sampled_from(["绿源食品", 'a "quoted"\nline', "😀" * 20, "[点我](http://x)", "|a|b|"])
long_words = st.builds(lambda word, times: word * times, words, st.integers(1, 400))
buttons = st.builds(
    Button,
    text=words,
    action=st.builds(Confirm, visit_no=words),
    style=st.sampled_from(Style),
    wants_text=st.sampled_from(["", "请写理由"]),
)
cards = st.builds(
    Card,
    title=words | long_words,
    subtitle=words,
    fields=st.lists(st.builds(Field, label=words, value=words | long_words), max_size=12).map(tuple),
    body=words | long_words,
    status=words,
    buttons=st.lists(buttons, max_size=12).map(tuple),
    number=st.sampled_from(["", "HT-1"]),
)


# -- cards with a template --
def test_a_card_fills_the_four_variables() -> None:
    shown = render.card_param_map(card())
    assert shown["title"] == "拜访已记录"
    assert shown["body"].split(render.BREAK) == [
        "> 绿源食品",
        "**编号**：BF1",
        "**金额**：¥12,000.00",
        "**意向**：高",
        "谈了**春节**促销",
    ]
    assert shown["status"] == ""
    assert json.loads(shown["btns"])[0] == {
        "text": "确认",
        "color": "blue",
        "status": "normal",
        "event": {
            "type": "sendCardRequest",
            "params": {"actionId": "visit.confirm", "params": {"visit_no": "BF1"}},
        },
    }


def test_colours_say_what_a_button_does() -> None:
    styles = {Style.PRIMARY: "blue", Style.DEFAULT: "gray", Style.DANGER: "red"}
    for style, color in styles.items():
        button = Button(text="x", action=Confirm(visit_no="1"), style=style)
        assert json.loads(render.card_param_map(Card(title="t", buttons=(button,)))["btns"])[0]["color"] == color


def test_a_settled_card_has_no_live_buttons_and_says_who_decided() -> None:
    shown = render.card_param_map(Card(title="合同", status="王经理 02-12 09:00 已同意"))
    assert (shown["btns"], shown["status"]) == ("[]", "王经理 02-12 09:00 已同意")


def test_a_number_that_stands_on_the_card_is_not_repeated() -> None:
    assert "编号" not in render.card_param_map(replace(card(), title="拜访 BF1"))["body"]


def test_buttons_beyond_the_room_can_be_typed() -> None:
    many = tuple(Button(text=f"客户{n}", action=Confirm(visit_no="x" * 200)) for n in range(20))
    shown = render.card_param_map(Card(title="选客户", buttons=many))
    kept = json.loads(shown["btns"])
    assert 10 < len(kept) < 20
    assert shown["body"].endswith(f"还可以直接回复：{'、'.join(f'客户{n}' for n in range(len(kept), 20))}")


@settings(max_examples=150)
@given(cards)
def test_whatever_the_card_its_values_fit(any_card: Card) -> None:
    for piece in render.split(any_card, has_template=True):
        if isinstance(piece, Markdown):
            assert len(render.markdown_message(piece)[1].encode()) <= 15000
            continue
        assert isinstance(piece, Card)
        shown = render.card_param_map(piece)
        assert set(shown) == {"title", "body", "status", "btns"}
        assert all(len(shown[key].encode()) <= 1024 for key in ("title", "body", "status"))
        assert len(shown["btns"].encode()) <= 4096
        for entry in json.loads(shown["btns"]):
            assert all(isinstance(value, str) for value in entry["event"]["params"]["params"].values())


@settings(max_examples=150)
@given(cards)
def test_a_card_keeps_its_buttons_whatever_its_length(any_card: Card) -> None:
    *_, last = render.split(any_card, has_template=True)
    assert isinstance(last, Card)
    assert last.buttons == any_card.buttons


def test_a_long_body_goes_ahead_of_the_card() -> None:
    first, second = render.split(replace(card(), body="很长的说明。" * 100), has_template=True)
    assert first == Markdown(title="拜访已记录", text="很长的说明。" * 100)
    assert second == replace(card(), body="")


# -- cards without a template --
def test_without_a_template_the_card_says_what_to_type() -> None:
    lines = render.card_as_markdown(card()).text.split("\n")
    assert lines == [
        "### 拜访已记录",
        "> 绿源食品",
        "**编号**：BF1",
        "**金额**：¥12,000.00",
        "**意向**：高",
        "谈了**春节**促销",
        "",
        "- 回复「确认 BF1」",
        "- 回复「拒绝 BF1 ……」（请写理由）",
    ]


def test_a_settled_card_as_words() -> None:
    assert render.card_as_markdown(Card(title="合同", status="已同意")).text == "### 合同\n**已同意**"


def test_a_card_without_a_number_is_answered_with_the_word_alone() -> None:
    button = Button(text="重新选", action=Reject(visit_no="1"))
    assert render.typed(button, "") == "回复「重新选」"


@settings(max_examples=100)
@given(cards)
def test_as_words_everything_fits_too(any_card: Card) -> None:
    for piece in render.split(any_card, has_template=False):
        message = render.card_as_markdown(piece) if isinstance(piece, Card) else piece
        assert isinstance(message, Markdown)
        assert len(render.markdown_message(message)[1].encode()) <= 15000


# -- texts --
@settings(max_examples=100)
@given(long_words)
def test_a_long_text_is_cut_into_pieces_that_fit_and_nothing_is_lost(text: str) -> None:
    pieces = render.split(Text(text=text * 3), has_template=True)
    sent = [json.loads(render.text_message(piece)[1])["content"] for piece in pieces if isinstance(piece, Text)]
    assert all(len(render.text_message(piece)[1].encode()) <= 15000 for piece in pieces if isinstance(piece, Text))
    assert "".join("".join(sent).split()) == "".join((text * 3).split())


def test_pieces_end_at_paragraphs() -> None:
    paragraphs = [f"第{n}段" + "字" * 2000 for n in range(6)]
    pieces = render.split(Markdown(text="\n\n".join(paragraphs), title="周报"), has_template=True)
    assert [piece.text.split("\n\n") for piece in pieces if isinstance(piece, Markdown)] == [
        paragraphs[:2],
        paragraphs[2:4],
        paragraphs[4:],
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("一\n二", "一  \n  二", id="a line break has two blanks before and after"),
        pytest.param("|客户|欠款|\n|---|---:|\n|绿源|5|", "客户 ｜ 欠款  \n  绿源 ｜ 5", id="a table becomes lines"),
        pytest.param("```\nx\n```", "x", id="no code fences"),
        pytest.param("- 一\n- 二", "- 一  \n  - 二", id="a list stays one"),
    ],
)
def test_markdown_is_what_dingtalk_shows(text: str, shown: str) -> None:
    assert render.markdown(text) == shown


def test_somebodys_words_cannot_become_a_link_or_a_mention() -> None:
    tricky = Card(title="t", fields=(Field(label="客户", value="[点我](http://x)\n<a atId=boss>**老板**"),))
    assert render.card_param_map(tricky)["body"] == "**客户**：[点我] (http://x) ＜a atId=boss>＊＊老板＊＊"


def test_a_message_without_title_has_its_first_words_in_the_list() -> None:
    _, param = render.markdown_message(Markdown(text="## 今日**待办**\n三件"))
    assert json.loads(param)["title"] == "今日待办 三件"


@pytest.mark.parametrize(
    "content", [Document(attachment_id=1, file_name="a.pdf"), CardUpdate(card_id="c", card=card())], ids=repr
)
def test_the_rest_is_one_piece(content: Any) -> None:
    assert render.split(content, has_template=True) == (content,)
