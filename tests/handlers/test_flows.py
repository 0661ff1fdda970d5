"""流程: who approves contracts, shown, changed with a preview and a tap, taken back. 请假: who acts meanwhile."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from bot.clock import SHANGHAI
from bot.domain.conditions import parse_condition
from bot.domain.directory import Directory
from bot.domain.flow_changes import Flow
from bot.domain.flows import Absence, Mode
from bot.domain.people import Employee, Role
from bot.messages import Kind, Tap
from tests.support.desk import CONTACTS, CUSTOMERS, DINGTALK, EMPLOYEES, Desk

BOSS = Employee(employee_no="YG001", name="孙若曦", role=Role.DIRECTOR, region="全国", wecom_user="sun",
                dingtalk_user="dd_sun")  # fmt: skip
ADMIN = Employee(employee_no="YG002", name="邹倩", role=Role.ADMIN, region="全国", wecom_user="zou")


@pytest.fixture(autouse=True)
def people(desk: Desk) -> None:
    desk.directory = Directory(CUSTOMERS, CONTACTS, [*EMPLOYEES, BOSS, ADMIN], ())


async def flow(desk: Desk) -> Flow:
    async with desk.unit_of_work() as uow:
        found: Flow = await uow.flows.flow()
        return found


async def absences(desk: Desk, day: int) -> list[Absence]:
    async with desk.unit_of_work() as uow:
        found: list[Absence] = await uow.flows.absences(datetime(2026, 2, day, 10, tzinfo=SHANGHAI))
        return found


# -- 流程 ------------------------------------------------------------------------------------------------------------
async def test_everybody_may_read_it(desk: Desk) -> None:
    shown = await desk.says("LiLei", "流程")
    assert "1. 上级审批：提交人的上级，任一人同意；每份合同都要；4 小时没批提醒，24 小时没批升级给上级" in shown
    assert "2. 法务审核：法务，任一人同意；条件：非标 或 类型是补充协议" in shown
    assert "3. 总监审批：总监，任一人同意；条件：金额不低于50万元 或 折扣低于底线" in shown
    assert "快消终端 8.5折" in shown
    assert "其他行业 9折" in shown
    assert "流程 新增" not in shown
    assert "流程 新增" in await desk.says("sun", "流程")


@pytest.mark.parametrize("wish", ["停用 2", "还原", "底线 建材 5折", "乱七八糟"])
async def test_only_a_director_or_administrator_may_change_it(desk: Desk, wish: str) -> None:
    before = await flow(desk)
    assert "只有总监和管理员能改" in await desk.says("LiLei", f"流程 {wish}")
    assert await flow(desk) == before


async def test_a_step_is_added_after_a_tap_and_taken_back(desk: Desk) -> None:
    before = await flow(desk)
    shown = await desk.says("sun", "流程 新增 财务 信用审核 在 1 之后 条件 行业不是教育")
    assert "新增第 2 步 信用审核：财务，任一人同意；条件：行业不是教育" in shown
    assert "上级审批 → 信用审核 → 法务审核 → 总监审批" in shown
    assert await flow(desk) == before, "nothing applies before the tap"
    shown = await desk.taps("sun", "确认变更")
    assert "流程变更已生效" in shown
    assert "孙若曦 已确认" in shown
    step = (await flow(desk)).steps[1]
    assert (step.name, step.approver, step.condition) == ("信用审核", "财务", parse_condition("行业不是教育"))
    assert "上一次改的是：流程 新增 财务" in await desk.says("zou", "流程 还原")
    assert "流程已还原" in await desk.taps("zou", "确认还原")
    assert await flow(desk) == before
    assert "没有可以还原" in await desk.says("zou", "流程 还原")
    assert [what for what in await desk.audit() if what.startswith("flow.")] == ["flow.changed", "flow.restored"]


async def test_a_change_can_be_dropped(desk: Desk) -> None:
    before = await flow(desk)
    await desk.says("sun", "流程 停用 2")
    assert "流程变更已取消" in await desk.taps("sun", "取消变更")
    assert await flow(desk) == before


async def test_a_change_is_confirmed_by_whoever_typed_it_and_once(desk: Desk) -> None:
    await desk.says("sun", "流程 停用 2")
    card_id, card = await desk._card_with("sun", "确认变更")
    action = card.buttons[0].action
    tap = Tap(card_id=card_id, action=action.name, params=action.params())
    await desk.sends("zou", kind=Kind.TAP, tap=tap)
    assert "不是你发起的" in await desk.last("zou")
    await desk.sends("LiLei", kind=Kind.TAP, tap=tap)
    assert "只有总监和管理员" in await desk.last("LiLei")
    await desk.sends("sun", kind=Kind.TAP, tap=tap)
    await desk.sends("sun", kind=Kind.TAP, tap=tap)
    assert "已经处理过" in await desk.last("sun")
    await desk.sends("sun", kind=Kind.TAP, tap=Tap(card_id=card_id, action=action.name, params={"version_id": "x"}))
    assert "失效" in await desk.last("sun")
    assert [step.enabled for step in (await flow(desk)).steps] == [True, False, True]


async def test_where_there_are_no_buttons_the_number_is_typed(desk: Desk) -> None:
    async def number() -> str:
        return (await desk.cards_of("sun"))[-1].number

    before = await flow(desk)
    await desk.says("sun", "流程 停用 2")
    assert "请带上卡片上的编号" in await desk.says("sun", "确认变更")
    assert "流程变更已取消" in await desk.says("sun", f"取消变更 {await number()}")
    await desk.says("sun", "流程 停用 3")
    wide = (await number()).lower().replace("lc", "ｌｃ")
    assert "流程变更已生效" in await desk.says("sun", f"确认变更 {wide}")
    await desk.says("sun", "流程 还原")
    assert "流程没有还原" in await desk.says("sun", f"不还原 {await number()}")
    await desk.says("sun", "流程 还原")
    assert "流程已还原" in await desk.says("sun", f"确认还原 {await number()}")
    assert await flow(desk) == before
    assert "没有这条流程变更" in await desk.says("sun", "确认变更 LC999")


async def test_of_two_changes_that_wait_the_second_is_refused(desk: Desk) -> None:
    await desk.says("sun", "流程 停用 2")
    await desk.says("zou", "流程 提醒 1 2小时")
    await desk.taps("sun", "确认变更")
    assert "改过了" in await desk.taps("zou", "确认变更")
    assert (await flow(desk)).steps[0].remind_minutes == 240


@pytest.mark.parametrize(
    ("wish", "step", "attribute", "value"),
    [
        ("停用 2", 2, "enabled", False),
        ("条件 3 金额 80万以上 或 折扣低于底线", 3, "condition", parse_condition("金额80万以上或折扣低于底线")),
        ("条件 第3步 总是", 3, "condition", parse_condition("总是")),
        ("提醒 1 2小时", 1, "remind_minutes", 120),
        ("提醒 1 半小时", 1, "remind_minutes", 30),
        ("升级 1 2天", 1, "escalate_minutes", 960),
        ("人数 2 全部", 2, "mode", Mode.ALL),
        ("人数 2 2人", 2, "need", 2),
        ("移动 3 到 1", 1, "name", "总监审批"),
        ("新增 上级 在最前", 1, "name", "上级审批"),
        ("新增 韩梅 复核 在 2 之前", 2, "approver", "YG011"),
        ("新增 YG011", 4, "name", "韩梅审批"),
    ],
)
async def test_changes(desk: Desk, wish: str, step: int, attribute: str, value: object) -> None:
    await desk.says("sun", f"流程 {wish}")
    await desk.taps("sun", "确认变更")
    changed = (await flow(desk)).steps[step - 1]
    assert getattr(changed, attribute) == value


@pytest.mark.parametrize(("wish", "industry"), [("底线 快消终端 8.8折", "快消终端"), ("底线 其他 0.88", "")])
async def test_discount_floors(desk: Desk, wish: str, industry: str) -> None:
    await desk.says("sun", f"流程 {wish}")
    await desk.taps("sun", "确认变更")
    assert (await flow(desk)).floors[industry] == Decimal("0.88")


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ("把法务去掉", "流程 停用 2"),
        ("停用", "是第几步？比如：流程 停用 2"),
        ("停用 9", "没有第 9 步，现在有 3 步"),
        ("启用 1", "不用改"),
        ("条件 3", "流程 条件 3 金额80万以上"),
        ("条件 3 金额五十多万以上", "不是一个确定的数"),
        ("提醒 1 很久", "流程 提醒 1 2小时"),
        ("提醒 1 24小时", "提醒要早于升级"),
        ("升级 1 90天", "最长 60 天"),
        ("人数 2 几个", "任一、全部 或 2人"),
        ("人数 3 2人", "这一步现在只有 1 个人"),
        ("移动 3", "流程 移动 3 到 1"),
        ("移动 3 到 8", "没有第 8 步"),
        ("新增", "谁来批"),
        ("新增 王五 审核", "「王五」不是角色，也不是在职同事"),
        ("新增 王强 审核", "也不是在职同事"),
        ("新增 财务 审核 在 7 之后", "没有第 7 步"),
        ("底线 建材", "流程 底线 建材 8.8折"),
        ("底线 航天 8折", "没有「航天」这个行业"),
    ],
)
async def test_wrong_words_get_a_sentence_that_helps(desk: Desk, wish: str, says: str) -> None:
    before = await flow(desk)
    assert says in await desk.says("sun", f"流程 {wish}")
    assert await flow(desk) == before


async def test_a_flow_without_a_step_is_warned_of(desk: Desk) -> None:
    for number in (1, 2):
        await desk.says("sun", f"流程 停用 {number}")
        await desk.taps("sun", "确认变更")
    assert "新合同会提交不了" in await desk.says("sun", "流程 停用 3")


# -- 请假 ------------------------------------------------------------------------------------------------------------
async def test_an_absence_with_a_delegate_who_is_told(desk: Desk) -> None:
    shown = await desk.says("dd_chenlei", "请假 2月13日至2月14日 代理 周涛", channel=DINGTALK)
    assert "请假：2月13日 周五 至 2月14日 周六，由周涛代理" in shown
    assert "陈磊 2月13日 周五 至 2月14日 周六请假，这期间要 TA 批的合同由你代批。" in await desk.shown_to("dd_zhoutao")
    assert [len(await absences(desk, day)) for day in (12, 13, 14, 15)] == [0, 1, 1, 0]
    (absence,) = await absences(desk, 13)
    assert (absence.employee_no, absence.delegate_no) == ("YG003", "YG004")
    assert "由周涛代理" in await desk.says("dd_chenlei", "请假", channel=DINGTALK)
    assert "已取消请假" in await desk.says("dd_chenlei", "销假", channel=DINGTALK)
    assert await absences(desk, 13) == []
    assert "不用你代批了" in (await desk.shown_to("dd_zhoutao"))[-1]
    assert {"absence.entered", "absence.cancelled"} <= set(await desk.audit())


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("明天", [13]),
        ("今天 下午", [12]),
        ("明天到后天", [13, 14]),
        ("2月13日-14日", [13, 14]),
        ("13号至15号 回老家", [13, 14, 15]),
        ("下周一到下周三", [16, 17, 18]),
        ("下周一到周三", [16, 17, 18]),
        ("2月17日至19日", [17, 18, 19]),
    ],
)
async def test_whole_days(desk: Desk, words: str, days: list[int]) -> None:
    assert "这期间不派新线索" in await desk.says("LiLei", f"请假 {words}")
    assert [day for day in range(12, 20) if await absences(desk, day)] == days


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("2月1日", "已经过去"),
        ("明天 代理 李雷", "不能是请假的人自己"),
        ("明天 代理 王强", "在职同事里没有「王强」"),
        ("王五 明天", "在职同事里没有「王五」"),
        ("韩梅 明天", "只能给自己请假"),
        ("明天到", "请到哪天没看懂"),
        ("过段时间", "没看懂"),
        ("2月16日至2月13日", "结束日期在开始日期前面"),
        ("明天 2月20日", "请写成一段"),
        ("2月27日到明天", "结束日期在开始日期前面"),
    ],
)
async def test_an_absence_that_is_not_clear(desk: Desk, words: str, says: str) -> None:
    assert says in await desk.says("LiLei", f"请假 {words}")
    assert [day for day in range(12, 28) if await absences(desk, day)] == []


async def test_an_administrator_enters_it_for_somebody(desk: Desk) -> None:
    assert "李雷 请假：2月13日 周五，由韩梅代理" in await desk.says("zou", "请假 李雷 2月13日 代理 韩梅")
    assert "邹倩 替你登记了请假" in (await desk.shown_to("LiLei"))[-1]
    assert "由你代批" in (await desk.shown_to("hanmei"))[-1]
    (absence,) = await absences(desk, 13)
    assert absence.employee_no == "YG010"
    assert "已取消李雷 请假" in await desk.says("zou", "请假 取消 李雷")
    assert await absences(desk, 13) == []


async def test_several_absences_are_cancelled_by_number(desk: Desk) -> None:
    await desk.says("LiLei", "请假 2月13日")
    await desk.says("LiLei", "请假 2月20日")
    assert "取消哪一次" in await desk.says("LiLei", "请假 取消")
    assert "2月20日" in await desk.says("LiLei", "请假 取消 2")
    assert [day for day in range(12, 28) if await absences(desk, day)] == [13]
    await desk.says("LiLei", "销假")
    assert "没有登记的请假" in await desk.says("LiLei", "销假")
    assert "你没有登记的请假" in await desk.says("LiLei", "请假")


async def test_who_may_not_approve_stands_in_for_nobody_who_may(desk: Desk) -> None:
    """Bug: a rep approved what the manager was asked for."""
    shown = await desk.says("dd_chenlei", "请假 2月13日 代理 李雷", channel=DINGTALK)
    assert "李雷没有审批合同的职责，不能代批" in shown
    assert "没有登记的请假" in await desk.says("dd_chenlei", "请假", channel=DINGTALK)


async def test_a_rep_reads_what_happens_to_leads_meanwhile(desk: Desk) -> None:
    shown = await desk.says("LiLei", "请假 2月13日")
    assert "这期间不派新线索" in shown
    assert "要批的合同" not in shown


async def test_how_to_name_a_delegate(desk: Desk) -> None:
    assert "请假 2月13日至2月14日 代理 张三" in await desk.says("LiLei", "代理 张三")
