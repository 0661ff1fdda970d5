"""Which employee is behind a login. The roster's accounts count at once; others are bound by mobile or by a code."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Account, ChannelName


class Accounts:
    """Bindings inside one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def employee_no(self, account: Account) -> str | None:
        """The employee bound to this login beside the roster, if the binding is active."""
        return (await self._connection.execute(_FIND, _key(account))).scalar_one_or_none()

    async def of_employee(self, employee_no: str) -> list[Account]:
        """Bound logins of one employee, beside the roster."""
        rows = await self._connection.execute(_OF_EMPLOYEE, {"employee_no": employee_no})
        return [Account(ChannelName(channel), user_id) for channel, user_id in rows]

    async def bind(self, account: Account, employee_no: str, *, how: str) -> None:
        """One account per employee and channel: an older one of the same channel is switched off.

        `how`: mobile or code.
        """
        await self._connection.execute(_SWITCH_OFF, {"channel": account.channel.value, "employee_no": employee_no})
        await self._connection.execute(
            _BIND, {**_key(account), "user_id": account.user_id, "employee_no": employee_no, "how": how}
        )
        await self._connection.execute(_CHANGED)

    async def deactivate(self, account: Account) -> bool:
        """The person left or lost access. True if a binding was active."""
        done = await self._connection.execute(_DEACTIVATE, _key(account))
        await self._connection.execute(_CHANGED)
        return done.first() is not None

    async def is_inactive(self, account: Account) -> bool:
        """True if this login was switched off (it then counts no more, whatever the roster says)."""
        return (await self._connection.execute(_INACTIVE, _key(account))).first() is not None


def _key(account: Account) -> dict[str, str]:
    return {"channel": account.channel.value, "user_key": account.key.partition(":")[2]}


_WHERE = "WHERE channel = :channel AND user_key = :user_key"
_FIND = text(f"SELECT employee_no FROM accounts {_WHERE} AND active")  # noqa: S608 - constants only
_INACTIVE = text(f"SELECT 1 FROM accounts {_WHERE} AND NOT active")  # noqa: S608
_OF_EMPLOYEE = text("SELECT channel, user_id FROM accounts WHERE employee_no = :employee_no AND active")
_SWITCH_OFF = text(
    "UPDATE accounts SET active = false WHERE channel = :channel AND employee_no = :employee_no AND active"
)
_BIND = text("""
INSERT INTO accounts (channel, user_key, user_id, employee_no, how)
VALUES (:channel, :user_key, :user_id, :employee_no, :how)
ON CONFLICT (channel, user_key) DO UPDATE
SET employee_no = excluded.employee_no, how = excluded.how, active = true, user_id = excluded.user_id, bound_at = now()
""")
_DEACTIVATE = text("""
INSERT INTO accounts (channel, user_key, user_id, employee_no, how, active)
VALUES (:channel, :user_key, :user_key, '', 'left', false)
ON CONFLICT (channel, user_key) DO UPDATE SET active = false WHERE accounts.active
RETURNING 1
""")
_CHANGED = text("SELECT pg_notify('directory', '')")
