"""What decisions about leads stood on, read back; and the proof that they come out the same again."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.reasons import KeptDecision
from bot.domain.leads.replay import Snapshot, explanation_from_json, replay
from bot.domain.leads.values import Reason
from bot.domain.text import fold
from bot.errors import NotFound
from store.lead_rules import LeadRuleRepository


async def kept_decision(connection: AsyncConnection, lead_no: str, turn_no: int) -> KeptDecision | None:
    """Of a turn that was scored; None for one that was not."""
    row = (await connection.execute(_DECISION, {"lead_no": lead_no, "turn_no": turn_no})).one_or_none()
    return None if row is None else _to_decision(row)


async def replays(connection: AsyncConnection, lead_no: str, turn_no: int) -> bool:
    """Whether the kept facts under the version that the decision names give the same winner.

    Raises:
        NotFound: that turn was not scored, or its version is gone.
    """
    kept = await kept_decision(connection, lead_no, turn_no)
    if kept is None:
        raise NotFound(f"{lead_no} 的第 {turn_no} 次派发没有打过分。")
    return await comes_out_the_same(connection, kept)


async def comes_out_the_same(connection: AsyncConnection, kept: KeptDecision) -> bool:
    """`replays` for a decision at hand."""
    rules = await LeadRuleRepository(connection).version(kept.policy_version)
    return replay(kept.snapshot, rules.policy) == kept.employee_no


async def lead_number(connection: AsyncConnection, typed: str) -> str:
    """The lead's number as it is stored, whatever the case or width in which it was typed.

    Raises:
        NotFound: there is none of that number.
    """
    found = (await connection.execute(_NUMBER, {"typed": typed, "folded": fold(typed)})).scalars().all()
    if not found:
        raise NotFound(f"没有编号为 {typed[:40]} 的线索，请看一下线索卡片上的编号。")
    return str(found[0])


def _to_decision(row: Row[Any]) -> KeptDecision:
    return KeptDecision(
        lead_no=row.lead_no,
        turn_no=row.turn_no,
        decided_at=row.decided_at,
        policy_version=row.policy_version,
        employee_no=row.employee_no,
        runner_up=row.runner_up,
        margin=row.margin,
        refused={Reason[name]: count for name, count in orjson.loads(row.refused).items()},
        explanation=explanation_from_json(orjson.loads(row.explanation)),
        snapshot=Snapshot.unpack(row.snapshot),
    )


_DECISION = text("""
SELECT lead_no, turn_no, decided_at, policy_version, employee_no, runner_up, margin, refused::text AS refused,
       explanation::text AS explanation, snapshot
FROM lead_decisions WHERE lead_no = :lead_no AND turn_no = :turn_no
""")
_NUMBER = text("""
SELECT lead_no FROM leads WHERE lower(lead_no) = :folded ORDER BY lead_no <> :typed, lead_no LIMIT 1
""")
