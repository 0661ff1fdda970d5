"""The approval flow, its changes, and who is away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.conditions import ALWAYS, condition_from_json, condition_to_json
from bot.domain.flow_changes import Flow
from bot.domain.flows import CONTRACT, Absence, ApproverKind, FlowStep, Mode
from bot.errors import NotFound, OutOfDate


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowVersion:
    """A change as somebody typed it: proposed, and at most one of dropped and applied; restored: taken back again."""

    version_id: int
    flow: str
    words: str
    before: Flow
    after: Flow
    proposed_by: str
    dropped_at: datetime | None = None
    applied_at: datetime | None = None
    restored_at: datetime | None = None


class FlowRepository:
    """Flows inside one unit of work; moments are business time. Approvals under way keep the steps they began with."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    # -- reading ----------------------------------------------------------------------------------------------------
    async def steps(self, flow: str = CONTRACT) -> list[FlowStep]:
        """All steps in order, those that are switched off too."""
        return [_to_step(row) for row in await self._connection.execute(_STEPS, {"flow": flow})]

    async def floors(self) -> dict[str, Decimal]:
        """The discount floor per industry; "" is for all others."""
        return {row.industry: row.floor for row in await self._connection.execute(_FLOORS)}

    async def flow(self, flow: str = CONTRACT) -> Flow:
        return Flow(tuple(await self.steps(flow)), await self.floors())

    # -- changing ---------------------------------------------------------------------------------------------------
    async def propose(self, words: str, before: Flow, after: Flow, *, by: str, at: datetime) -> int:
        """Remember a change that waits for its proposer's tap; returns its number."""
        values = {
            "flow": _name(before, after),
            "words": words,
            "before": _flow_to_json(before),
            "after": _flow_to_json(after),
            "by": by,
            "at": at,
        }
        return int((await self._connection.execute(_PROPOSE, values)).scalar_one())

    async def version(self, version_id: int) -> FlowVersion:
        """For deciding about it: nobody else can until this transaction ends.

        Raises:
            NotFound: there is none of that number.
        """
        row = (await self._connection.execute(_VERSION, {"version_id": version_id})).one_or_none()
        if row is None:
            raise NotFound("没有这条流程变更，请重新发起。")
        return _to_version(row)

    async def drop(self, version: FlowVersion, *, at: datetime) -> None:
        await self._connection.execute(_DROP, {"version_id": version.version_id, "at": at})

    async def apply(self, version: FlowVersion, *, by: str, at: datetime) -> Flow:
        """Make the flow what the change says.

        Raises:
            OutOfDate: somebody changed the flow after this was proposed.
        """
        await self._connection.execute(_LOCK)
        if await self.flow(version.flow) != version.before:
            raise OutOfDate("流程在这期间被改过了，这次变更没有生效。请发「流程」看一下现在的样子，再改一次。")
        await self._write(version.flow, version.after, by=by, at=at)
        await self._connection.execute(_APPLIED, {"version_id": version.version_id, "at": at})
        return await self.flow(version.flow)

    async def last_applied(self, flow: str = CONTRACT) -> FlowVersion | None:
        """The change that 流程 还原 takes back next."""
        row = (await self._connection.execute(_LAST, {"flow": flow})).one_or_none()
        return None if row is None else _to_version(row)

    async def restore(self, version: FlowVersion, *, by: str, at: datetime) -> Flow:
        """Make the flow what it was before that change."""
        await self._connection.execute(_LOCK)
        await self._write(version.flow, version.before, by=by, at=at)
        await self._connection.execute(_RESTORED, {"version_id": version.version_id, "at": at})
        return await self.flow(version.flow)

    async def _write(self, name: str, flow: Flow, *, by: str, at: datetime) -> None:
        present = {step.step_id: step for step in await self.steps(name)}
        wanted = {step.step_id: step for step in flow.steps if step.step_id in present}
        gone = [step_id for step_id in present if step_id not in wanted]
        await self._connection.execute(_DELETE, {"gone": gone})
        for step in flow.steps:
            values = {**_columns(step), "flow": name, "step_id": step.step_id, "by": by, "at": at}
            if step.step_id not in present:
                await self._connection.execute(_INSERT, values)
            elif step != present[step.step_id]:
                await self._connection.execute(_UPDATE, values)
        floors = [{"industry": industry, "floor": str(floor)} for industry, floor in flow.floors.items()]
        await self._connection.execute(_DROP_FLOORS, {"industries": list(flow.floors)})
        await self._connection.execute(_SET_FLOORS, {"floors": orjson.dumps(floors).decode()})

    # -- who is away ------------------------------------------------------------------------------------------------
    async def absences(self, at: datetime) -> list[Absence]:
        """Absences that cover the moment, oldest first."""
        return [_to_absence(row) for row in await self._connection.execute(_ABSENT, {"at": at})]

    async def absences_of(self, employee_no: str, *, since: datetime) -> list[Absence]:
        """One person's absences that end after a moment, the next first."""
        rows = await self._connection.execute(_ABSENCES_OF, {"employee_no": employee_no, "since": since})
        return [_to_absence(row) for row in rows]

    async def add_absence(self, absence: Absence, *, by: str, at: datetime) -> Absence:
        values = {
            "employee_no": absence.employee_no,
            "starts_at": absence.starts_at,
            "ends_at": absence.ends_at,
            "delegate_no": absence.delegate_no,
            "reason": absence.reason,
            "by": by,
            "at": at,
        }
        number = (await self._connection.execute(_ADD_ABSENCE, values)).scalar_one()
        return replace(absence, absence_id=number)

    async def cancel_absence(self, absence_id: int, *, at: datetime) -> None:
        await self._connection.execute(_CANCEL_ABSENCE, {"absence_id": absence_id, "at": at})


