"""Our values as WeCom shows them: within every limit, nothing lost, never cut inside a character."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.actions import Action
from bot.channels.wecom.render import (
    duplicate_interval,
    render_card,
    render_update,
    split,
    task_id,
    text_part,
    textcard,
)
from bot.channels.wecom.texts import clip, clip_bytes, escape, markdown, plain_text, size, split_bytes, stripped
from bot.messages import Button, Card, CardUpdate, Document, Field, Markdown, Style, Text
from tests.channels.wecom.wecom_stand_in import message

FAMILY = "👨‍👩‍👧"


@dataclass(frozen=True)
class Confirm(Action):
    name: ClassVar[str] = "visit.confirm"
    visit_no: str


def card(**more: Any) -> Card:
    return Card(**{"title": "拜访 BF1", "buttons": (Button(text="确认", action=Confirm("BF1")),), **more})


def face(content: Card) -> dict[str, Any]:
    (piece,) = split(content)
    assert isinstance(piece, Card)
    return render_card(piece, "c-1")


# -- text -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        pytest.param("短", 10, ["短"], id="fits"),
        pytest.param("一二三\n\n四五六", 19, ["一二三", "四五六"], id="paragraph"),
        pytest.param("一二三四。五六七八", 21, ["一二三四。", "五六七八"], id="sentence"),
        pytest.param("aaaa bbbb cccc", 10, ["aaaa bbbb", "cccc"], id="word"),
        pytest.param("一二三四五六七八", 10, ["一二三", "四五六", "七八"], id="no boundary"),
        pytest.param("ab" + FAMILY, 7, ["ab", "👨\u200d", "👩\u200d", "👧"], id="one longer than the limit is cut"),
        pytest.param("ab" + FAMILY, 19, ["ab", FAMILY], id="an emoji stays whole"),
        pytest.param("🇨🇳🇨🇳", 12, ["🇨🇳", "🇨🇳"], id="flags stay whole"),
    ],
)
def test_split_bytes(text: str, limit: int, pieces: list[str]) -> None:
    assert split_bytes(text, limit) == pieces


@given(st.text(max_size=300), st.integers(min_value=4, max_value=90))
def test_split_bytes_keeps_everything_but_blanks(text: str, limit: int) -> None:
    pieces = split_bytes(text, limit)
    assert all(0 < size(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@given(st.text(max_size=80), st.integers(min_value=2, max_value=40))
def test_clip(text: str, characters: int) -> None:
    assert len(clip(text, characters)) <= characters
    assert size(clip_bytes(text, characters + 4)) <= characters + 4


def test_clip_does_not_cut_an_emoji() -> None:
    assert clip(f"好{FAMILY}的客户", 6) == "好…"


def test_long_text_goes_out_in_order() -> None:
    text = "\n".join(f"第{number}行" * 20 for number in range(60))
    pieces = split(Text(text=text))
    assert len(pieces) > 2
    assert "\n".join(piece.text for piece in pieces if isinstance(piece, Text)) == text


def test_what_a_customer_wrote_cannot_become_a_link_or_a_tag() -> None:
    assert plain_text('<a href="https://evil">查看</a> 3<5') == '＜a href="https://evil">查看＜/a> 3<5'
    assert markdown('# 标题\n> 引用 <font color="info">x</font> `y` a>b') == (
        "# 标题\n> 引用 ＜font color=\"info\"＞x＜/font＞ 'y' a＞b"
    )
    assert escape("[点我](https://evil)\n**粗**") == "[点我］(https://evil) ＊＊粗＊＊"


@given(st.text(max_size=60))
def test_escaping_twice_is_escaping_once(text: str) -> None:
    assert markdown(markdown(text)) == markdown(text)
    assert plain_text(plain_text(text)) == plain_text(text)


def test_markdown_marks_do_not_show_on_a_card() -> None:
    assert stripped("## 订单\n> **欠款** 见[明细](https://x)") == "订单\n欠款 见明细（https://x）"


# -- cards ------------------------------------------------------------------------------------------------------------
def test_a_card_with_buttons() -> None:
    shown = face(
        card(
            subtitle="星河科技",
            fields=(Field(label="联系人", value="王总"), Field(label="金额", value="12 万元")),
            body="客户想要**试用**。",
            status="待确认",
            number="BF9",
            buttons=(
                Button(text="确认", action=Confirm("BF9"), style=Style.PRIMARY),
                Button(text="撤销", action=Confirm(""), style=Style.DANGER),
            ),
        )
    )
    assert shown == {
        "card_type": "button_interaction",
        "task_id": "c-1",
        "main_title": {"title": "拜访 BF1", "desc": "星河科技"},
        "sub_title_text": "客户想要试用。\n待确认",
        "horizontal_content_list": [
            {"keyname": "编号", "value": "BF9"},
            {"keyname": "联系人", "value": "王总"},
            {"keyname": "金额", "value": "12 万元"},
        ],
        "button_list": [
            {"text": "确认", "style": 1, "key": "visit.confirm?visit_no=BF9"},
            {"text": "撤销", "style": 3, "key": "visit.confirm?visit_no="},
        ],
    }


def test_a_number_that_stands_in_the_title_is_not_repeated() -> None:
    assert "horizontal_content_list" not in face(card(number="BF1"))


def test_six_facts_and_a_number() -> None:
    rows = tuple(Field(label=f"项{index}", value="值") for index in range(6))
    shown = face(card(fields=rows, number="SP20260212001"))
    assert (len(shown["horizontal_content_list"]), shown["source"]) == (6, {"desc": "编号 SP20260212001"})


def test_facts_that_do_not_fit_their_place_move_to_the_text() -> None:
    shown = face(card(fields=(Field(label="下次跟进日期", value="2月20日"), Field(label="备注", value="长" * 31))))
    assert shown["sub_title_text"] == f"下次跟进日期：2月20日\n备注：{'长' * 31}"


def test_a_long_body_goes_before_its_card() -> None:
    body = "\n".join(f"第{line}行：" + "内容" * 40 for line in range(30))
    *before, last = split(card(body=body, fields=(Field(label="金额", value="1"),)))
    texts = [piece.text for piece in before if isinstance(piece, Markdown)]
    assert len(texts) == len(before) > 1
    assert "\n".join(texts) == f"**拜访 BF1**\n{body}"
    assert isinstance(last, Card)
    assert (last.body, last.fields, len(last.buttons)) == ("", (Field(label="金额", value="1"),), 1)


def test_more_buttons_than_a_card_has_become_several_cards() -> None:
    buttons = tuple(Button(text=f"客户{index}", action=Confirm(str(index))) for index in range(14))
    pieces = split(card(body="选一个", buttons=buttons))
    assert [piece.title for piece in pieces if isinstance(piece, Card)] == [
        "拜访 BF1（1/3）",
        "拜访 BF1（2/3）",
        "拜访 BF1（3/3）",
    ]
    assert [len(piece.buttons) for piece in pieces if isinstance(piece, Card)] == [6, 6, 2]


def test_a_card_without_buttons_is_a_message() -> None:
    (piece,) = split(
        Card(
            title="对账",
            subtitle="1 月",
            fields=(Field(label="差异", value="3<5"),),
            body="**注意**",
            status="已完成",
            number="D1",
        )
    )
    assert piece == Markdown(text="**对账**\n1 月\n编号：D1\n> 差异：3＜5\n**注意**\n已完成")


def test_a_settled_face_has_no_live_button_and_says_who_decided() -> None:
    shown = render_update(Card(title="审批 SP1", status="王经理 2月12日 10:30 已同意：价格合适，按合同执行"))
    assert shown["sub_title_text"] == "王经理 2月12日 10:30 已同意：价格合适，按合同执行"
    assert shown["replace_text"] == "王经理 2月12日 10:30 已同意…"
    assert len(shown["button_list"]) == 1
    assert "task_id" not in shown


def test_a_new_face_that_is_too_long_keeps_its_status() -> None:
    shown = render_update(Card(title="审批", body="长" * 500, status="已同意"))
    assert len(shown["sub_title_text"]) <= 160
    assert shown["sub_title_text"].endswith("…\n已同意")


def test_task_ids() -> None:
    assert task_id("c-1", 7) == "c-1"
    assert task_id("c-1", 7, again=1) == "c-1@7-1"
    assert task_id("", 7) == "m7"
    assert task_id("c:1", 7) == "c-1"


def test_what_is_no_message_has_no_part() -> None:
    assert text_part(message(Document(attachment_id=1, file_name="a"))) is None
    assert text_part(message(CardUpdate(card_id="c", card=card()))) is None


def test_repeats_are_told_from_second_answers() -> None:
    assert duplicate_interval(7, interactive=True) == duplicate_interval(7, interactive=True)
    assert duplicate_interval(7, interactive=True) != duplicate_interval(8, interactive=True)
    assert all(60 <= duplicate_interval(row, interactive=True) <= 120 for row in range(500))
    assert all(1800 <= duplicate_interval(row, interactive=False) <= 14400 for row in range(5000))


def test_textcard_limits_are_bytes() -> None:
    shown = textcard("标题" * 100, "说明" * 400, "https://x", button="查看全部详情")
    assert (size(shown["title"]) <= 128, size(shown["description"]) <= 512, len(shown["btntxt"])) == (True, True, 4)


# -- any card at all --------------------------------------------------------------------------------------------------
words = st.text(max_size=50) | st.text("客户拜访，。\n *>#[](`<🇨👨‍", max_size=400)
buttons = st.builds(
    Button, text=words, action=st.builds(Confirm, st.text(max_size=20)), style=st.sampled_from(list(Style))
)
cards = st.builds(
    Card,
    title=words,
    subtitle=words,
    fields=st.lists(st.builds(Field, label=st.text(max_size=8), value=words), max_size=9).map(tuple),
    body=st.text(max_size=100) | st.text("长文本。\n", max_size=3000),
    status=words,
    buttons=st.lists(buttons, max_size=9).map(tuple),
    number=st.text("BF0123", max_size=20),
)


def within_limits(shown: dict[str, Any]) -> bool:
    title, rows = shown["main_title"], shown.get("horizontal_content_list", [])
    return (
        0 < len(title["title"]) <= 36
        and len(title.get("desc", "")) <= 44
        and len(shown.get("sub_title_text", "")) <= 160
        and len(shown.get("source", {}).get("desc", "")) <= 20
        and len(rows) <= 6
        and all(0 < len(row["keyname"]) <= 5 and 0 < len(row["value"]) <= 30 for row in rows)
        and 1 <= len(shown["button_list"]) <= 6
        and all(
            0 < len(button["text"]) <= 10 and button["style"] in (1, 2, 3) and 0 < size(button["key"]) <= 1024
            for button in shown["button_list"]
        )
    )


@settings(max_examples=200)
@given(cards)
def test_any_card_fits_and_its_words_all_arrive(content: Card) -> None:
    arrived = ""
    for piece in split(content):
        if isinstance(piece, Card):
            shown = render_card(piece, "c-1")
            assert len(split(piece)) == 1  # a piece is not taken apart again
            assert within_limits(shown)
            arrived += orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode()
        else:
            assert isinstance(piece, Markdown)
            assert 0 < size(piece.text) <= 2048
            arrived += piece.text
    for said in (content.title, content.subtitle, content.body, content.status, *(row.value for row in content.fields)):
        for run in re.findall(r"[客户拜访长文本a-z]{1,8}", said):
            assert run in arrived


@given(cards)
def test_any_new_face_fits(content: Card) -> None:
    shown = render_update(content)
    assert within_limits(shown)
    assert bool(content.buttons) != bool(shown.get("replace_text"))
    assert len(shown.get("replace_text", "")) <= 20
