"""The facts that people ask for."""

from __future__ import annotations

from enum import StrEnum


class Aspect(StrEnum):
    """Values are the metric names of fixtures/README.md where it has one."""

    OVERVIEW = "overview"
    LAST_ORDER = "last_order"
    SIGNED = "signed"  #: jan_signed for January 2026
    PROMO = "promo"  #: jan_promo for January 2026
    UNPAID = "unpaid"
    STOCK = "stock"
    LOW_STOCK = "low_stock"
    CONTRACT_END = "contract_end"
    OPEN_TICKETS = "open_tickets"
    LAST_RATING = "last_rating"
    LAST_VISIT = "last_visit"
    BOSS_PHONE = "boss_phone"
    PREFS = "prefs"
    REP = "rep"
    LOGINS = "login30"
