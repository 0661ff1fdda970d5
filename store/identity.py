"""Codes of 绑定, kept hashed, and things done at most so often."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Account

CODE_MINUTES = 10
CODE_TRIES = 5
_SCRYPT = {"n": 2**12, "r": 8, "p": 1}  # a few milliseconds: six digits fall to any search, this is for a stolen backup


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a typed code. `employee_no` only when it was right."""

    employee_no: str = ""
    tries_left: int = 0
    pending: bool = True  #: False: there is no code to type, or its time is over


class BindCodes:
    """One pending code per login; real time."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def issue(self, account: Account, employee_no: str) -> str:
        """A fresh six-digit code; an older one of this login stops working."""
        code, salt = f"{secrets.randbelow(1_000_000):06d}", secrets.token_bytes(16)
        await self._connection.execute(
            _ISSUE,
            {
                "account": account.key,
                "employee_no": employee_no,
                "salt": salt,
                "hash": _digest(code, salt),
                "minutes": CODE_MINUTES,
            },
        )
        return code

    async def check(self, account: Account, code: str) -> Checked:
        """Count a try; a right code is used up."""
        row = (await self._connection.execute(_TRY, {"account": account.key, "most": CODE_TRIES})).one_or_none()
        if row is None:
            return Checked(pending=False)
        if hmac.compare_digest(bytes(row.code_hash), _digest(code, bytes(row.salt))):
            await self._connection.execute(_DROP, {"account": account.key})
            return Checked(employee_no=row.employee_no)
        return Checked(tries_left=CODE_TRIES - row.tries)


class Seen:
    """Counts per key and window; real time, shared by all processes."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def first(self, key: str, *, seconds: float) -> bool:
        """True once per window; the window begins with the first time."""
        return await self.count(key, seconds=seconds) == 1

    async def count(self, key: str, *, seconds: float) -> int:
        """Which time this is within the window."""
        return int((await self._connection.execute(_COUNT, {"key": key, "seconds": seconds})).scalar_one())


def _digest(code: str, salt: bytes) -> bytes:
    return hashlib.scrypt(code.encode(), salt=salt, **_SCRYPT)


_ISSUE = text("""
INSERT INTO bind_codes (account_key, employee_no, salt, code_hash, until)
VALUES (:account, :employee_no, :salt, :hash, clock_timestamp() + make_interval(mins => :minutes))
ON CONFLICT (account_key) DO UPDATE
SET employee_no = excluded.employee_no, salt = excluded.salt, code_hash = excluded.code_hash, tries = 0,
    until = excluded.until, sent_at = clock_timestamp()
""")
_TRY = text("""
UPDATE bind_codes SET tries = tries + 1
WHERE account_key = :account AND until > clock_timestamp() AND tries < :most
RETURNING employee_no, salt, code_hash, tries
""")
_DROP = text("DELETE FROM bind_codes WHERE account_key = :account")
_COUNT = text("""
INSERT INTO seen (key, until) VALUES (:key, clock_timestamp() + make_interval(secs => :seconds))
ON CONFLICT (key) DO UPDATE
SET times = CASE WHEN seen.until > clock_timestamp() THEN seen.times + 1 ELSE 1 END,
    until = CASE WHEN seen.until > clock_timestamp() THEN seen.until ELSE excluded.until END
RETURNING times
""")
