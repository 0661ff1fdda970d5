"""Leads come in by chat and by new WeCom friends, through the platforms as people use them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from bot.sandbox.faults import Fault
from tests.support.office import Office
from tests.support.waiting import until

REP, OTHER, MANAGER = "yulijuan", "fangmengjie", "dd_chenlei"
LINE = "新线索 杭州百川物流 欧阳明 19911112222 软件订阅 高 3万 想换掉表格"


async def leads(office: Office) -> Sequence[tuple[object, ...]]:
    """(company, contact, mobile, region, source, state, owner, how) of the live ones, oldest first."""
    return await office.rows(
        """SELECT company, contact, mobile_key, region, source, state, owner_no, owner_how
           FROM leads JOIN lead_cases USING (lead_no) ORDER BY lead_cases.created_at, lead_no"""
    )


async def test_a_line_in_chat_is_understood_and_taken_back(office: Office) -> None:
    await office.wecom.says(REP, LINE)
    await office.settle()
    [card] = [shown for shown in office.wecom.shown_to(REP) if "线索已登记" in shown]
    for part in ("杭州百川物流", "欧阳明", "19911112222", "杭州大区", "3 万", "正在分配", "想换掉表格"):
        assert part in card
    [(number,)] = await office.rows("SELECT lead_no FROM lead_cases")
    assert re.fullmatch(r"XS260212\d{3,}", str(number))
    [(*enquiry, _, _, _)] = await leads(office)
    assert enquiry == ["杭州百川物流", "欧阳明", "19911112222", "杭州大区", "企微登记"]
    await office.wecom.says(REP, "撤销")
    await office.settle()
    assert f"已撤销线索 {number}" in office.wecom.shown_to(REP)[-1]
    assert await office.rows("SELECT state FROM lead_cases") == [("已关闭",)]


async def test_its_button_takes_it_back_until_somebody_works_on_it(office: Office) -> None:
    await office.wecom.says(REP, LINE)
    await office.settle()
    await until(lambda: office.rows("SELECT FROM lead_turns"))
    async with office.app.database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE lead_turns SET responded_at = given_at, response = '接受'")
        await connection.exec_driver_sql("UPDATE lead_cases SET state = '跟进中'")
    await office.settle()
    await office.wecom.taps(REP, "撤销")
    await office.settle()
    assert "已经有人在跟，撤不回了" in office.wecom.shown_to(REP)[-1]
    assert await office.rows("SELECT state FROM lead_cases") == [("跟进中",)]
    await office.wecom.says(OTHER, LINE.replace("百川", "千帆").replace("2222", "4444"))
    await office.settle()
    await office.wecom.taps(OTHER, "撤销")
    await office.settle()
    assert any("已撤销线索 XS260212" in shown for shown in office.wecom.shown_to(OTHER))
    assert await office.rows("SELECT state FROM lead_cases WHERE entered_by = 'YG014'") == [("已关闭",)]


async def test_a_lead_from_somebody_who_sells_nowhere_is_for_all_regions(office: Office) -> None:
    """Bug: 客户成功 of 华东 entered leads of a region without any rep."""
    await office.wecom.says("cuixiaoyan", "新线索 百川物流 欧阳明 19911112222 软件订阅")
    await office.settle()
    assert (await leads(office))[0][:4] == ("百川物流", "欧阳明", "19911112222", "")
    assert await office.rows("SELECT state FROM lead_cases") == [("待响应",)]


async def test_what_is_missing_is_asked_one_by_one(office: Office) -> None:
    await office.dingtalk.says(MANAGER, "新线索 想换掉表格")
    await office.settle()
    assert "哪家公司" in office.dingtalk.shown_to(MANAGER)[-1]
    await office.dingtalk.says(MANAGER, "百川物流")
    await office.settle()
    assert "怎么联系" in office.dingtalk.shown_to(MANAGER)[-1]
    await office.dingtalk.says(MANAGER, "不清楚")
    await office.settle()
    assert "没看懂" in office.dingtalk.shown_to(MANAGER)[-1]
    await office.dingtalk.says(MANAGER, "199-1111-2222")
    await office.settle()
    assert any("线索已登记：百川物流" in shown for shown in office.dingtalk.shown_to(MANAGER))
    assert (await leads(office))[0][:4] == ("百川物流", "", "19911112222", "杭州大区")


@pytest.mark.parametrize(
    "said",
    [
        "新线索\n公司：杭州铭图物流\n联系人：林总\n电话：19911113333",
        "线索 公司：杭州铭图物流 联系人：林总 电话：19911113333",
    ],
)
async def test_a_customers_enquiry_is_its_owners(office: Office, said: str) -> None:
    await office.wecom.says(REP, said)
    await office.settle()
    assert "老客户 KH0001" in office.wecom.shown_to(REP)[-1]
    [(*_, owner, how)] = await leads(office)
    assert (owner, how) == ("YG014", "归属")


async def test_a_report_about_a_visit_is_no_lead(office: Office) -> None:
    await office.wecom.says(REP, "今天上门绿源滨江，王姐说线索19911112222可以联系，要20件水")
    await office.settle()
    assert await leads(office) == []
    assert await office.rows("SELECT count(*) FROM visits WHERE employee_no = 'YG010' AND raw_text <> ''") == [(1,)]


async def test_a_new_friend_is_a_lead_of_the_rep_who_added_them_once(office: Office) -> None:
    office.wecom.people.add_external(
        "wmNEW1", "欧阳明", [REP], remark_mobiles=["19911112222"], remark_corp_name="百川物流"
    )
    await office.wecom.external_contact_event("add_half_external_contact", REP, "wmNEW1", State="展会二维码")
    await office.wecom.external_contact_event("add_external_contact", REP, "wmNEW1", State="展会二维码")
    await office.settle()
    [(*enquiry, _, owner, how)] = await leads(office)
    assert enquiry == ["百川物流", "欧阳明", "19911112222", "杭州大区", "企业微信好友"]
    assert (owner, how) == ("YG010", "好友")
    assert await office.rows("SELECT note FROM leads JOIN lead_cases USING (lead_no)") == [("渠道：展会二维码",)]


async def test_a_customers_contact_is_no_lead_and_the_owner_is_told_of_a_colleague(office: Office) -> None:
    [(external,)] = await office.rows("SELECT external_user_id FROM customers WHERE customer_no = 'KH0001'")
    office.wecom.people.add_external(str(external), "林小龙", [OTHER, REP])
    await office.wecom.external_contact_event("add_external_contact", OTHER, str(external))
    await office.settle()
    assert (await leads(office), office.wecom.shown_to(OTHER)) == ([], []), "the owner's own friend"
    await office.wecom.external_contact_event("add_external_contact", REP, str(external))
    await office.settle()
    assert await leads(office) == []
    [told] = office.wecom.shown_to(OTHER)
    assert told.startswith("于丽娟 加了 杭州铭图物流有限公司 的 林小龙 为企业微信好友。")


async def test_an_unknown_member_makes_a_lead_that_is_scored(office: Office) -> None:
    office.wecom.people.add_external("wmNEW2", "欧阳明", ["nobody"])
    await office.wecom.external_contact_event("add_external_contact", "nobody", "wmNEW2")
    await office.settle()
    [(company, contact, _, region, *_, owner, how)] = await leads(office)
    assert (company, contact, region, owner, how) == ("", "欧阳明", "", "", "")


async def test_a_refusal_is_told_to_the_operators_once_and_nobodys_contact_is_nothing(office: Office) -> None:
    office.wecom.people.add_external("wmNEW3", "甲", [REP])
    office.wecom.people.add_external("wmNEW4", "乙", [REP])
    office.wecom.faults.fail_next(2, Fault(code=48002), path="externalcontact/get")
    for external in ("wmNEW3", "wmNEW4"):
        await office.wecom.external_contact_event("add_external_contact", REP, external)
        await office.settle()
    await office.wecom.external_contact_event("add_external_contact", REP, "wmGONE")
    await office.settle()
    assert await leads(office) == []
    told = [shown for shown in office.dingtalk.shown_to("dd_zouqian") if "读不到资料" in shown]
    assert len(told) == 1
    assert "应用没有调用此接口的权限" in told[0]
