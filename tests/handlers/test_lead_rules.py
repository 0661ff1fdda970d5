"""权重: the rules shown, tried on last month's leads, changed with a tap, taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.domain.directory import Directory
from bot.domain.leads.rules import LeadRules, default_rules
from bot.domain.people import Employee, Role
from bot.messages import Kind, Tap
from tests.support.desk import CONTACTS, CUSTOMERS, EMPLOYEES, Desk

BOSS = Employee(employee_no="YG001", name="孙若曦", role=Role.DIRECTOR, region="全国", wecom_user="sun")
ADMIN = Employee(employee_no="YG002", name="邹倩", role=Role.ADMIN, region="全国", wecom_user="zou")
MANAGER = Employee(employee_no="YG003", name="陈磊", role=Role.REGION_MANAGER, region="杭州大区", wecom_user="chen")
SECOND = Employee(employee_no="YG014", name="于丽娟", role=Role.REP, region="杭州大区", wecom_user="yu")


@pytest.fixture(autouse=True)
async def company(desk: Desk) -> None:
    """Two reps of 杭州: one knows the trade, the other lives next door."""
    people = {item.employee_no: item for item in (*EMPLOYEES, BOSS, ADMIN, MANAGER, SECOND)}
    desk.directory = Directory(CUSTOMERS, CONTACTS, tuple(people.values()), ())
    await run(
        desk,
        """INSERT INTO employees (employee_no, name, role, region, status, industries) VALUES
           ('YG010', '李雷', '销售', '杭州大区', '在职', '{快消终端}'),
           ('YG014', '于丽娟', '销售', '杭州大区', '在职', '{医疗}')""",
        """INSERT INTO customers (customer_no, name, region, industry, owner_no) VALUES
           ('K1', '远', '宁波大区', '医疗', 'YG010'), ('K2', '近', '杭州大区', '医疗', 'YG014')""",
    )


async def run(desk: Desk, *statements: str) -> None:
    async with desk.unit_of_work() as uow:
        for statement in statements:
            await uow.connection.execute(text(statement))


async def leads(desk: Desk, count: int = 4, days_ago: int = 3) -> None:
    async with desk.unit_of_work() as uow:
        for number in range(count):
            await uow.connection.execute(
                text("INSERT INTO leads (lead_no, received_at, company, region, industry, intent)"
                     " VALUES (:no, :at, :company, '杭州大区', '快消终端', :intent)"),
                {"no": f"XS{number}", "at": desk.clock.now() - timedelta(days=days_ago), "company": f"新店{number}",
                 "intent": "高" if number == 1 else "低"},
            )  # fmt: skip


async def rules(desk: Desk) -> LeadRules:
    async with desk.unit_of_work() as uow:
        found: LeadRules = await uow.lead_rules.current()
        return found


def weight(found: LeadRules, name: str) -> float:
    return next(item.weight for item in found.policy.dimensions if item.name == name)


# -- showing ----------------------------------------------------------------------------------------------------------
async def test_everybody_may_read_the_rules(desk: Desk) -> None:
    shown = await desk.says("LiLei", "权重")
    assert "线索派发规则（第 1 版）" in shown
    assert "行业 20%：擅长线索的行业、在那里成单多" in shown
    assert "上限：每人同时最多 20 条" in shown
    assert "值班：全天派" in shown
    assert "响应：30 分钟内（按工作时间），20 分钟时提醒" in shown
    assert "没人接：2 人超时通知经理，3 人没接进公海" in shown
    assert "跨区：只派给本区域的人" in shown
    assert "休假：请假的人不派" in shown
    assert "权重 新增" not in shown
    assert "权重 试算 行业 0.3" in await desk.says("chen", "权重")
    assert "权重 新增 客户复工进度 0.1" in await desk.says("sun", "权重")


# -- who may ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("wish", ["行业 0.3", "还原", "数据 讲粤语 李雷 1", "乱七八糟"])
async def test_only_a_director_or_administrator_may_change_them(desk: Desk, wish: str) -> None:
    assert "只有总监和管理员能改" in await desk.says("LiLei", f"权重 {wish}")
    assert "你可以先试算" in await desk.says("chen", f"权重 {wish}")
    assert await rules(desk) == default_rules()


async def test_a_manager_tries_a_change_without_making_it(desk: Desk) -> None:
    await leads(desk)
    shown = await desk.says("chen", "权重 试算 行业 0.8")
    assert "试算（不会生效）" in shown
    assert "用最近 30 天的 4 条线索试算" in shown
    assert "行业 20% → 80%" in shown
    assert await desk.cards_of("chen") == []
    assert "只有总监和管理员" in await desk.says("LiLei", "权重 试算 行业 0.8")
    assert "试算什么" in await desk.says("chen", "权重 试算")


# -- changing ---------------------------------------------------------------------------------------------------------
async def test_a_change_shows_what_it_would_have_done_and_applies_after_a_tap(desk: Desk) -> None:
    await leads(desk)
    shown = await desk.says("sun", "权重 行业 0.9 区域 0")
    assert "线索规则变更，请确认" in shown
    assert "改动：行业 90%，区域 0%" in shown
    assert "注意：区域 的权重变成 0，不再起作用。" in shown
    assert "4 条（100%）会换人，比如：\n· 新店1（XS1），高意向：于丽娟 → 李雷" in shown
    assert "多得最多：李雷 0 → 4 条" in shown
    assert "少得最多：于丽娟 4 → 0 条" in shown
    assert "不均匀度（基尼系数，0 最匀） 线索 0.50 → 0.50，高意向 0.50 → 0.50" in shown
    assert await rules(desk) == default_rules(), "nothing applies before the tap"
    assert "线索规则已生效" in (shown := await desk.taps("sun", "确认权重"))
    assert "孙若曦 已确认，第 2 版" in shown
    found = await rules(desk)
    assert (found.version, weight(found, "industry_fit"), weight(found, "region_heat")) == (2, 0.9, 0.0)
    assert "leadrules.changed" in await desk.audit()


async def test_without_leads_it_says_so(desk: Desk) -> None:
    await leads(desk, days_ago=31)
    assert "最近 30 天没有可以试算的线索" in await desk.says("sun", "权重 行业 0.9")


async def test_leads_that_belong_to_somebody_are_not_played(desk: Desk) -> None:
    await leads(desk, 3)
    await run(
        desk,
        "UPDATE leads SET company = '近' WHERE lead_no = 'XS0'",
        "UPDATE leads SET mobile_key = '19900000009'",
        "INSERT INTO lead_cases (lead_no, state, queued_at, same_kind) VALUES ('XS2', '待响应', now(), '客户')",
    )
    # XS0 is a customer, XS1 the same mobile number as XS0, XS2 was found to be the same
    assert "没有可以试算的线索" in await desk.says("sun", "权重 行业 0.9")


async def test_a_sentence_does_as_well(desk: Desk) -> None:
    assert "行业 20% → 30%" in await desk.says("sun", "把行业权重调到0.3")


async def test_a_change_can_be_dropped(desk: Desk) -> None:
    await desk.says("sun", "权重 上限 15")
    assert "线索规则变更已取消" in await desk.taps("sun", "取消权重")
    assert await rules(desk) == default_rules()


async def test_changes_are_taken_back_one_by_one(desk: Desk) -> None:
    assert "没有可以还原" in await desk.says("sun", "权重 还原")
    for wish in ("权重 上限 15", "权重 响应 45分钟"):
        await desk.says("sun", wish)
        await desk.taps("sun", "确认权重")
    shown = await desk.says("zou", "权重 还原")
    assert "还原（上一次改的是：响应 45分钟）" in shown
    assert "原来 响应：45 分钟内（按工作时间），20 分钟时提醒" in shown
    await desk.taps("zou", "确认权重")
    found = await rules(desk)
    assert (found.version, found.capacity, found.respond_minutes) == (4, 15, 30)
    assert "上限 15" in await desk.says("zou", "权重 还原")
    await desk.taps("zou", "确认权重")
    found = await rules(desk)
    assert (found.version, found.capacity) == (5, 20)
    assert "没有可以还原" in await desk.says("sun", "权重 还原")
    assert [what for what in await desk.audit() if what.startswith("leadrules")] == [
        *["leadrules.changed"] * 2, *["leadrules.restored"] * 2,
    ]  # fmt: skip


async def test_who_comes_second_is_told_that_the_rules_have_changed(desk: Desk) -> None:
    await desk.says("sun", "权重 上限 15")
    await desk.says("zou", "权重 上限 10")
    await desk.taps("zou", "确认权重")
    assert "在这期间被改过了" in await desk.taps("sun", "确认权重")
    assert (await rules(desk)).capacity == 10


async def test_a_change_is_confirmed_by_whoever_typed_it_and_once(desk: Desk) -> None:
    await desk.says("sun", "权重 上限 15")
    card_id, card = await desk._card_with("sun", "确认权重")
    action = card.buttons[0].action
    tap = Tap(card_id=card_id, action=action.name, params=action.params())
    await desk.sends("zou", kind=Kind.TAP, tap=tap)
    assert "不是你发起的" in await desk.last("zou")
    await desk.sends("LiLei", kind=Kind.TAP, tap=tap)
    assert "只有总监和管理员" in await desk.last("LiLei")
    await desk.sends("sun", kind=Kind.TAP, tap=tap)
    await desk.sends("sun", kind=Kind.TAP, tap=tap)
    assert "已经处理过" in await desk.last("sun")
    await desk.sends("sun", kind=Kind.TAP, tap=Tap(card_id=card_id, action=action.name, params={"change_id": "x"}))
    assert "失效" in await desk.last("sun")


async def test_where_there_are_no_buttons_the_number_is_typed(desk: Desk) -> None:
    await desk.says("sun", "权重 上限 15")
    number = (await desk.cards_of("sun"))[-1].number
    assert "请带上卡片上的编号" in await desk.says("sun", "确认权重")
    assert "没有这次规则变更" in await desk.says("sun", "确认权重 QZ999")
    assert "线索规则已生效" in await desk.says("sun", f"确认权重 {number.lower()}")
    await desk.says("sun", "权重 上限 16")
    number = (await desk.cards_of("sun"))[-1].number
    assert "已取消" in await desk.says("sun", f"取消权重 {number}")


async def test_caps_and_hours_of_one_person_are_shown_by_name(desk: Desk) -> None:
    for wish in ("上限 于丽娟 0", "值班 李雷 9:00-18:00", "休假 照常派", "跨区 允许"):
        await desk.says("sun", f"权重 {wish}")
        await desk.taps("sun", "确认权重")
    shown = await desk.says("sun", "权重")
    assert "上限：每人同时最多 20 条；于丽娟 暂停" in shown
    assert "值班：全天派；李雷 09:00-18:00 工作日" in shown
    assert "休假：请假的人也照常派" in shown
    assert "跨区：所有区域的人都可以派" in shown


# -- new dimensions ---------------------------------------------------------------------------------------------------
async def test_a_dimension_of_the_catalogue_is_added_and_removed(desk: Desk) -> None:
    shown = await desk.says("sun", "权重 新增 客户复工进度 0.1")
    assert "改动：新增 客户复工进度 10% 按行业 越高越好 范围 0-1" in shown
    assert "其余按比例改为：区域 18%，" in shown
    await desk.taps("sun", "确认权重")
    assert weight(await rules(desk), "客户复工进度") == 0.1
    assert "客户复工进度 10%：按行业，越高越好，范围 0-1（之前 60 天下过单的客户里" in await desk.says("sun", "权重")
    assert "客户复工进度 10% → 去掉" in await desk.says("sun", "权重 删除 客户复工进度")
    await desk.taps("sun", "确认权重")
    assert weight(await rules(desk), "region_heat") == pytest.approx(0.2)


async def test_a_companys_own_fact_moves_leads(desk: Desk) -> None:
    await leads(desk, 2)
    shown = await desk.says("sun", "权重 新增 讲粤语 0.8")
    assert "还没有「讲粤语」的数据" in shown
    assert "线索指标.csv" in shown
    assert "记下了：李雷 的讲粤语是 1。" in (shown := await desk.says("sun", "权重 数据 讲粤语 李雷 1"))
    assert "权重 新增 讲粤语 0.1" in shown
    await desk.says("sun", "权重 数据 讲粤语 于丽娟 0")
    shown = await desk.says("sun", "权重 新增 讲粤语 0.8")
    assert "2 条（100%）会换人" in shown
    await desk.taps("sun", "确认权重")
    assert "权重 新增" not in await desk.says("sun", "权重 数据 讲粤语 于丽娟 0.5")
