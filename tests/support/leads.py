"""Live leads for tests, put into the store as intake leaves them: a row of `leads` and a case that waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import text

from bot.domain.leads.cases import How, LeadCase
from bot.domain.leads.records import Intent, LeadRecord
from store.codec import for_jsonb
from store.leads import CHANGED
from store.unit_of_work import UnitOfWork

NOON = datetime(2026, 2, 12, 4, 0, tzinfo=UTC)


def enquiry(lead_no: str = "XS260212001", *, at: datetime = NOON, **changes: object) -> LeadRecord:
    """A lead of the sample company's kind; whatever is named differs."""
    record = LeadRecord(
        lead_no=lead_no,
        received_at=at,
        source="官网表单",
        company="杭州朴枢物流有限公司",
        contact="陈俊杰",
        mobile="19900005501",
        mobile_key="19900005501",
        region="杭州大区",
        industry="快消终端",
        amount_fen=3_900_000,
        amount_text="39000",
        intent=Intent.HIGH,
        note="想进一批饮料做年货，求报价",
    )
    return replace(record, **changes)  # type: ignore[arg-type]


async def put_leads(
    uow: UnitOfWork, records: Sequence[LeadRecord], *, owner_no: str = "", entered_by: str = "", same_no: str = ""
) -> None:
    """Records with their waiting cases, in order of arrival; processes that give leads out are told."""
    await uow.connection.execute(_LEADS, {"rows": for_jsonb([_lead(record) for record in records]).decode()})
    cases = [
        {
            "lead_no": record.lead_no,
            "queued_at": record.received_at.isoformat(),
            "owner_no": owner_no,
            "owner_how": How.OWNER.value if owner_no else "",
            "entered_by": entered_by,
            "same_no": same_no,
        }
        for record in records
    ]
    await uow.connection.execute(_CASES, {"rows": for_jsonb(cases).decode()})
    await uow.notify(CHANGED)


async def case_of(uow: UnitOfWork, lead_no: str) -> LeadCase:
    return await uow.leads.get(lead_no)


def _lead(record: LeadRecord) -> dict[str, object]:
    return {
        "lead_no": record.lead_no,
        "received_at": record.received_at.isoformat(),
        "source": record.source,
        "company": record.company,
        "contact": record.contact,
        "mobile": record.mobile,
        "mobile_key": record.mobile_key,
        "region": record.region,
        "industry": record.industry,
        "amount_fen": record.amount_fen,
        "amount_text": record.amount_text,
        "intent": record.intent.value if record.intent else "",
        "note": record.note,
    }


_LEADS = text("""
INSERT INTO leads (lead_no, received_at, source, company, contact, mobile, mobile_key, region, industry, amount_fen,
                   amount_text, intent, note)
SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(lead_no text, received_at timestamptz, source text, company text, contact text, mobile text, mobile_key text,
         region text, industry text, amount_fen bigint, amount_text text, intent text, note text)
""")
_CASES = text("""
INSERT INTO lead_cases (lead_no, state, queued_at, origin, owner_no, owner_how, entered_by, same_kind, same_no,
                        same_why)
SELECT lead_no, '待分配', queued_at, 'api', owner_no, owner_how, entered_by,
       CASE WHEN same_no <> '' THEN '客户' ELSE '' END, same_no, CASE WHEN same_no <> '' THEN '手机号' ELSE '' END
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r(lead_no text, queued_at timestamptz, owner_no text, owner_how text, entered_by text, same_no text)
""")
