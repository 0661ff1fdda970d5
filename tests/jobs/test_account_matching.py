"""The roster's mobile numbers find logins that nobody wrote down."""

from __future__ import annotations

from bot.errors import RateLimited
from bot.messages import Account
from jobs.account_matching import account_matching
from tests.support.desk import DINGTALK, WECOM, Desk
from tests.support.recording import RecordingChannel


class Members(RecordingChannel):
    """A platform that knows its members by number."""

    def __init__(self, name: object, found: dict[str, str] | None = None) -> None:
        super().__init__(name)  # type: ignore[arg-type]
        self.found = found or {}
        self.asked: list[str] = []
        self.busy = False

    async def user_id_by_mobile(self, mobile: str) -> str | None:
        self.asked.append(mobile)
        if self.busy:
            raise RateLimited("slow down", retry_after_seconds=60)
        return self.found.get(mobile)


def _members(desk: Desk, **found: str) -> Members:
    desk.channels[DINGTALK] = dingtalk = Members(DINGTALK, found)
    return dingtalk


async def _bound_to(desk: Desk, account: Account) -> str | None:
    async with desk.unit_of_work() as uow:
        number: str | None = await uow.accounts.employee_no(account)
        return number


async def test_a_login_found_by_mobile_is_bound_once(desk: Desk) -> None:
    """韩梅 has WeCom on the roster; DingTalk knows her number."""
    desk.with_employee(employee_no="YG011", mobile="199-0000-0011")
    _members(desk, **{"19900000011": "dd_hanmei"})
    assert await account_matching(desk.job_context()) == 1
    assert await _bound_to(desk, Account(DINGTALK, "dd_hanmei")) == "YG011"
    assert "account.bound" in await desk.audit()
    assert await account_matching(desk.job_context()) == 0


async def test_somebody_elses_login_is_left_alone(desk: Desk) -> None:
    desk.with_employee(employee_no="YG011", mobile="199-0000-0011")
    _members(desk, **{"19900000011": "dd_zhaomin"})
    assert await account_matching(desk.job_context()) == 0
    assert await _bound_to(desk, Account(DINGTALK, "dd_zhaomin")) is None


async def test_a_login_that_was_switched_off_stays_off(desk: Desk) -> None:
    desk.with_employee(employee_no="YG011", mobile="199-0000-0011")
    _members(desk, **{"19900000011": "dd_hanmei"})
    async with desk.unit_of_work() as uow:
        await uow.accounts.deactivate(Account(DINGTALK, "dd_hanmei"))
    assert await account_matching(desk.job_context()) == 0


async def test_leavers_and_people_without_a_number_are_not_looked_up(desk: Desk) -> None:
    desk.with_employee(employee_no="YG012", mobile="199-0000-0012")  # 王强 has left
    dingtalk = _members(desk)
    await account_matching(desk.job_context())
    assert dingtalk.asked == []


async def test_misses_are_few_and_a_busy_platform_is_left_in_peace(desk: Desk) -> None:
    desk.with_employee(employee_no="YG011", mobile="199-0000-0011")
    dingtalk = _members(desk)
    assert await account_matching(desk.job_context()) == 0
    assert dingtalk.asked == ["19900000011"]
    dingtalk.busy = True
    assert await account_matching(desk.job_context()) == 0


async def test_a_channel_that_cannot_tell_is_passed_over(desk: Desk) -> None:
    assert WECOM in desk.channels
    assert await account_matching(desk.job_context()) == 0
