"""The approver's card on both platforms: within every limit, nothing lost without a word, all of it under 详情."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.approval_details import details
from bot.cards.approvals import Copy, Sheet, answered_card, approver_card, progress_card, question_card, settled_card
from bot.cards.common import plain
from bot.cards.unusual import unusual_words
from bot.channels.dingtalk import render as dingtalk
from bot.channels.wecom import render as wecom
from bot.channels.wecom.texts import size
from bot.domain.approval_talk import Said
from bot.domain.approval_values import Approval, ApprovalState, ContractTerms, Origin, Seat, Step, StepState, Verdict
from bot.domain.evidence import Evidence, Finding, Payment, What
from bot.domain.flows import ApproverKind, Mode
from bot.domain.people import Customer
from bot.messages import Card, Content, Field, Markdown

NOON = datetime(2026, 2, 12, 4, tzinfo=UTC)
LONG_NAME = "杭州钱塘新区下沙大学城北区绿源生鲜食品超市连锁有限责任公司第一百二十八分公司（滨江旗舰店）"
NOTE = "客户要求元宵节前全部到货，堆头和端架都要我们自己的人布置，" * 8
QUESTION = "账期为什么要九十天，他们去年第三季度的货款拖到了十一月才付清，这次有没有担保？" * 6
FINDINGS = (
    Finding(what=What.BELOW_FLOOR, ours=Decimal("0.7"), theirs=Decimal("0.85"), best=Decimal("0.78")),
    Finding(what=What.OVERDUE, ours=Decimal(123_456_700), count=128, words="约"),
    Finding(what=What.OVER_PAST, ours=Decimal(9_900_000_000), theirs=Decimal(1_234_567_800)),
    Finding(what=What.TICKETS, count=12, words="送来的货一半是临期的，冰柜坏了三个星期没有人来修，" * 3),
    Finding(what=What.LONG, ours=Decimal(36), theirs=Decimal(24)),
)
WHO = {"YG1": "欧阳震华", "YG3": "陈磊", "YG4": "古丽巴哈尔·买买提艾力", "YG5": "洪雅琴", "YG6": "司徒美堂"}


def seat(number: str, **parts: Any) -> Seat:
    return Seat(approver_no=number, actor_nos=(number,), **parts)


def agreed(number: str, note: str = "", **parts: Any) -> Seat:
    return seat(number, verdict=Verdict.AGREE, decided_by=number, decided_at=NOON, note=note, **parts)


def step(*seats: Seat, state: StepState = StepState.OPEN, **parts: Any) -> Step:
    return Step(
        step_no=1, name="上级审批", approver_kind=ApproverKind.SUPERIOR, approver="", mode=Mode.ALL, need=1,
        remind_minutes=240, escalate_minutes=480, state=state, seats=seats, opened_at=NOON, **parts,
    )  # fmt: skip


def sheet(*steps: Step, evidence: Evidence | None = None, **terms: Any) -> Sheet:
    """A contract with the longest texts there are."""
    values = {
        "customer_no": "KH1",
        "kind": "年度框架",
        "amount_fen": 9_900_000_001,
        "discount": Decimal("0.7"),
        "months": 36,
        "nonstandard": "账期90天，验收后付款，退换货由我方承担运费，独家供应条款另附",
        "note": NOTE,
        **terms,
    }
    return Sheet(
        approval=Approval(
            approval_no="SP260212001", submitter_no="YG1", terms=ContractTerms(**values), state=ApprovalState.RUNNING,
            attempt=1, steps=steps or (step(agreed("YG5"), seat("YG3"), seat("YG4")),), created_at=NOON,
            submitted_at=NOON,
        ),
        customer=Customer(customer_no="KH1", name=LONG_NAME, short_name="钱塘新区下沙大学城北区绿源生鲜"),
        evidence=evidence or EVIDENCE,
        talk=(
            Said(talk_id=1, attempt=1, about_id=None, employee_no="YG3", words="毛利多少？", said_at=NOON, files=0),
            Said(talk_id=2, attempt=1, about_id=None, employee_no="YG4", words=QUESTION, said_at=NOON, files=0),
            Said(talk_id=3, attempt=1, about_id=2, employee_no="YG1", words=QUESTION[::-1], said_at=NOON, files=3),
        ),
        files=4,
        name_of=lambda number: WHO.get(number, number),
    )  # fmt: skip


EVIDENCE = Evidence(
    discount_floor=Decimal("0.85"),
    open_fen=12_345_678_900,
    overdue_fen=1_234_567_800,
    provisional=True,
    payments=tuple(Payment(on=date(2026, 1, day), amount_fen=12_345_600) for day in (31, 20, 11)),
    open_tickets=12,
    last_ticket="冰柜坏了",
    unusual=FINDINGS,
)


# -- limits -----------------------------------------------------------------------------------------------------------
def within_wecom(face: dict[str, Any]) -> None:
    """protocols/wecom.md 4.3 and 4.6."""
    assert len(face["main_title"]["title"]) <= 36
    assert len(face["main_title"].get("desc", "")) <= 44
    assert len(face.get("sub_title_text", "")) <= 160
    assert len(face.get("source", {}).get("desc", "")) <= 20
    rows = face.get("horizontal_content_list", [])
    assert len(rows) <= 6
    assert all(len(row["keyname"]) <= 5 and 0 < len(row["value"]) <= 30 for row in rows)
    assert 1 <= len(face["button_list"]) <= 6
    assert all(0 < len(button["text"]) <= 10 for button in face["button_list"])
    assert all(len(button["key"].encode()) <= 1024 for button in face["button_list"])
    assert len(face.get("replace_text", "")) <= 20


def within_dingtalk(values: dict[str, str]) -> None:
    """protocols/dingtalk.md 6.2: 1 KB a value."""
    assert all(len(values[name].encode()) <= 1024 for name in ("title", "body", "status"))


def check(card: Card) -> None:
    """As sent and as an update, on both platforms."""
    for piece in wecom.split(card):
        if isinstance(piece, Card):
            within_wecom(wecom.render_card(piece, "c-1"))
        else:
            assert isinstance(piece, Markdown)
            assert size(piece.text) <= 2048
    within_wecom(wecom.render_update(card))
    for part in dingtalk.split(card, has_template=True):
        if isinstance(part, Card):
            within_dingtalk(dingtalk.card_param_map(part))
            assert len(json.loads(dingtalk.card_param_map(part)["btns"])) == len(card.buttons)
    within_dingtalk(dingtalk.card_param_map(card))


def words_of(pieces: tuple[Content, ...]) -> str:
    """Everything that the pieces of a sent card show, without blanks."""
    shown = ""
    for piece in pieces:
        if isinstance(piece, Card):
            shown += piece.title + piece.subtitle + "".join(row.label + row.value for row in piece.fields)
            shown += piece.body + piece.status
        elif isinstance(piece, Markdown):
            shown += piece.text
    return "".join(shown.replace("＞", ">").split())


def without_blanks(words: str) -> str:
    return "".join(words.split())


# -- the longest of everything ----------------------------------------------------------------------------------------
def test_the_longest_texts_break_no_limit() -> None:
    full = sheet()
    check(approver_card(full, full.approval.steps[0]))
    check(approver_card(full, full.approval.steps[0], heading=f"欧阳震华催办：{LONG_NAME}合同已等 2 个工作日"))
    check(progress_card(full))
    check(question_card(full, full.talk[1]))
    check(answered_card(full, full.talk[1], full.talk[2]))


@pytest.mark.parametrize("platform", ["wecom", "dingtalk"])
def test_what_does_not_fit_on_the_card_goes_ahead_of_it(platform: str) -> None:
    full = sheet()
    card = approver_card(full, full.approval.steps[0])
    pieces = wecom.split(card) if platform == "wecom" else dingtalk.split(card, has_template=True)
    shown = words_of(pieces)
    for row in card.fields:
        assert without_blanks(row.value) in shown, row
    for line in card.body.split("\n"):
        assert without_blanks(line) in shown, line
    assert isinstance(pieces[-1], Card)
    assert len(pieces[-1].buttons) == 6


def test_details_show_all_of_it_however_long() -> None:
    full = sheet()
    shown = details(full, today=date(2026, 2, 12)).text
    for words in (LONG_NAME, NOTE, full.approval.terms.nonstandard or "", QUESTION, QUESTION[::-1]):
        assert plain(words) in shown, words
    for finding in FINDINGS:
        assert plain(unusual_words(finding)) in shown, finding
    for payment in ("1月31日 12.3 万", "1月20日 12.3 万", "1月11日 12.3 万"):
        assert payment in shown
    assert "附件 4 个" in shown
    assert "洪雅琴" in shown


def test_what_was_said_in_agreeing_stands_on_the_cards_that_follow() -> None:
    first = step(agreed("YG3", "价格可以，注意回款"), agreed("YG5"), state=StepState.PASSED)
    second = replace(step(agreed("YG4", "条款看过"), agreed("YG6", "保证金要写进去"), seat("YG1")), step_no=2)
    full = sheet(first, second)
    body = approver_card(full, second).body
    assert "陈磊同意" not in body
    assert "前面还有 1 人留了意见，点「详情」看" in body
    assert "司徒美堂同意：保证金要写进去" in body
    assert "洪雅琴" not in body
    assert "司徒美堂" not in approver_card(full, first).body
    check(approver_card(full, second))


def test_the_card_says_how_much_more_there_is() -> None:
    full = sheet()
    body = approver_card(full, full.approval.steps[0]).body
    assert "还有 2 处异常，点「详情」看" in body
    assert "前面还有 1 个问题，点「详情」看" in body
    assert "附件 4 个，点「详情」看" in body


def test_whoever_decided_stands_on_the_card_with_how_it_ended_however_much_was_said() -> None:
    """A changed card is cut where it is full: the end must not be what is lost."""
    seats = (
        agreed("YG3", NOTE),
        agreed("YG4", NOTE),
        agreed("YG5", NOTE, origin=Origin.ADDED, required=True),
        agreed("YG6", NOTE, origin=Origin.ADDED, required=True),
    )
    full = sheet(step(*seats, state=StepState.PASSED, closed_at=NOON))
    full = replace(full, approval=replace(full.approval, state=ApprovalState.APPROVED, contract_no="HT2026020001"))
    copy = Copy(card_id="c1", attempt=1, step_no=1, employee_no="YG3", why="asked")
    card = settled_card(full, copy)
    check(card)
    for status in (wecom.render_update(card)["sub_title_text"], dingtalk.card_param_map(card)["status"]):
        for words in ("陈磊", "古丽巴哈尔·买买提艾力", "洪雅琴", "司徒美堂", "HT2026020001"):
            assert words in status, (words, status)


# -- anything at all --------------------------------------------------------------------------------------------------
anything = st.text(max_size=200) | st.text("长<>*[]()`#_|\n 合", max_size=400)
findings = st.builds(
    Finding,
    what=st.sampled_from(What),
    ours=st.integers(1, 10**13).map(Decimal),
    theirs=st.integers(1, 10**13).map(Decimal),
    best=st.none() | st.decimals(0, 1, places=2),
    count=st.integers(-1, 9999),
    words=anything,
)


@given(
    name=anything, short=anything, who=anything, note=anything, nonstandard=st.none() | anything, asked=anything,
    unusual=st.lists(findings, max_size=7), fen=st.integers(1, 10**14),
)  # fmt: skip
def test_no_words_break_a_limit(
    name: str, short: str, who: str, note: str, nonstandard: str | None, asked: str, unusual: list[Finding], fen: int
) -> None:
    evidence = replace(EVIDENCE, unusual=tuple(unusual), last_ticket=note)
    full = sheet(evidence=evidence, note=note, nonstandard=nonstandard, amount_fen=fen)
    full = replace(
        full,
        customer=Customer(customer_no="KH1", name=name, short_name=short),
        talk=(replace(full.talk[1], words=asked), replace(full.talk[2], words=asked)),
        name_of=lambda number: who,
    )
    check(approver_card(full, full.approval.steps[0]))
    check(progress_card(full))
    check(question_card(full, full.talk[0]))
    check(settled_card(full, Copy(card_id="c1", attempt=1, step_no=1, employee_no="YG3", why="asked")))
    for piece in wecom.split(details(full, today=date(2026, 2, 12))):
        assert isinstance(piece, Markdown)
        assert size(piece.text) <= 2048


def test_a_field_of_the_card_is_one_line() -> None:
    full = replace(sheet(), customer=Customer(customer_no="KH1", name="绿源\n超市"))
    assert all("\n" not in row.value for row in approver_card(full, full.approval.steps[0]).fields if row.label)
    assert Field(label="客户", value="绿源 超市") in approver_card(full, full.approval.steps[0]).fields
