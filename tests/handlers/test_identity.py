"""Unknown senders learn how to bind and nothing else; a code on the other platform proves who somebody is."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from bot.messages import Account, InboundMessage, Kind
from tests.support.desk import DINGTALK, WECOM, Desk


async def _code_shown_to(desk: Desk, user: str) -> str:
    found = re.search(r"验证码 (\d{6})", (await desk.shown_to(user))[-1])
    assert found
    return found[1]


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


@pytest.mark.parametrize(
    "words", ["绿源滨江还欠多少", "刚去了绿源滨江，王姐要3000块的货", "帮助", "待办", "撤销", "客户 绿源滨江"]
)
async def test_a_stranger_gets_a_polite_sentence_and_no_data(desk: Desk, words: str) -> None:
    shown = await desk.says("nobody", words)
    assert "绑定 姓名或工号" in shown
    assert "绿源" not in shown
    assert await desk.visits() == []


async def test_binding_with_a_code_on_the_other_platform(desk: Desk) -> None:
    """赵敏 has DingTalk only; in WeCom she is a stranger."""
    assert "验证码已发到钉钉" in await desk.says("zhaomin_new", "绑定 YG013")
    code = await _code_shown_to(desk, "dd_zhaomin")
    assert code not in "\n".join(await desk.shown_to("zhaomin_new"))
    assert "绑定好了，赵敏" in await desk.says("zhaomin_new", code)
    async with desk.unit_of_work() as uow:
        assert await uow.accounts.employee_no(Account(WECOM, "ZHAOMIN_NEW")) == "YG013"
    assert {"account.code_sent", "account.bound"} <= set(await desk.audit())
    assert "不是你本人操作" in (await desk.shown_to("dd_zhaomin"))[-1]


async def test_by_name_too(desk: Desk) -> None:
    assert "验证码已发到钉钉" in await desk.says("zhaomin_new", "绑定 赵敏")


async def test_a_wrong_code_can_be_tried_five_times(desk: Desk) -> None:
    await desk.says("zhaomin_new", "绑定 YG013")
    code = await _code_shown_to(desk, "dd_zhaomin")
    for left in (4, 3, 2, 1):
        assert f"还能试 {left} 次" in await desk.says("zhaomin_new", _wrong(code))
    assert "次数用完了" in await desk.says("zhaomin_new", _wrong(code))
    assert "没有等待核对的验证码" in await desk.says("zhaomin_new", code)
    async with desk.unit_of_work() as uow:
        assert await uow.accounts.employee_no(Account(WECOM, "zhaomin_new")) is None


async def test_a_code_is_good_for_ten_minutes_and_once(desk: Desk) -> None:
    await desk.says("zhaomin_new", "绑定 YG013")
    code = await _code_shown_to(desk, "dd_zhaomin")
    async with desk.unit_of_work() as uow:
        await uow.connection.execute(text("UPDATE bind_codes SET until = until - interval '10 minutes 1 second'"))
    assert "没有等待核对的验证码" in await desk.says("zhaomin_new", code)


async def test_somebody_elses_code_is_worth_nothing(desk: Desk) -> None:
    await desk.says("zhaomin_new", "绑定 YG013")
    code = await _code_shown_to(desk, "dd_zhaomin")
    assert "没有等待核对的验证码" in await desk.says("another", code)


async def test_codes_are_stored_hashed(desk: Desk) -> None:
    await desk.says("zhaomin_new", "绑定 YG013")
    code = await _code_shown_to(desk, "dd_zhaomin")
    async with desk.unit_of_work() as uow:
        stored = (await uow.connection.execute(text("SELECT bind_codes::text FROM bind_codes"))).scalar_one()
        noted = (await uow.connection.execute(text("SELECT string_agg(details::text, ' ') FROM audit"))).scalar_one()
    assert code not in stored
    assert code not in noted


@pytest.mark.parametrize(
    "who",
    [
        pytest.param("YG011", id="no account on the other platform"),
        pytest.param("YG012", id="left the company"),
        pytest.param("张三丰", id="nobody of that name"),
    ],
)
async def test_who_cannot_be_checked_goes_to_the_administrator(desk: Desk, who: str) -> None:
    """The same words for all three: they tell a stranger nothing about who works here."""
    assert "请找公司的管理员" in await desk.says("nobody", f"绑定 {who}")


async def test_codes_are_not_sent_without_end(desk: Desk) -> None:
    for _ in range(3):
        await desk.says("nobody", "绑定 YG013")
    assert "太频繁" in await desk.says("nobody", "绑定 YG013")


async def test_somebody_known_sees_the_own_bindings(desk: Desk) -> None:
    shown = await desk.says("hanmei", "绑定")
    assert "企业微信：hanmei" in shown
    assert "钉钉：未绑定" in shown


async def test_a_leavers_login_is_switched_off(desk: Desk) -> None:
    event = InboundMessage(
        message_id="e1",
        channel=DINGTALK,
        app_id="app",
        sender=Account(DINGTALK, ""),
        conversation_id="",
        kind=Kind.EVENT,
        event="user_leave_org",
        fields={"timeStamp": "1685501863357", "userId": ["dd_zhaomin"]},
        sent_at=desk.clock.now(),
    )
    await desk.inbox.accept(event)
    await desk.settle()
    await desk.sends("LiLei", kind=Kind.EVENT, event="unsubscribe")
    async with desk.unit_of_work() as uow:
        assert await uow.accounts.is_inactive(Account(DINGTALK, "dd_zhaomin"))
        assert await uow.accounts.is_inactive(Account(WECOM, "lilei"))


async def test_a_welcome_once_a_day(desk: Desk) -> None:
    await desk.sends("LiLei", kind=Kind.ENTER)
    await desk.sends("LiLei", kind=Kind.ENTER)
    assert len(await desk.shown_to("LiLei")) == 1
    await desk.sends("nobody", kind=Kind.ENTER)
    await desk.sends("nobody", kind=Kind.ENTER)
    assert len(await desk.shown_to("nobody")) == 1
