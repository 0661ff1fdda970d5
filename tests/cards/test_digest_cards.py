"""The digest and 待办 as they are read on a phone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.cards.digest import digest_message, nothing_today
from bot.cards.followups import todo_text
from bot.cards.waiting import waited
from bot.domain.digests import (
    ContractEnd,
    Digest,
    NotableVisit,
    Note,
    OwnSubmission,
    PromiseLine,
    RegionLine,
    WaitingApproval,
)
from bot.domain.people import Customer, Employee, Role
from bot.domain.visit_records import Visit, VisitState

TODAY = date(2026, 2, 12)
SINCE = datetime(2026, 2, 11, 2, 0, tzinfo=UTC)
MANAGER = Employee(employee_no="YG003", name="陈磊", role=Role.REGION_MANAGER, region="杭州大区")
CUSTOMER = Customer(customer_no="KH0117", name="绿源超市(滨江店)", region="杭州大区")
VISIT = Visit(
    visit_no="BF1",
    employee_no="YG010",
    customer_no="KH0117",
    at=SINCE,
    said_at=SINCE,
    summary="王姐定了20件水。货架被乐沁占了",
    amount_yuan=3000,
    next_follow_up=TODAY,
    state=VisitState.CONFIRMED,
)
APPROVAL = WaitingApproval(
    approval_no="SP260212001",
    customer_name="绿源超市(滨江店)",
    amount_fen=850_000_00,
    step_name="区域经理",
    waiting_since=SINCE,
    waited_minutes=200,
    submitter_name="李雷",
)
SUBMISSION = OwnSubmission(
    approval_no="SP260211003",
    customer_name="云帆商贸",
    amount_fen=1_200_50,
    step_name="法务",
    waiting_since=SINCE,
    waited_minutes=1000,
    waits_for="周律",
)
QUIET_DAY = Digest(
    employee=MANAGER,
    since=TODAY - timedelta(days=1),
    today=TODAY,
    visits=0,
    visits_today=0,
    by_person=(),
    idle=("李雷", "赵敏"),
    regions=(),
    notable=(),
    due=(),
    overdue=(),
    overdue_by_person=(),
    approvals=(),
    contract_ends=(),
)
PROMISE = PromiseLine(visit=VISIT, customer=CUSTOMER, who="李雷")
FULL_DAY = replace(
    QUIET_DAY,
    visits=3,
    by_person=(("李雷", 2), ("韩梅", 1)),
    idle=("赵敏",),
    notable=(
        NotableVisit(note=Note.WANTS, visit=VISIT, customer=CUSTOMER, who="李雷", competitor="乐沁"),
        NotableVisit(note=Note.NOBODY, visit=replace(VISIT, summary="老板不在"), customer=CUSTOMER, who="韩梅"),
    ),
    due=(PROMISE,),
    overdue=(replace(PROMISE, visit=replace(VISIT, next_follow_up=date(2026, 2, 9))),),
    overdue_by_person=(("李雷", 1),),
    approvals=(APPROVAL,),
    contract_ends=(
        (
            CUSTOMER,
            ContractEnd(
                contract_no="HT1",
                customer_no="KH0117",
                kind="年度框架",
                amount_fen=120_000_00,
                expires_on=date(2026, 3, 1),
            ),
        ),
    ),
)


def test_a_managers_morning_the_counts_first_then_what_needs_them_then_the_rest() -> None:
    assert digest_message(FULL_DAY).text == (
        "**日报 2月12日 周四 · 杭州大区**\n"
        "昨天有 2 人拜访 3 次，1 人没有拜访。\n"
        "1 份等你审批，今天要跟进 1 家，逾期没跟进 1 家。\n"
        "\n"
        "**等你审批（1）**\n"
        "· SP260212001 绿源超市(滨江店) 850,000 元，李雷提交（区域经理），已等 3 小时\n"
        "回复「同意 编号」或「拒绝 编号 理由」。\n"
        "\n"
        "**今天要跟进（1）**\n"
        "· 李雷 绿源超市(滨江店)：王姐定了20件水。货架被乐沁占了\n"
        "\n"
        "**逾期没跟进（1）**\n"
        "· 李雷 绿源超市(滨江店)，约的 2月9日，过了 3 天\n"
        "\n"
        "**值得看的拜访（2）**\n"
        "· 高意向 3,000 元，竞品乐沁｜李雷 绿源超市(滨江店)：货架被乐沁占了\n"
        "· 没见到人｜韩梅 绿源超市(滨江店)：老板不在\n"
        "\n"
        "**各人拜访次数**\n"
        "李雷 2、韩梅 1\n"
        "没有拜访：赵敏\n"
        "\n"
        "**30 天内到期的合同（1）**\n"
        "· 3月1日 绿源超市(滨江店) 年度框架 120,000 元"
    )


def test_a_quiet_day_is_three_lines() -> None:
    assert digest_message(QUIET_DAY).text == (
        "**日报 2月12日 周四 · 杭州大区**\n昨天没有人拜访。\n没有到期要跟进的客户。\n\n**没有拜访**：李雷、赵敏"
    )


def test_the_director_reads_regions_instead_of_people() -> None:
    regions = (
        RegionLine(region="杭州大区", visits=3, idle=1, reps=8, due=1, overdue=2),
        RegionLine(region="南京大区", visits=0, idle=8, reps=8, due=0, overdue=0),
    )
    director = replace(MANAGER, role=Role.DIRECTOR)
    text = digest_message(replace(FULL_DAY, employee=director, regions=regions)).text
    assert "· 全公司**" in text
    assert "· 杭州大区：拜访 3 次，8 人里 1 人没有拜访，今天跟进 1 家，逾期 2 家\n· 南京大区：没有拜访" in text
    assert "各人拜访次数" not in text
    assert "约的" not in text


def test_after_days_off_it_says_since_when() -> None:
    text = digest_message(replace(QUIET_DAY, since=date(2026, 2, 6))).text
    assert "2月6日 周五以来没有人拜访。" in text


def test_long_lists_are_cut_and_counted_and_fit_one_screen() -> None:
    crowded = replace(
        FULL_DAY,
        overdue=FULL_DAY.overdue * 40,
        overdue_by_person=tuple((f"同事{number}", 3) for number in range(14)),
        due=FULL_DAY.due * 30,
        notable=FULL_DAY.notable * 20,
        contract_ends=FULL_DAY.contract_ends * 20,
        approvals=FULL_DAY.approvals * 20,
        idle=tuple(f"同事{number}" for number in range(30)),
    )
    text = digest_message(crowded).text
    assert "· 还有 35 条" in text
    assert "· 还有 12 份" in text
    assert " 等 14 人" in text
    assert " 等 30 人" in text
    assert len(text.splitlines()) < 60


def test_other_peoples_words_cannot_mark_up_the_message() -> None:
    wild = replace(CUSTOMER, name="**超市** [点这里](http://x)")
    text = digest_message(replace(FULL_DAY, due=(replace(PROMISE, customer=wild),))).text
    assert "](" not in text


def test_somebody_with_nothing_to_read_is_told_so() -> None:
    assert nothing_today().startswith("今天没有要你看的")


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        pytest.param(0, "刚到", id="just now"),
        pytest.param(59, "已等 59 分钟", id="minutes"),
        pytest.param(60, "已等 1 小时", id="an hour"),
        pytest.param(479, "已等 7 小时", id="nearly a workday"),
        pytest.param(480, "已等 1 个工作日", id="eight hours are a workday"),
        pytest.param(1500, "已等 3 个工作日", id="days"),
    ],
)
def test_how_long_something_waits(minutes: int, words: str) -> None:
    assert waited(minutes) == words


# -- 待办 -----------------------------------------------------------------------------------------------------------
def test_todo_puts_what_waits_for_ones_decision_first() -> None:
    text = todo_text([APPROVAL], [SUBMISSION], [replace(VISIT, state=VisitState.OPEN)], [VISIT], names={"BF1": "绿源"})
    assert text == (
        "等你审批（1）\n"
        "· SP260212001 绿源超市(滨江店) 850,000 元，李雷提交（区域经理），已等 3 小时\n"
        "回复「同意 编号」或「拒绝 编号 理由」。\n"
        "你提交的，还在审批（1）\n"
        "· SP260211003 云帆商贸 1,200.50 元，在周律（法务），已等 2 个工作日\n"
        "着急的回复「催办 编号」。\n"
        "待确认的拜访（1）\n"
        "· BF1 绿源 王姐定了20件水。货架被乐沁占了\n"
        "回复「确认 编号」；没定客户的回复「改客户 编号 店名」。\n"
        "到期要跟进（1）\n"
        "· 绿源 2月12日：王姐定了20件水。货架被乐沁占了"
    )


def test_nothing_to_do_says_what_was_looked_at() -> None:
    assert todo_text([], [], [], [], names={}) == "没有待办：没有等你审批的，拜访都确认了，也没有到期要跟进的客户。"


def test_only_an_approval_is_something_to_do() -> None:
    assert todo_text([APPROVAL], [], [], [], names={}).startswith("等你审批（1）")
