"""Approvals: the row everybody locks before deciding, its steps and seats, its talk, and where its cards hang."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.cards.approvals import Copy
from bot.clock import SHANGHAI
from bot.domain.approval_values import Approval, ApprovalState, Seat, Step, Verdict
from bot.domain.evidence import Evidence, evidence_from_json, evidence_to_json
from bot.errors import NotFound
from store.approval_rows import columns, seat_columns, step_columns, to_approval, to_seat, to_step
from store.approval_talk import ApprovalTalk
from store.codec import for_jsonb

CONTRACT_STATE = "待签署"  # of the contract that an approval ends in


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A decision that waits for DingTalk's OA to take it first. `wished_at` is real time."""

    attempt: int
    step_no: int
    employee_no: str
    verdict: Verdict
    note: str
    via: str
    said_at: datetime
    wished_at: datetime


class ApprovalRepository:
    """Approvals inside one unit of work; moments are business time."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.talk = ApprovalTalk(connection)

    # -- writing ------------------------------------------------------------------------------------------------------
    async def add(self, approval: Approval) -> Approval:
        """Store a new draft under a number of its own, `SP` + day + three digits."""
        prefix = f"SP{approval.created_at.astimezone(SHANGHAI):%y%m%d}"
        serial = (await self._connection.execute(_NEXT, {"prefix": prefix, "least": 0})).scalar_one()
        numbered = replace(approval, approval_no=f"{prefix}{serial:03d}")
        await self._connection.execute(_INSERT, columns(numbered))
        return numbered

    async def save(self, approval: Approval) -> None:
        """Write the approval with the steps and seats of its present attempt, all of it under its row's lock."""
        await self._connection.execute(_UPDATE, columns(approval))
        if not approval.steps:
            return
        key = {"approval_no": approval.approval_no, "attempt": approval.attempt}
        steps = [key | step_columns(step) for step in approval.steps]
        seats = [
            key | seat_columns(step, number, seat)
            for step in approval.steps
            for number, seat in enumerate(step.seats, 1)
        ]
        await self._connection.execute(_SAVE_STEPS, {"rows": for_jsonb(steps).decode()})
        await self._connection.execute(_SAVE_SEATS, {"rows": for_jsonb(seats).decode()})

    async def keep_evidence(self, approval_no: str, evidence: Evidence) -> None:
        """What the approvers are shown beside the terms."""
        values = {"approval_no": approval_no, "evidence": for_jsonb(evidence_to_json(evidence)).decode()}
        await self._connection.execute(_KEEP_EVIDENCE, values)

    async def hang(self, approval_no: str, card_id: str) -> None:
        """Remember the submitter's card."""
        await self._connection.execute(_HANG, {"approval_no": approval_no, "card_id": card_id})

    async def sign(self, approval: Approval, *, at: datetime) -> str:
        """The contract that an approval ends in, 待签署, under the next number of its month (`HT2026020007`)."""
        prefix = f"HT{at.astimezone(SHANGHAI):%Y%m}"
        last = (await self._connection.execute(_LAST_CONTRACT, {"prefix": prefix})).scalar_one()
        serial = (await self._connection.execute(_NEXT, {"prefix": prefix, "least": last})).scalar_one()
        number = f"{prefix}{serial:04d}"
        await self._connection.execute(
            _NEW_CONTRACT,
            {
                "contract_no": number,
                "customer_no": approval.terms.customer_no,
                "kind": approval.terms.kind,
                "amount_fen": approval.terms.amount_fen,
                "discount": approval.terms.discount,
                "status": CONTRACT_STATE,
                "owner_no": approval.submitter_no,
            },
        )
        return number

    # -- reading ------------------------------------------------------------------------------------------------------
    async def get(self, approval_no: str) -> Approval:
        """For changing it: nobody else can until this transaction ends.

        Raises:
            NotFound: no approval has this number.
        """
        return await self._one(_GET, approval_no)

    async def read(self, approval_no: str) -> Approval:
        """For looking at it. Raises NotFound like `get`."""
        return await self._one(_READ, approval_no)

    async def _one(self, query: Any, approval_no: str) -> Approval:
        row = (await self._connection.execute(query, {"approval_no": approval_no})).one_or_none()
        if row is None:
            raise NotFound(f"没有编号为 {approval_no} 的审批，请核对编号。")
        return (await self._with_steps([row]))[0]

    async def evidence(self, approval_no: str) -> Evidence | None:
        row = (await self._connection.execute(_EVIDENCE, {"approval_no": approval_no})).one_or_none()
        return None if row is None or row.evidence is None else evidence_from_json(row.evidence)

    async def waiting_for(self, employee_no: str) -> list[Approval]:
        """Those this person may decide now, longest waiting first."""
        rows = await self._connection.execute(_WAITING_FOR, {"employee_no": employee_no})
        return await self._with_steps(rows.all())

    async def of_submitter(
        self, employee_no: str, states: Sequence[ApprovalState], *, limit: int = 20
    ) -> list[Approval]:
        """This person's own in those states, newest first."""
        values = {"employee_no": employee_no, "states": [state.value for state in states], "limit": limit}
        rows = await self._connection.execute(_OF_SUBMITTER, values)
        return await self._with_steps(rows.all())

    async def running(self) -> list[str]:
        """Numbers of all that wait for somebody, oldest first: for reminders, a lock on each comes later."""
        return [row.approval_no for row in await self._connection.execute(_RUNNING)]

    async def copies(self, approval_no: str, attempt: int) -> list[Copy]:
        """Approvers' cards of one attempt, oldest first."""
        rows = await self._connection.execute(_COPIES, {"approval_no": approval_no, "attempt": attempt})
        return [Copy(**row._asdict()) for row in rows]

    async def remember_copy(self, approval_no: str, copy: Copy) -> None:
        """A card is about to hang in an approver's chat."""
        values = {"approval_no": approval_no} | {name: getattr(copy, name) for name in Copy.__slots__}
        await self._connection.execute(_REMEMBER_COPY, values)

    async def copy_of(self, card_id: str) -> tuple[str, Copy] | None:
        """(approval_no, copy) of a card that was tapped; None when it is no approver's card."""
        row = (await self._connection.execute(_COPY_OF, {"card_id": card_id})).one_or_none()
        if row is None:
            return None
        return row.approval_no, Copy(**{name: getattr(row, name) for name in Copy.__slots__})

    async def last_action(self, employee_no: str, *, since: datetime) -> tuple[str, datetime] | None:
        """(number, moment) of what this person did last to any approval (submitted or decided), for 撤销."""
        row = (await self._connection.execute(_LAST_ACTION, {"employee_no": employee_no, "since": since})).one_or_none()
        return None if row is None else (row.approval_no, row.at)

    # -- decisions that go through OA first ---------------------------------------------------------------------------
    async def wish(self, approval_no: str, wish: Wish) -> bool:
        """Note what somebody decided; False when this person's wish for this step is known already."""
        values = {"approval_no": approval_no, **{name: getattr(wish, name) for name in Wish.__slots__}}
        del values["wished_at"]
        return (await self._connection.execute(_WISH, values | {"verdict": wish.verdict.value})).first() is not None

    async def wishes(self, approval_no: str) -> list[Wish]:
        rows = await self._connection.execute(_WISHES, {"approval_no": approval_no})
        return [Wish(**{**row._asdict(), "verdict": Verdict(row.verdict)}) for row in rows]

    async def drop_wish(self, approval_no: str, wish: Wish) -> None:
        values = {"approval_no": approval_no, "attempt": wish.attempt, "step_no": wish.step_no}
        await self._connection.execute(_DROP_WISH, values | {"employee_no": wish.employee_no})

    # -- rows to values -----------------------------------------------------------------------------------------------
    async def _with_steps(self, rows: Sequence[Row[Any]]) -> list[Approval]:
        """Two statements for any number of approvals."""
        if not rows:
            return []
        numbers = {"numbers": [row.approval_no for row in rows]}
        seats: dict[tuple[str, int], list[Seat]] = {}
        for row in await self._connection.execute(_SEATS, numbers):
            seats.setdefault((row.approval_no, row.step_no), []).append(to_seat(row))
        steps: dict[str, list[Step]] = {}
        for row in await self._connection.execute(_STEPS, numbers):
            own = tuple(seats.get((row.approval_no, row.step_no), ()))
            steps.setdefault(row.approval_no, []).append(to_step(row, own))
        return [to_approval(row, tuple(steps.get(row.approval_no, ()))) for row in rows]


