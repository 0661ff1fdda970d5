"""What people read when a lead comes in."""

from __future__ import annotations

from bot.cards.common import cut
from bot.domain.leads.records import LeadRecord


def named(record: LeadRecord) -> str:
    """`杭州朴枢物流 陈俊杰`, whatever of it is known."""
    return " ".join(filter(None, (record.company, record.contact))) or record.mobile or record.lead_no


def asked_again(record: LeadRecord, same_no: str) -> str:
    """To whoever has the enquiry that was made again."""
    said = "；".join(filter(None, (record.mobile, cut(record.note, 120))))
    who = f"{named(record)}（{said}）" if said else named(record)
    return f"客户又来问了：{who}。已并入你手上的 {same_no}（新编号 {record.lead_no}）。"
