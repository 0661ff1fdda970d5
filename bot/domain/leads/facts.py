"""The facts behind the seven factors, from what the company has recorded. None: not known, the factor is left out."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

NEAR_KM = 50.0  # half the heat of next door: about an hour by car
_DISTANCE_PART = 0.5
_DECLARED = 0.6  # what a rep says of themselves, before any deal has shown it
_CAUTION = 4  # leads after which a record counts as much as what was assumed before
_USUAL_WIN_RATE = 0.2
_USUAL_RESPONSE = 0.7
_EARTH_KM = 6371.0


def region_heat(distance_km: float | None, business_share: float | None) -> float | None:
    """How warm a lead's region is to a rep, 0..1: half nearness, half the share of the rep's business around there.

    If one of the two is not known the other one stands alone.
    """
    nearness = None if distance_km is None else math.exp2(-max(distance_km, 0.0) / NEAR_KM)
    share = None if business_share is None else min(max(business_share, 0.0), 1.0)
    if nearness is None or share is None:
        return share if nearness is None else nearness
    return _DISTANCE_PART * nearness + (1 - _DISTANCE_PART) * share


def industry_fit(declared: bool | None, won: int, lost: int) -> float | None:
    """How well a rep does in an industry, 0..1: what they declare, corrected by what they won there.

    A win rate of 40 % (twice the usual) or more is 1. None: nothing declared and nothing tried.
    """
    tried = won + lost
    if declared is None and not tried:
        return None
    assumed = _DECLARED if declared else _USUAL_WIN_RATE
    shown = min(1.0, won / tried / (2 * _USUAL_WIN_RATE)) if tried else assumed
    return (assumed * _CAUTION + shown * tried) / (_CAUTION + tried)


def typical_deal_fen(won_fen: Sequence[int]) -> float | None:
    """The geometric middle of the deals a rep won, in fen; None without any."""
    amounts = [math.log(fen) for fen in won_fen if fen > 0]
    return math.exp(statistics.median(amounts)) if amounts else None


def response_record(in_time: int, late: int) -> float | None:
    """Share of leads first answered in time, 0..1, drawn towards the usual while there are few; None without any."""
    answered = in_time + late
    return (in_time + _USUAL_RESPONSE * _CAUTION) / (answered + _CAUTION) if answered else None


def win_rate(won: int, lost: int) -> float | None:
    """Share of leads won of those that ended, 0..1, drawn towards the usual while there are few; None without any."""
    ended = won + lost
    return (won + _USUAL_WIN_RATE * _CAUTION) / (ended + _CAUTION) if ended else None


def kilometres(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Along the ground between two (latitude, longitude) in degrees."""
    (north, east), (other_north, other_east) = (map(math.radians, place) for place in (here, there))
    half = math.sin((other_north - north) / 2) ** 2
    half += math.cos(north) * math.cos(other_north) * math.sin((other_east - east) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
