"""Administrators hear of what keeps messages from people: once, and where the trouble is not."""

from __future__ import annotations

from types import SimpleNamespace

from sqlalchemy import text

from bot.domain.people import Role
from bot.messages import Account, Text
from jobs.operations_watch import operations_watch
from tests.support.desk import DINGTALK, WECOM, Desk
from tests.support.recording import RecordingChannel


class Metered(RecordingChannel):
    """A platform whose quota is nearly used up."""

    used = 3600

    async def quota_state(self) -> SimpleNamespace:
        return SimpleNamespace(api_used=self.used, api_limit=5000, push_used=0, push_limit=0)


async def _given_up(desk: Desk, why: str) -> None:
    async with desk.unit_of_work() as uow:
        rep = Account(WECOM, "LiLei")
        uow.outbox.put(Text(text="好"), channel=desk.channels[WECOM], recipients=(rep,))
        await uow.flush()
        await uow.connection.execute(
            text("UPDATE outbox SET state = 'failed', error = :why WHERE content ->> 'text' = '好'"), {"why": why}
        )


def _with_administrator(desk: Desk) -> None:
    """李雷 looks after the bot, in WeCom and DingTalk."""
    desk.with_employee(employee_no="YG010", role=Role.ADMIN, dingtalk_user="dd_lilei")


async def _told(desk: Desk) -> list[str]:
    async with desk.unit_of_work() as uow:
        rows = await uow.connection.execute(
            text(
                "SELECT channel, content ->> 'text' FROM outbox WHERE dedup_key LIKE 'operations:%' ORDER BY outbox_id"
            )
        )
        return [f"{channel} {words}" for channel, words in rows]


async def test_quiet_when_all_is_well(desk: Desk) -> None:
    _with_administrator(desk)
    assert await operations_watch(desk.job_context()) == 0
    assert await _told(desk) == []


async def test_messages_given_up_are_told_on_the_other_platform_once(desk: Desk) -> None:
    _with_administrator(desk)
    for address in ("203.0.113.7", "203.0.113.8"):
        await _given_up(desk, f"服务器 IP {address} 不在企业可信IP 中（60020）")
        await operations_watch(desk.job_context())
    (told,) = await _told(desk)
    assert told.startswith("dingtalk 【机器人】企业微信有 1 条没能发出去")
    assert "203.0.113.7" in told


async def test_the_months_quota_is_told_at_each_step_once(desk: Desk) -> None:
    _with_administrator(desk)
    desk.channels[DINGTALK] = metered = Metered(DINGTALK)
    for used in (3000, 3500, 3600, 4600, 5000):
        metered.used = used
        await operations_watch(desk.job_context())
    assert [words.partition("已用")[2][:4] for words in await _told(desk)] == [" 70%", " 90%", "完（50"]
