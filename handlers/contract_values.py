"""A contract's parts between the words, the dialogue that keeps them and the terms that are approved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bot.clock import SHANGHAI
from bot.domain.approval_values import ContractTerms
from bot.domain.contracts import (
    ContractField,
    ContractReading,
    read_contract,
    read_contract_amount,
    read_discount,
    read_kind,
    read_nonstandard,
    read_term,
    usual_kind,
)
from bot.domain.corrections import Nothing
from bot.domain.people import Customer
from handlers.context import Context


def read_words(ctx: Context, text: str) -> ContractReading:
    today = ctx.sent_at.astimezone(SHANGHAI).date()
    return read_contract(text, sender=ctx.employee, today=today, directory=ctx.directory)


def value_of(ctx: Context, field: ContractField, said: str) -> Any:
    """What an answer to one question means; None when it is no value for it."""
    today = ctx.sent_at.astimezone(SHANGHAI).date()
    match field:
        case ContractField.CUSTOMER:
            mention = ctx.directory.look_up(said, sender=ctx.employee)
            return mention.customer_no if mention else None
        case ContractField.KIND:
            return read_kind(said)
        case ContractField.AMOUNT:
            return read_contract_amount(said)
        case ContractField.DISCOUNT:
            return read_discount(said)
        case ContractField.TERM:
            return read_term(said, today=today)
        case ContractField.NONSTANDARD:
            return read_nonstandard(said)
        case ContractField.NOTE:
            return said


_NAMES: Mapping[ContractField, str] = {
    ContractField.CUSTOMER: "customer_no",
    ContractField.KIND: "kind",
    ContractField.AMOUNT: "amount_fen",
    ContractField.DISCOUNT: "discount",
    ContractField.TERM: "months",
    ContractField.NONSTANDARD: "nonstandard",
    ContractField.NOTE: "note",
}


def with_value(reading: ContractReading, field: ContractField, value: Any) -> ContractReading:
    changes: dict[str, Any] = {_NAMES[field]: None if isinstance(value, Nothing) else value, "problems": ()}
    return replace(reading, **changes)


def with_customer(reading: ContractReading, customer_no: str) -> ContractReading:
    return replace(reading, customer_no=customer_no, ambiguous_customers=(), customer_words="")


def merged(reading: ContractReading, more: ContractReading) -> ContractReading:
    """Gaps closed by a second line; what was known stays."""
    return replace(
        reading,
        customer_no=reading.customer_no or more.customer_no,
        ambiguous_customers=() if reading.customer_no else more.ambiguous_customers,
        customer_words="" if reading.customer_no else more.customer_words,
        kind=reading.kind or more.kind,
        amount_fen=reading.amount_fen if reading.amount_fen is not None else more.amount_fen,
        discount=reading.discount if reading.discount is not None else more.discount,
        months=reading.months if reading.months is not None else more.months,
        nonstandard=reading.nonstandard if reading.nonstandard is not None else more.nonstandard,
        problems=more.problems,
    )


def terms_of(reading: ContractReading, customer: Customer) -> ContractTerms:
    assert reading.amount_fen is not None
    assert reading.discount is not None
    assert reading.months is not None
    return ContractTerms(
        customer_no=reading.customer_no or customer.customer_no,
        kind=reading.kind or usual_kind(customer.industry),
        amount_fen=reading.amount_fen,
        discount=reading.discount,
        months=reading.months,
        nonstandard=reading.nonstandard,
        note=reading.note,
    )


def as_reading(terms: ContractTerms) -> ContractReading:
    return ContractReading(
        customer_no=terms.customer_no,
        kind=terms.kind,
        amount_fen=terms.amount_fen,
        discount=terms.discount,
        months=terms.months,
        nonstandard=terms.nonstandard,
        note=terms.note,
    )


def to_data(reading: ContractReading) -> dict[str, str]:
    """A reading as a dialogue keeps it; unknown parts are left out."""
    parts = {
        "customer_no": reading.customer_no,
        "kind": reading.kind,
        "amount_fen": reading.amount_fen,
        "discount": reading.discount,
        "months": reading.months,
        "nonstandard": reading.nonstandard,
        "note": reading.note or None,
    }
    return {name: str(value) for name, value in parts.items() if value is not None}


def from_data(data: Mapping[str, str]) -> ContractReading:
    return ContractReading(
        customer_no=data.get("customer_no"),
        kind=data.get("kind"),
        amount_fen=int(data["amount_fen"]) if "amount_fen" in data else None,
        discount=Decimal(data["discount"]) if "discount" in data else None,
        months=int(data["months"]) if "months" in data else None,
        nonstandard=data.get("nonstandard"),
        note=data.get("note", ""),
    )