def _name(*flows: Flow) -> str:
    return next((step.flow for flow in flows for step in flow.steps), CONTRACT)


def _columns(step: FlowStep) -> dict[str, Any]:
    """A step's values as the table and the JSON of a version hold them."""
    always = step.condition == ALWAYS
    return {
        "position": step.position,
        "name": step.name,
        "approver_kind": step.approver_kind.value,
        "approver": step.approver,
        "mode": step.mode.value,
        "need": step.need,
        "condition": None if always else orjson.dumps(condition_to_json(step.condition)).decode(),
        "remind_minutes": step.remind_minutes,
        "escalate_minutes": step.escalate_minutes,
        "enabled": step.enabled,
    }


def _to_step(row: Row[Any]) -> FlowStep:
    return _step({**row._asdict()}, row.condition)


def _step(values: Mapping[str, Any], condition: Mapping[str, Any] | None) -> FlowStep:
    return FlowStep(
        step_id=values["step_id"],
        flow=values["flow"],
        position=values["position"],
        name=values["name"],
        approver_kind=ApproverKind(values["approver_kind"]),
        approver=values["approver"],
        mode=Mode(values["mode"]),
        need=values["need"],
        condition=ALWAYS if condition is None else condition_from_json(condition),
        remind_minutes=values["remind_minutes"],
        escalate_minutes=values["escalate_minutes"],
        enabled=values["enabled"],
    )


def _flow_to_json(flow: Flow) -> str:
    steps = [{**_columns(step), "step_id": step.step_id, "flow": step.flow} for step in flow.steps]
    floors = {industry: str(floor) for industry, floor in flow.floors.items()}
    return orjson.dumps({"steps": steps, "floors": floors}).decode()


def _flow_from_json(stored: Mapping[str, Any]) -> Flow:
    steps = [_step(step, orjson.loads(step["condition"]) if step["condition"] else None) for step in stored["steps"]]
    return Flow(tuple(steps), {industry: Decimal(floor) for industry, floor in stored["floors"].items()})


def _to_version(row: Row[Any]) -> FlowVersion:
    return FlowVersion(
        version_id=row.version_id,
        flow=row.flow,
        words=row.words,
        before=_flow_from_json(row.before),
        after=_flow_from_json(row.after),
        proposed_by=row.proposed_by,
        dropped_at=row.dropped_at,
        applied_at=row.applied_at,
        restored_at=row.restored_at,
    )


