"""STUB until merged."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.domain.flows import ApproverKind, FlowStep


class FlowRepository:
    def __init__(self, connection: Any) -> None:
        pass

    async def steps(self, flow: str) -> list[FlowStep]:
        return [
            FlowStep(name="上级", approver_kind=ApproverKind.SUPERIOR),
            FlowStep(
                name="法务",
                approver_kind=ApproverKind.ROLE,
                approver="法务",
                condition=lambda f: f.nonstandard or f.kind == "补充协议",
            ),
            FlowStep(
                name="总监",
                approver_kind=ApproverKind.ROLE,
                approver="总监",
                condition=lambda f: f.amount_fen >= 50000000 or f.discount < f.discount_floor,
            ),
        ]

    async def floors(self) -> dict[str, Decimal]:
        return {"": Decimal("0.9"), "快消终端": Decimal("0.85"), "建材": Decimal("0.85")}

    async def absences(self, at: Any) -> list[Any]:
        return []
