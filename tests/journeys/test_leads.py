"""A lead's way to the right rep: into the chat with reasons, answered or passed on, named by the manager, claimed.

Everything is real: both pretended platforms, the dispatcher that a NOTIFY wakes, the database.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from bot.clock import SHANGHAI
from bot.domain.leads.values import Reason
from tests.support.lead_office import set_rules
from tests.support.leads import enquiry, put_leads
from tests.support.office import Office
from tests.support.waiting import until

NUMBER = "XS260212801"
NINE = datetime(2026, 2, 12, 9, 0, tzinfo=SHANGHAI)
MANAGER = "dd_chenlei"  # 陈磊, 杭州大区, in DingTalk
OWNER, COLLEAGUE = "yulijuan", "xujie"  # 于丽娟 YG010 and 许洁 YG009, in WeCom


async def arrives(office: Office, *, owner_no: str = "", number: str = NUMBER) -> None:
    """As an API or a chat line leaves it; nobody calls the dispatcher."""
    async with office.app.make_unit_of_work() as uow:
        await put_leads(uow, [enquiry(number, at=NINE.astimezone(UTC))], owner_no=owner_no)
    await goes_to_somebody(office, number)


async def goes_to_somebody(office: Office, number: str = NUMBER) -> str:
    """Wait for the dispatcher; the holder's WeCom account."""
    deadline = time.monotonic() + 10
    query = (
        "SELECT wecom_user FROM lead_cases JOIN employees ON employee_no = holder_no "
        "WHERE lead_no = :number AND state = '待响应'"
    )
    while not (rows := await office.rows(query, number=number)):
        assert time.monotonic() < deadline, "the dispatcher was not woken"
        await asyncio.sleep(0.02)
    await office.settle()
    return str(rows[0][0])


async def goes_to_another(office: Office, former: str) -> str:
    """Wait until it is no longer that person's."""
    deadline = time.monotonic() + 10
    while (rep := await goes_to_somebody(office)) == former:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    return rep


def seen(office: Office, user: str) -> str:
    return "\n".join(office.wecom.shown_to(user.lower()) or office.wecom.shown_to(user))


async def test_a_lead_is_in_the_best_reps_chat_with_three_reasons_and_a_script(office: Office) -> None:
    await arrives(office)
    rep = await goes_to_somebody(office)
    card = seen(office, rep)
    assert "新线索：杭州朴枢物流有限公司" in card
    assert "为什么给你：" in card
    assert "话术 ZS020：" in card
    assert "竞品 ZS007：" in card
    assert len(await office.rows("SELECT 1 FROM outbox WHERE dedup_key LIKE :key", key=f"lead:{NUMBER}:%")) == 1


async def test_accepted_and_won_with_taps(office: Office) -> None:
    await arrives(office, owner_no="YG010")
    for button in ("接受", "打电话了", "成交"):
        await office.wecom.taps(OWNER, button)
        await office.settle()
    assert await office.rows("SELECT state FROM lead_cases") == [("已成交",)]
    assert await office.rows("SELECT response, ending FROM lead_turns") == [("接受", "成交")]
    assert "成交" in seen(office, OWNER)


async def test_given_back_it_goes_on_at_once(office: Office) -> None:
    await arrives(office, owner_no="YG010")
    await office.wecom.says(OWNER, f"退回 {NUMBER} 不是我的行业")
    rep = await goes_to_another(office, OWNER)
    assert "新线索：" in seen(office, rep)
    assert "退回：不是我的行业" in seen(office, OWNER)


async def test_handed_over_to_a_colleague(office: Office) -> None:
    await arrives(office, owner_no="YG010")
    await office.wecom.says(OWNER, f"转给 {NUMBER} 许洁")
    await office.settle()
    assert "同事转来线索：" in seen(office, COLLEAGUE)
    await office.wecom.taps(COLLEAGUE, "接受")
    await office.settle()
    assert await office.rows("SELECT state, holder_no FROM lead_cases") == [("跟进中", "YG009")]


async def test_nobody_answers_until_it_lies_in_the_pool_and_is_claimed(office: Office) -> None:
    await arrives(office, owner_no="YG010")
    await office.at("2026-02-12 09:21")
    await office.run("lead_sla")
    assert "请在" in seen(office, OWNER)
    assert "还剩" in seen(office, OWNER)
    for moment in ("09:31", "10:05"):
        await office.at(f"2026-02-12 {moment}")
        await office.run("lead_sla")
        await goes_to_somebody(office)
    assert "30 分钟没有响应，已转给下一位" in seen(office, OWNER)
    assert "已超时，转给下一位" in seen(office, OWNER)
    assert "2 人没有接：" in "\n".join(office.dingtalk.shown_to(MANAGER))
    await office.at("2026-02-12 10:40")
    await office.run("lead_sla")
    assert "进了公海" in "\n".join(office.dingtalk.shown_to(MANAGER))
    await office.wecom.says(OWNER, f"领取 {NUMBER}")
    await office.settle()
    assert await office.rows("SELECT state, holder_no FROM lead_cases") == [("跟进中", "YG010")]


async def test_who_leaves_is_followed_by_the_next_best(office: Office) -> None:
    await arrives(office, owner_no="YG008")  # 应蓉 has WeCom only
    await office.wecom.event("yingrong", {"Event": "unsubscribe", "EventKey": ""})
    rep = await goes_to_another(office, "yingrong")
    assert "新线索：" in seen(office, rep)
    assert "应蓉已离开，手上 1 条线索转给下一位" in "\n".join(office.dingtalk.shown_to(MANAGER))


async def test_a_full_company_lets_the_next_wait_until_a_place_is_free(office: Office) -> None:
    await set_rules(office.app.make_unit_of_work, capacity=0, capacities={"YG010": 1})
    await arrives(office)
    async with office.app.make_unit_of_work() as uow:
        await put_leads(uow, [enquiry("XS260212802", at=NINE.astimezone(UTC))])
    await until(lambda: office.rows("SELECT 1 FROM lead_cases WHERE waits_for = :full", full=int(Reason.FULL)))
    await office.dingtalk.says(MANAGER, "线索")
    await office.settle()
    assert "XS260212802 杭州朴枢物流有限公司，刚到，能接的人手上都满了" in "\n".join(office.dingtalk.shown_to(MANAGER))
    await office.wecom.says(OWNER, f"关闭 {NUMBER} 空号")
    assert await goes_to_somebody(office, "XS260212802") == OWNER