def _to_absence(row: Row[Any]) -> Absence:
    return Absence(
        absence_id=row.absence_id,
        employee_no=row.employee_no,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        delegate_no=row.delegate_no,
        reason=row.reason,
    )


# one change at a time: whoever comes second sees what the first made of the flow
_LOCK = text("LOCK TABLE flow_steps, discount_floors IN SHARE ROW EXCLUSIVE MODE")
_STEPS = text("""
SELECT step_id, flow, position, name, approver_kind, approver, mode, need, condition, remind_minutes,
       escalate_minutes, enabled
FROM flow_steps WHERE flow = :flow ORDER BY position, step_id
""")
_FLOORS = text("SELECT industry, floor FROM discount_floors ORDER BY industry = '', industry")
_DELETE = text("DELETE FROM flow_steps WHERE step_id = ANY(:gone)")
_INSERT = text("""
INSERT INTO flow_steps (flow, position, name, approver_kind, approver, mode, need, condition, remind_minutes,
                        escalate_minutes, enabled, changed_by, changed_at)
VALUES (:flow, :position, :name, :approver_kind, :approver, :mode, :need, CAST(:condition AS jsonb), :remind_minutes,
        :escalate_minutes, :enabled, :by, :at)
""")
_UPDATE = text("""
UPDATE flow_steps
SET position = :position, name = :name, approver_kind = :approver_kind, approver = :approver, mode = :mode,
    need = :need, condition = CAST(:condition AS jsonb), remind_minutes = :remind_minutes,
    escalate_minutes = :escalate_minutes, enabled = :enabled, changed_by = :by, changed_at = :at
WHERE step_id = :step_id
""")
_DROP_FLOORS = text("DELETE FROM discount_floors WHERE industry <> ALL(:industries)")
_SET_FLOORS = text("""
INSERT INTO discount_floors (industry, floor)
SELECT industry, floor FROM jsonb_to_recordset(CAST(:floors AS jsonb)) AS wanted(industry text, floor numeric)
ON CONFLICT (industry) DO UPDATE SET floor = excluded.floor
""")
_ALL = "version_id, flow, words, before, after, proposed_by, dropped_at, applied_at, restored_at"
_PROPOSE = text("""
INSERT INTO flow_versions (flow, words, before, after, proposed_by, proposed_at)
VALUES (:flow, :words, CAST(:before AS jsonb), CAST(:after AS jsonb), :by, :at) RETURNING version_id
""")
_VERSION = text(f"SELECT {_ALL} FROM flow_versions WHERE version_id = :version_id FOR UPDATE")  # noqa: S608
_DROP = text("UPDATE flow_versions SET dropped_at = :at WHERE version_id = :version_id")
_APPLIED = text("UPDATE flow_versions SET applied_at = :at WHERE version_id = :version_id")
_RESTORED = text("UPDATE flow_versions SET restored_at = :at WHERE version_id = :version_id")
_LAST = text(f"""
SELECT {_ALL} FROM flow_versions
WHERE flow = :flow AND applied_at IS NOT NULL AND restored_at IS NULL
ORDER BY applied_at DESC, version_id DESC LIMIT 1 FOR UPDATE
""")  # noqa: S608
_ABSENT = text("""
SELECT absence_id, employee_no, starts_at, ends_at, delegate_no, reason FROM absences
WHERE starts_at <= :at AND ends_at > :at AND cancelled_at IS NULL ORDER BY absence_id
""")
_ABSENCES_OF = text("""
SELECT absence_id, employee_no, starts_at, ends_at, delegate_no, reason FROM absences
WHERE employee_no = :employee_no AND ends_at > :since AND cancelled_at IS NULL ORDER BY starts_at, absence_id
""")
_ADD_ABSENCE = text("""
INSERT INTO absences (employee_no, starts_at, ends_at, delegate_no, reason, created_by, created_at)
VALUES (:employee_no, :starts_at, :ends_at, :delegate_no, :reason, :by, :at) RETURNING absence_id
""")
_CANCEL_ABSENCE = text("UPDATE absences SET cancelled_at = :at WHERE absence_id = :absence_id AND cancelled_at IS NULL")
