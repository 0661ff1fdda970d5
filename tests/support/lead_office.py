"""Reps with places for leads, and a context in which leads are given out without any platform."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import text

from bot.clock import FixedClock
from bot.domain.directory import Directory
from bot.domain.people import Employee, Role
from bot.messages import ChannelName
from bot.settings import Settings
from jobs.context import JobContext
from store.codec import for_jsonb
from tests.support.recording import RecordingChannel


def reps(count: int, *, region: str = "杭州大区") -> list[Employee]:
    """YG101, YG102, …, each with a WeCom login."""
    return [
        Employee(
            employee_no=f"YG{100 + number}",
            name=f"销售{number}",
            role=Role.REP,
            region=region,
            wecom_user=f"rep{number}",
        )
        for number in range(1, count + 1)
    ]


async def hire(make: Callable[[], Any], people: list[Employee]) -> None:
    """Into the roster, as a load leaves them."""
    rows = [
        {
            "employee_no": item.employee_no,
            "name": item.name,
            "role": item.role.value,
            "region": item.region,
            "wecom_user": item.wecom_user,
            "dingtalk_user": item.dingtalk_user,
            "superior_no": item.superior_no,
            "status": "在职" if item.active else "离职",
        }
        for item in people
    ]
    async with make() as uow:
        await uow.connection.execute(_HIRE, {"rows": for_jsonb(rows).decode()})


def context(make: Callable[[], Any], people: list[Employee], at: datetime, *, dry_run: bool = False) -> JobContext:
    """What a job has to itself, with everybody reachable on WeCom."""
    directory = Directory((), (), people, ())
    channels = {ChannelName.WECOM: RecordingChannel(ChannelName.WECOM)}

    async def accept(message: object) -> bool:
        raise AssertionError("nothing comes in here")

    return JobContext(
        as_of=at,
        unit_of_work=make,
        directory=lambda: directory,
        clock=FixedClock(at),
        channels=channels,  # type: ignore[arg-type]
        settings=Settings(),
        accept=accept,  # type: ignore[arg-type]
        dry_run=dry_run,
    )


async def set_rules(make: Callable[[], Any], **changes: object) -> None:
    """The next version of the rules, with those values changed."""
    async with make() as uow:
        await uow.connection.execute(_RULES, {"changes": for_jsonb(changes).decode()})


_HIRE = text("""
INSERT INTO employees (employee_no, name, role, region, wecom_user, dingtalk_user, superior_no, status)
SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(employee_no text, name text, role text, region text, wecom_user text, dingtalk_user text, superior_no text,
         status text)
ON CONFLICT (employee_no) DO UPDATE SET status = EXCLUDED.status
""")
_RULES = text("""
INSERT INTO lead_rule_changes (version, base_version, words, rules, proposed_at, applied_at)
SELECT version + 1, version, '', rules || CAST(:changes AS jsonb) || jsonb_build_object('version', version + 1),
       now(), now()
FROM lead_rule_changes WHERE version IS NOT NULL ORDER BY version DESC LIMIT 1
""")