_ALL = """approval_no, submitter_no, customer_no, kind, amount_fen, discount, months, nonstandard, note, state, attempt,
created_at, touched_at, submitted_at, decided_at, urged_at, contract_no, visit_no, card_id"""
# S608: only the constant column list is put into the statements below.
_NEXT = text("""
INSERT INTO serials (prefix, last) VALUES (:prefix, CAST(:least AS integer) + 1)
ON CONFLICT (prefix) DO UPDATE SET last = greatest(serials.last, CAST(:least AS integer)) + 1 RETURNING last
""")
_INSERT = text(f"""
INSERT INTO approvals ({_ALL})
VALUES (:approval_no, :submitter_no, :customer_no, :kind, :amount_fen, :discount, :months, :nonstandard, :note, :state,
        :attempt, :created_at, :touched_at, :submitted_at, :decided_at, :urged_at, :contract_no, :visit_no, :card_id)
""")  # noqa: S608
_UPDATE = text("""
UPDATE approvals
SET customer_no = :customer_no, kind = :kind, amount_fen = :amount_fen, discount = :discount, months = :months,
    nonstandard = :nonstandard, note = :note, state = :state, attempt = :attempt, touched_at = :touched_at,
    submitted_at = :submitted_at,
    decided_at = :decided_at, urged_at = :urged_at, contract_no = :contract_no, card_id = :card_id
WHERE approval_no = :approval_no
""")
_SAVE_STEPS = text("""
INSERT INTO approval_steps
SELECT * FROM jsonb_populate_recordset(null::approval_steps, CAST(:rows AS jsonb))
ON CONFLICT (approval_no, attempt, step_no) DO UPDATE
SET state = excluded.state, opened_at = excluded.opened_at, closed_at = excluded.closed_at,
    reminded_at = excluded.reminded_at, escalated_at = excluded.escalated_at
""")
_SAVE_SEATS = text("""
INSERT INTO approval_seats
SELECT * FROM jsonb_populate_recordset(null::approval_seats, CAST(:rows AS jsonb))
ON CONFLICT (approval_no, attempt, step_no, seat_no) DO UPDATE
SET actor_nos = excluded.actor_nos, verdict = excluded.verdict, decided_by = excluded.decided_by,
    decided_at = excluded.decided_at, note = excluded.note, handed_to = excluded.handed_to, via = excluded.via
""")
_KEEP_EVIDENCE = text("UPDATE approvals SET evidence = CAST(:evidence AS jsonb) WHERE approval_no = :approval_no")
_EVIDENCE = text("SELECT evidence FROM approvals WHERE approval_no = :approval_no")
_HANG = text("UPDATE approvals SET card_id = :card_id WHERE approval_no = :approval_no")
_LAST_CONTRACT = text("""
SELECT coalesce(max(substr(contract_no, 9)::integer), 0) FROM contracts
WHERE contract_no LIKE :prefix || '%' AND substr(contract_no, 9) ~ '^[0-9]{1,9}$'
""")
_NEW_CONTRACT = text("""
INSERT INTO contracts (contract_no, customer_no, kind, amount_fen, discount, status, owner_no)
VALUES (:contract_no, :customer_no, :kind, :amount_fen, :discount, :status, :owner_no)
""")
_GET = text(f"SELECT {_ALL} FROM approvals WHERE approval_no = :approval_no FOR UPDATE")  # noqa: S608
_READ = text(f"SELECT {_ALL} FROM approvals WHERE approval_no = :approval_no")  # noqa: S608
_WAITING_FOR = text(f"""
SELECT {_ALL} FROM approvals AS a JOIN LATERAL (
    SELECT step.opened_at FROM approval_steps AS step
    WHERE step.approval_no = a.approval_no AND step.attempt = a.attempt AND step.state = '审批中'
      AND EXISTS (SELECT FROM approval_seats AS seat
                  WHERE (seat.approval_no, seat.attempt, seat.step_no)
                      = (step.approval_no, step.attempt, step.step_no)
                    AND seat.verdict IS NULL AND seat.actor_nos @> ARRAY[CAST(:employee_no AS text)])
) AS open ON true
WHERE a.state = '审批中'
ORDER BY open.opened_at, a.approval_no
""")  # noqa: S608
_OF_SUBMITTER = text(f"""
SELECT {_ALL} FROM approvals WHERE submitter_no = :employee_no AND state = ANY(:states)
ORDER BY coalesce(submitted_at, created_at) DESC, approval_no DESC LIMIT :limit
""")  # noqa: S608
_RUNNING = text("SELECT approval_no FROM approvals WHERE state = '审批中' ORDER BY submitted_at, approval_no")
_STEPS = text("""
SELECT step.* FROM approval_steps AS step JOIN approvals USING (approval_no, attempt)
WHERE approval_no = ANY(:numbers) ORDER BY approval_no, step_no
""")
_SEATS = text("""
SELECT seat.* FROM approval_seats AS seat JOIN approvals USING (approval_no, attempt)
WHERE approval_no = ANY(:numbers) ORDER BY approval_no, step_no, seat_no
""")
_COPIES = text("""
SELECT card_id, attempt, step_no, employee_no, why FROM approval_cards
WHERE approval_no = :approval_no AND attempt = :attempt ORDER BY hung_at, card_id
""")
_REMEMBER_COPY = text("""
INSERT INTO approval_cards (card_id, approval_no, attempt, step_no, employee_no, why)
VALUES (:card_id, :approval_no, :attempt, :step_no, :employee_no, :why)
""")
_COPY_OF = text("""
SELECT approval_no, card_id, attempt, step_no, employee_no, why FROM approval_cards WHERE card_id = :card_id
""")
_LAST_ACTION = text("""
SELECT approval_no, at FROM (
    SELECT approval_no, submitted_at AS at FROM approvals
    WHERE submitter_no = :employee_no AND submitted_at >= :since
    UNION ALL
    SELECT approval_no, decided_at FROM approval_seats WHERE decided_by = :employee_no AND decided_at >= :since
) AS done ORDER BY at DESC LIMIT 1
""")
_WISH = text("""
INSERT INTO approval_wishes (approval_no, attempt, step_no, employee_no, verdict, note, via, said_at)
VALUES (:approval_no, :attempt, :step_no, :employee_no, :verdict, :note, :via, :said_at)
ON CONFLICT DO NOTHING RETURNING 1
""")
_WISHES = text("""
SELECT attempt, step_no, employee_no, verdict, note, via, said_at, wished_at FROM approval_wishes
WHERE approval_no = :approval_no ORDER BY wished_at
""")
_DROP_WISH = text("""
DELETE FROM approval_wishes
WHERE approval_no = :approval_no AND attempt = :attempt AND step_no = :step_no AND employee_no = :employee_no
""")
