"""Live leads: their cases, every rep's turn, what each decision stood on, and the versions of the rules.

Moments are business time unless a comment says real. Leads that came by file only are rows of `leads` without a case.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Sequence,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.metadata import metadata

Moment = DateTime(timezone=True)

#: Serial of the leads that people enter in chat: XS + yymmdd + three digits or more.
lead_serial = Sequence("lead_serial", metadata=metadata)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


lead_cases = Table(
    "lead_cases",
    metadata,
    Column("lead_no", Text, primary_key=True),
    Column("state", Text, nullable=False),  # bot.domain.leads.cases.LeadState
    Column("queued_at", Moment, nullable=False),
    Column("waits_for", Integer, nullable=False, server_default="0"),  # bot.domain.leads.values.Reason
    Column("refused", JSONB, nullable=False, server_default=text("'{}'")),  # reason's name -> reps
    _text("origin"),  # api, chat, wecom, file
    _text("entered_by"),  # 工号, or the name of the API key
    _text("external_user_id"),  # WeCom's, of the customer's contact
    _text("same_kind"),  # 客户 or 线索 that this is the same as; flagged, whatever became of it
    _text("same_no"),
    _text("same_why"),  # 手机号 or 公司名称
    _text("owner_no"),
    _text("owner_how"),
    Column("turn_no", Integer, nullable=False, server_default="0"),  # the last one
    _text("holder_no"),  # who has it now
    Column("closed_at", Moment),
    Column("manager_told_at", Moment),
    Column("created_at", Moment, nullable=False, server_default=func.now()),  # real
    Index("lead_cases_waiting_idx", "queued_at", "lead_no", postgresql_where=text("state = '待分配'")),
    Index("lead_cases_lower_idx", text("lower(lead_no)")),
    Index("lead_cases_holder_no_idx", "holder_no", postgresql_where=text("holder_no <> ''")),
    Index("lead_cases_same_no_idx", "same_no", postgresql_where=text("same_no <> ''")),
)

lead_turns = Table(
    "lead_turns",
    metadata,
    Column("lead_no", Text, primary_key=True),
    Column("turn_no", Integer, primary_key=True),
    Column("serial", BigInteger, Identity(always=True), nullable=False),  # order in which leads were given out
    Column("employee_no", Text, nullable=False),
    Column("how", Text, nullable=False),  # bot.domain.leads.cases.How
    _text("by_no"),
    Column("score", Double),
    Column("policy_version", Integer, nullable=False, server_default="0"),
    Column("high_intent", Boolean, nullable=False),
    Column("given_at", Moment, nullable=False),
    Column("remind_at", Moment),
    Column("due_at", Moment),
    Column("reminded_at", Moment),
    Column("responded_at", Moment),
    _text("response"),
    Column("called_at", Moment),
    Column("ended_at", Moment),
    _text("ending"),
    _text("note"),
    _text("card_id"),
    Index("lead_turns_employee_no_given_at_idx", "employee_no", "given_at"),
    Index("lead_turns_employee_no_serial_idx", "employee_no", "serial"),
    Index("lead_turns_given_at_idx", "given_at"),
    Index("lead_turns_open_idx", "due_at", postgresql_where=text("ended_at IS NULL AND responded_at IS NULL")),
)

lead_decisions = Table(  # of the turns that were scored
    "lead_decisions",
    metadata,
    Column("lead_no", Text, primary_key=True),
    Column("turn_no", Integer, primary_key=True),
    Column("decided_at", Moment, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("employee_no", Text, nullable=False),
    Column("score", Double, nullable=False),
    _text("runner_up"),
    Column("margin", Double, nullable=False),
    Column("refused", JSONB, nullable=False),  # reason's name -> reps
    Column("explanation", JSONB, nullable=False),  # the contributions, as they add up to the score
    Column("snapshot", LargeBinary, nullable=False),  # bot.domain.leads.replay.Snapshot
)

lead_rule_changes = Table(  # a change as proposed; applied or dropped by a tap; applied ones are the versions
    "lead_rule_changes",
    metadata,
    Column("change_id", BigInteger, Identity(always=True), primary_key=True),
    Column("version", Integer, unique=True),  # NULL until applied
    Column("base_version", Integer, nullable=False),  # what it was proposed against
    _text("words"),
    Column("rules", JSONB, nullable=False),  # bot.domain.leads.rules.LeadRules
    _text("proposed_by"),
    Column("proposed_at", Moment, nullable=False),
    Column("applied_at", Moment),
    Column("dropped_at", Moment),
    Column("restores", Integer),  # the version that this change takes back
)

lead_facts = Table(  # facts about reps that people typed or loaded, for dimensions of their own
    "lead_facts",
    metadata,
    Column("fact", Text, primary_key=True),
    Column("employee_no", Text, primary_key=True),
    Column("label", Text, primary_key=True),  # region or industry of the lead; empty: whatever the lead is
    Column("value", Double, nullable=False),
    _text("set_by"),
    Column("set_at", Moment, nullable=False, server_default=text("'epoch'")),  # a file says no date: it always held
    Column("loaded_at", Moment, nullable=False, server_default=func.now()),  # real
)

lead_prices = Table(  # what the nightly run learned; the newest row counts
    "lead_prices",
    metadata,
    Column("learned_at", Moment, primary_key=True),
    Column("learned", JSONB, nullable=False),  # bot.domain.leads.roster.Learned
)

lead_reviews = Table(
    "lead_reviews",
    metadata,
    Column("day", Date, primary_key=True),
    Column("region", Text, primary_key=True),  # empty: the whole company
    Column("review", JSONB, nullable=False),  # bot.domain.leads.review.Review
    Column("picture_id", BigInteger),  # of attachments; NULL for a day without leads
    Column("made_at", Moment, nullable=False),
)
