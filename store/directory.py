"""The directory every process keeps in memory, renewed when somebody says that it changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.domain.directory import Directory
from bot.domain.people import Employee
from bot.messages import ChannelName
from store.customers import CustomerRepository

CHANGED = "directory"  # NOTIFY channel
SETTLE_SECONDS = 0.2  # a load says so once a file: one renewal for all of them


class DirectoryCache:
    """`current()` never waits; `renew()` builds a new snapshot beside the old one."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._current = Directory([], [], [], [])
        self._renewing = asyncio.Lock()
        self._stale = False

    def current(self) -> Directory:
        return self._current

    async def renew(self, _payload: str = "") -> None:
        """Read everything again; calls that come while one is waiting to start are joined."""
        if self._stale:
            return
        self._stale = True
        async with self._renewing:
            await asyncio.sleep(SETTLE_SECONDS)
            self._stale = False
            await self.load()

    async def load(self) -> Directory:
        async with self._engine.connect() as connection:
            customers, contacts, employees, products = await CustomerRepository(connection).directory()
            rows = (await connection.execute(_ACCOUNTS)).all()
        bound = {(channel, employee_no): user_id for channel, employee_no, user_id, active in rows if active}
        gone = {(channel, user_key) for channel, _, user_key, active in rows if not active}
        people = [_with_accounts(employee, bound, gone) for employee in employees]
        # building indexes over many customers takes a while: not on the event loop
        self._current = await asyncio.to_thread(Directory, customers, contacts, people, products)
        return self._current


def _with_accounts(employee: Employee, bound: dict[tuple[str, str], str], gone: set[tuple[str, str]]) -> Employee:
    """The roster's logins, replaced by bound ones and without those that were switched off."""
    wecom, dingtalk = employee.wecom_user, employee.dingtalk_user
    if (ChannelName.WECOM.value, wecom.casefold()) in gone:
        wecom = ""
    if (ChannelName.DINGTALK.value, dingtalk) in gone:
        dingtalk = ""
    return replace(
        employee,
        wecom_user=bound.get((ChannelName.WECOM.value, employee.employee_no), wecom),
        dingtalk_user=bound.get((ChannelName.DINGTALK.value, employee.employee_no), dingtalk),
    )


_ACCOUNTS = text("""
SELECT channel, employee_no, CASE WHEN active THEN user_id ELSE user_key END, active FROM accounts
""")
