"""A company's day in three statements, whatever the number of people: visits, promises, contracts that end."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import SHANGHAI
from bot.domain.digests import EXPIRY_DAYS, ContractEnd, DigestFacts
from bot.domain.workdays import previous_workday
from store.visits import VisitRepository


class DigestRepository:
    """Reads only, for everybody at once."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def facts(self, as_of: datetime) -> DigestFacts:
        """What a digest of that moment is made of: visits since the beginning of the workday before, open promises up
        to its day, and contracts that end within the next 30 days."""
        today = as_of.astimezone(SHANGHAI).date()
        since, visits = previous_workday(today), VisitRepository(self._connection)
        told = await visits.between(_midnight(since), as_of)
        morning = _midnight(today)
        return DigestFacts(
            since=since,
            today=today,
            visits=[visit for visit in told if visit.at < morning],
            visits_today=[visit for visit in told if visit.at >= morning],
            promises=await visits.promises(today, as_of=as_of, overdue=True),
            contract_ends=await self._contract_ends(today),
        )

    async def _contract_ends(self, today: date) -> list[ContractEnd]:
        until = today + timedelta(days=EXPIRY_DAYS)
        rows = await self._connection.execute(_CONTRACT_ENDS, {"today": today, "until": until})
        return [ContractEnd(**row) for row in rows.mappings()]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


_CONTRACT_ENDS = text("""
SELECT contract_no, customer_no, kind, coalesce(amount_fen, 0) AS amount_fen, expires_on FROM contracts AS ending
WHERE status = '履行中' AND expires_on BETWEEN :today AND :until AND (signed_on IS NULL OR expires_on >= signed_on)
  AND NOT EXISTS (
      SELECT 1 FROM contracts AS longer
      WHERE longer.customer_no = ending.customer_no AND longer.status IN ('履行中', '待归档')
        AND (longer.signed_on IS NULL OR longer.expires_on >= longer.signed_on)
        AND (longer.expires_on, longer.contract_no) > (ending.expires_on, ending.contract_no))
ORDER BY expires_on, contract_no
""")
