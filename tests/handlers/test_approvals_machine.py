"""The plain model of an approval beside the real thing: inbox, handlers, PostgreSQL, and every card in every chat."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from bot.cards import approval_actions as actions
from bot.cards import approvals as cards
from bot.domain.approval_values import Approval, Verdict
from bot.domain.approvals import Overdue, overdue
from bot.domain.flow_changes import Flow
from bot.domain.flows import ApproverKind, FlowStep, Mode, seats_for
from bot.domain.people import Employee, Role
from bot.messages import Card, CardUpdate, Kind, Tap
from jobs.approval_reminder import approval_reminder
from store.approvals import ApprovalRepository
from store.codec import content_from_json
from tests.domain.approval_model import Model, Refused, pictured
from tests.support.desk import DINGTALK, THURSDAY, WECOM, Desk
from tests.support.firm import FINANCE, LEGAL, SECOND_LEGAL, SECOND_MANAGER, open_firm
from tests.support.soak import soak

REP = "YG010"
MORE_FINANCE = (
    replace(FINANCE, employee_no="YG057", name="崔爱珍", dingtalk_user="dd_cui"),
    replace(FINANCE, employee_no="YG058", name="郑浩然", dingtalk_user="", wecom_user="zhenghaoran"),
)
CROWDS = ("区域经理", "法务", "财务", "总监")
DECIDERS = ("YG001", "YG003", "YG005", "YG056", "YG057", "YG058", "YG059", "YG060")
EVERYBODY = (*DECIDERS, REP, "YG002", "YG013")
HEADS = {**dict.fromkeys(DECIDERS[1:], "YG001"), "YG002": "YG001", "YG013": "YG003"}
DECISIONS = (actions.Agree.name, actions.Reject.name, actions.HandOver.name, actions.AddSigner.name)


class Contract:
    """One contract of the rep's, played at random; the model goes along."""

    def __init__(self, firm: Desk, chance: random.Random) -> None:
        self.firm = firm
        self.chance = chance
        self.model = Model(submitter=REP)
        self.number = ""

    # -- what is there ------------------------------------------------------------------------------------------------
    async def stored(self) -> Approval:
        async with self.firm.unit_of_work() as uow:
            return await _approvals(uow).read(self.number)

    def person(self, number: str) -> Employee:
        found = self.firm.directory.employee(number)
        assert found is not None
        return found

    async def says(self, number: str, words: str, act: Callable[[], None]) -> None:
        """Typed once or ten times: each copy is a word of its own, and means what is open when it is read."""
        person = self.person(number)
        channel = DINGTALK if person.dingtalk_user and person.role is not Role.REP else WECOM
        user = person.dingtalk_user if channel is DINGTALK else person.wecom_user
        for _ in range(self.chance.choice((1, 1, 2, 10))):
            await self.firm.sends(user, kind=Kind.TEXT, text=words, channel=channel)
            self.expect(act)

    async def taps(self, copy: cards.Copy, action: Any, typed: str, by: str) -> None:
        person = self.person(by)
        channel = DINGTALK if person.dingtalk_user else WECOM
        tap = Tap(card_id=copy.card_id, action=action.name, params=action.params(), text=typed)
        user = person.dingtalk_user or person.wecom_user
        for _ in range(self.chance.choice((1, 1, 2, 10))):
            await self.firm.sends(user, kind=Kind.TAP, tap=tap, channel=channel)

    def expect(self, act: Any, *arguments: Any) -> None:
        with contextlib.suppress(Refused):
            act(*arguments)

    # -- beginning ----------------------------------------------------------------------------------------------------
    async def begin(self) -> None:
        async with self.firm.unit_of_work() as uow:
            before = await uow.flows.flow()
            rows = tuple(self._row(position) for position in range(1, self.chance.randint(1, 4) + 1))
            version = await uow.flows.propose("…", before, Flow(rows, before.floors), by="YG001", at=THURSDAY)
        async with self.firm.unit_of_work() as uow:
            await uow.flows.apply(await uow.flows.version(version), by="YG001", at=THURSDAY)
        await self.firm.says("LiLei", "合同 绿源滨江 30万 9.2折 一年")
        async with self.firm.unit_of_work() as uow:
            self.number = (await uow.connection.execute(text("SELECT max(approval_no) FROM approvals"))).scalar_one()
        await self.submit()

    def _row(self, position: int) -> FlowStep:
        alone = self.chance.random() < 0.4
        return FlowStep(
            position=position,
            name=f"第{position}步",
            approver_kind=ApproverKind.PERSON if alone else ApproverKind.ROLE,
            approver=self.chance.choice(DECIDERS) if alone else self.chance.choice(CROWDS),
            mode=self.chance.choice((Mode.ANY, Mode.ALL, Mode.K)),
            need=self.chance.randint(1, 3),
        )

    async def submit(self) -> None:
        async with self.firm.unit_of_work() as uow:
            rows = await uow.flows.steps()
        flow = [
            {
                "name": row.name,
                "mode": row.mode.value,
                "need": row.need,
                "people": [
                    (plan.approver_no, list(plan.actor_nos))
                    for plan in seats_for(
                        row.approver_kind,
                        row.approver,
                        submitter=self.person(REP),
                        directory=self.firm.directory,
                        absences=(),
                        at=THURSDAY,
                    )
                ],
            }
            for row in rows
        ]
        await self.says(REP, f"提交 {self.number}", lambda: self.model.submit(flow))

    # -- one thing after the other ------------------------------------------------------------------------------------
    async def move(self) -> None:
        acts = (self.decide, self.decide, self.decide, self.tap, self.tap, self.hand, self.mine, self.wait)
        await self.chance.choice(acts)()

    def _who(self) -> str:
        waiting = self.model.may_decide()
        return self.chance.choice(waiting) if waiting and self.chance.random() < 0.8 else self.chance.choice(EVERYBODY)

    def _here(self) -> tuple[int, int]:
        step = self.model.open_step()
        return self.model.attempt, self.model.steps.index(step) + 1 if step else 0

    async def decide(self) -> None:
        verdict = self.chance.choices((Verdict.AGREE, Verdict.REJECT), (9, 1))[0]
        who = self._who()
        await self.says(who, f"{verdict} {self.number} 好的", lambda: self.model.decide(who, verdict, *self._here()))

    async def tap(self) -> None:
        """Any copy that ever hung, also one that is out of date; now and then by somebody else's hand."""
        async with self.firm.unit_of_work() as uow:
            attempt = self.chance.randint(max(1, self.model.attempt - 1), max(1, self.model.attempt))
            copies = await _approvals(uow).copies(self.number, attempt)
        if not copies:
            return
        copy = self.chance.choice(copies[-3:])
        by = copy.employee_no if self.chance.random() < 0.9 else self.chance.choice(DECIDERS)
        where = {"approval_no": self.number, "attempt": str(copy.attempt), "step": str(copy.step_no)}
        if self.chance.random() < 0.85:
            await self.taps(copy, actions.Agree(**where), "", by)
            self.expect(self.model.decide, by, "同意", copy.attempt, copy.step_no)
        else:
            await self.taps(copy, actions.Reject(**where), "太低", by)
            self.expect(self.model.decide, by, "拒绝", copy.attempt, copy.step_no)

    async def hand(self) -> None:
        by, to = self._who(), self.chance.choice(DECIDERS)
        if self.chance.random() < 0.5:
            await self.says(
                by,
                f"转交 {self.number} {self.person(to).name}",
                lambda: self.model.transfer(by, to, *self._here()),
            )
        else:
            await self.says(
                by, f"加签 {self.number} {self.person(to).name}", lambda: self.model.add(by, to, *self._here())
            )

    async def mine(self) -> None:
        """The submitter's own."""
        match self.chance.choice(("withdraw", "edit", "submit", "submit", "urge")):
            case "withdraw" if self.chance.random() < 0.3:
                await self.says(REP, f"撤回 {self.number}", lambda: self.model.withdraw(REP))
            case "edit":
                await self.says(REP, f"修改 {self.number}", self.model.edit)
            case "submit":
                await self.submit()
            case "urge":
                await self.says(REP, f"催办 {self.number}", lambda: None)

    async def wait(self) -> None:
        self.firm.minutes_later(self.chance.choice((5, 31, 300, 60 * 24 * 4)))
        due = overdue(await self.stored(), at=self.firm.clock.now())
        for _ in range(2):
            await approval_reminder(self.firm.job_context())
        if due is Overdue.ESCALATE:
            self.model.escalate(self._above())

    def _above(self) -> dict[str, str]:
        step = self.model.open_step()
        spoken = {ask["by"] for ask in step["asks"] if ask["said"] == "同意"} if step else set()
        found = {}
        for ask in step["asks"] if step else []:
            head = HEADS.get(ask["who"], "")
            while head and head in (*ask["actors"], *spoken):
                head = HEADS.get(head, "")
            if head:
                found[ask["who"]] = head
        return found

    # -- what always holds --------------------------------------------------------------------------------------------
    async def check(self) -> None:
        approval = await self.stored()
        assert pictured(approval) == self.model.picture()
        attempt, step = self._here()
        waiting = self.model.may_decide()
        faces = await self._faces()
        live = set()
        async with self.firm.unit_of_work() as uow:
            copies = [
                copy
                for no in range(1, self.model.attempt + 1)
                for copy in await _approvals(uow).copies(self.number, no)
            ]
        for copy in copies:
            buttons = [button.action.name for button in faces[copy.card_id].buttons]
            may = (copy.attempt, copy.step_no) == (attempt, step) and copy.employee_no in waiting
            assert bool(buttons) is may, (copy, buttons)
            live |= {copy.employee_no} if may else set()
        assert live == set(waiting)
        asked = Counter((copy.attempt, copy.step_no, copy.employee_no) for copy in copies if copy.why == "asked")
        assert set(asked.values()) <= {1}

    async def check_end(self) -> None:
        """Who decided what stands in the audit once, and every end was told once."""
        async with self.firm.unit_of_work() as uow:
            values = {"number": self.number}
            decided = await uow.connection.execute(
                text("""SELECT DISTINCT attempt, step_no, decided_by FROM approval_seats
                        WHERE approval_no = :number AND verdict IN ('同意', '拒绝') AND via <> 'earlier'"""),
                values,
            )
            audited = await uow.connection.execute(
                text("""SELECT (details ->> 'attempt')::int AS attempt, (details ->> 'step')::int AS step,
                               employee_no FROM audit
                        WHERE what = 'approval.decided' AND subject = :number"""),
                values,
            )
            assert sorted(tuple(row) for row in decided) == sorted(tuple(row) for row in audited)
            ends = await uow.connection.execute(
                text("""SELECT count(*) FROM approval_steps WHERE approval_no = :number AND state = '已拒绝'"""), values
            )
            expected = ends.scalar_one() + (self.model.state == "已通过")
            told = await uow.connection.execute(
                text("""SELECT count(*) FROM outbox
                        WHERE starts_with(dedup_key, 'approval:' || :number) AND strpos(dedup_key, 'ended') > 0"""),
                values,
            )
            assert told.scalar_one() == expected
            contracts = await uow.connection.execute(
                text(
                    "SELECT count(*) FROM contracts WHERE contract_no = ANY("
                    "SELECT contract_no FROM approvals WHERE approval_no = :number)"
                ),
                values,
            )
            assert contracts.scalar_one() == (self.model.state == "已通过")

    async def _faces(self) -> dict[str, Card]:
        """The newest face of every card of this contract, in whichever chat."""
        async with self.firm.unit_of_work() as uow:
            rows = await uow.connection.execute(
                text("SELECT content, card_id FROM outbox WHERE strpos(content::text, :number) > 0 ORDER BY outbox_id"),
                {"number": self.number},
            )
            found = [(content_from_json(row.content), row.card_id) for row in rows]
        faces: dict[str, Card] = {}
        for content, card_id in found:
            if isinstance(content, CardUpdate):
                faces[content.card_id] = content.card
            elif isinstance(content, Card):
                faces[card_id] = content
        return faces


def _approvals(uow: Any) -> ApprovalRepository:
    repository: ApprovalRepository = uow.approvals
    return repository


@pytest.mark.parametrize(
    ("seed", "contracts", "moves"),
    [
        pytest.param(1, 3, 12, id="a few"),
        *(pytest.param(seed, 25, 30, id=f"many {seed}", marks=soak) for seed in range(2, 6)),
    ],
)
@pytest.mark.timeout(1800)
async def test_what_is_stored_and_shown_is_what_the_plain_model_says(
    desk: Desk, seed: int, contracts: int, moves: int
) -> None:
    firm, chance = open_firm(desk, SECOND_MANAGER, LEGAL, SECOND_LEGAL, *MORE_FINANCE), random.Random(seed)
    for _ in range(contracts):
        contract = Contract(firm, chance)
        await contract.begin()
        await contract.check()
        for _ in range(moves):
            await contract.move()
            await contract.check()
        await contract.check_end()
