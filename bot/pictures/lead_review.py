"""The day's leads as one picture: four figures, then a bar for each rep."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.leads.review import GINI_WORTH_A_LOOK, REGRET_WORTH_A_LOOK, SLOW_MINUTES, RepDay, Review
from bot.pictures.canvas import Canvas, Colour, fitting, width

WIDE = 1000
MOST_ROWS = 25  # of reps; of more the first and the last are shown and those between are added up
_FIRST, _LAST = 18, 6
_MARGIN, _HEAD, _FIGURES, _LEGEND, _ROW, _FOOT = 40, 120, 150, 60, 42, 50
_INK, _GREY, _PALE, _RULE = "#1f2329", "#6b7280", "#e8ecf1", "#e3e6ea"
_BLUE, _ORANGE, _RED, _GREEN = "#3b7ddd", "#f08c2e", "#d6453d", "#2f9e62"
_NAME_ROOM, _BAR_LEFT, _BAR_ROOM = 158, 210, 400


@dataclass(frozen=True, slots=True)
class _Figure:
    """A number that is read first, with what it is and whether it needs a look."""

    value: str
    label: str
    colour: Colour = _INK


def lead_review_picture(review: Review, *, title: str) -> bytes:
    """A PNG of 1,000 pixels' width and at most 1,430 of height; the same review gives the same bytes."""
    rows = _rows(review.reps)
    high = _HEAD + _FIGURES + _LEGEND + max(1, len(rows)) * _ROW + _FOOT
    canvas = Canvas(WIDE, high)
    canvas.text(_MARGIN, 62, fitting(title, 40, WIDE - 2 * _MARGIN), size=40, colour=_INK, bold=True)
    _figures(canvas, review)
    _legend(canvas)
    top = _HEAD + _FIGURES + _LEGEND
    if not rows:
        canvas.text(WIDE / 2, top + _ROW / 2, "还没有接线索的销售", size=26, colour=_GREY, anchor="m")
    longest = max([1, *(max(rep.capacity, rep.open) for rep in rows)])
    for place, rep in enumerate(rows):
        _row(canvas, rep, top + place * _ROW, longest)
    return canvas.png()


def _rows(reps: Sequence[RepDay]) -> list[RepDay]:
    """Most leads of the day first; of many reps the fullest and the emptiest, the others as one."""
    ordered = sorted(reps, key=lambda rep: (-rep.given, -rep.open, rep.employee_no))
    if len(ordered) <= MOST_ROWS:
        return ordered
    return [*ordered[:_FIRST], _together(ordered[_FIRST:-_LAST]), *ordered[-_LAST:]]


def _together(reps: Sequence[RepDay]) -> RepDay:
    """The average of those between, so that their bar can stand beside the others."""

    def average(number: Callable[[RepDay], int]) -> int:
        return round(sum(map(number, reps)) / len(reps))

    return RepDay(
        employee_no="",
        name=f"另 {len(reps)} 人平均",
        capacity=average(lambda rep: rep.capacity),
        given=average(lambda rep: rep.given),
        open=average(lambda rep: rep.open),
        high_open=average(lambda rep: rep.high_open),
        minutes=tuple(each for rep in reps for each in rep.minutes),
    )


def _figures(canvas: Canvas, review: Review) -> None:
    answers, regret = review.responses, review.hindsight.regret
    even = review.load_gini_per_capacity
    share = answers.share_in_time
    figures = (
        _Figure(str(review.given), f"派出（来了 {review.arrived} 条）"),
        _Figure(
            f"{even:.2f}" if review.load_comparable else "－",
            "公平度（0 最平均）",
            _judged(even <= GINI_WORTH_A_LOOK) if review.load_comparable else _INK,
        ),
        _Figure(
            _minutes(answers.median_minutes),
            f"首次响应，按时 {share:.0%}" if share is not None else "首次响应",
            _INK if answers.median_minutes is None else _judged(answers.median_minutes <= SLOW_MINUTES),
        ),
        _Figure(
            f"{regret:.1f}%" if review.hindsight.leads else "－",
            "事后看还能更好",
            _judged(regret <= REGRET_WORTH_A_LOOK) if review.hindsight.leads else _INK,
        ),
    )
    step = (WIDE - 2 * _MARGIN) / len(figures)
    for place, figure in enumerate(figures):
        middle = _MARGIN + (place + 0.5) * step
        canvas.bar(middle - step / 2 + 8, _HEAD - 10, step - 16, _FIGURES - 20, "#f5f7fa", radius=14)
        canvas.text(middle, _HEAD + 34, figure.value, size=46, colour=figure.colour, anchor="m", bold=True)
        canvas.text(middle, _HEAD + 90, fitting(figure.label, 20, step - 28), size=20, colour=_GREY, anchor="m")


def _judged(good: bool) -> Colour:
    return _GREEN if good else _RED


def _legend(canvas: Canvas) -> None:
    middle = _HEAD + _FIGURES + _LEGEND / 2 - 4
    x = float(_BAR_LEFT)
    for colour, words in ((_ORANGE, "手上高意向"), (_BLUE, "手上其他"), (_PALE, "空位")):
        canvas.bar(x, middle - 9, 18, 18, colour, radius=4)
        canvas.text(x + 26, middle, words, size=20, colour=_GREY)
        x += 26 + width(words, 20) + 28
    canvas.text(_BAR_LEFT + _BAR_ROOM + 14, middle, "手上/上限", size=20, colour=_GREY)
    canvas.text(840, middle, "当天", size=20, colour=_GREY, anchor="r")
    canvas.text(WIDE - _MARGIN, middle, "响应", size=20, colour=_GREY, anchor="r")


def _row(canvas: Canvas, rep: RepDay, y: float, longest: int) -> None:
    middle, unit = y + _ROW / 2, _BAR_ROOM / longest
    canvas.line(y, _MARGIN, WIDE - _MARGIN, _RULE)
    canvas.text(_MARGIN, middle, fitting(rep.name, 24, _NAME_ROOM), size=24, colour=_INK if rep.capacity else _GREY)
    high = min(rep.high_open, rep.open)
    canvas.bar(_BAR_LEFT, y + 9, rep.capacity * unit, _ROW - 18, _PALE, radius=6)
    canvas.bar(_BAR_LEFT, y + 9, rep.open * unit, _ROW - 18, _BLUE, radius=6)
    canvas.bar(_BAR_LEFT, y + 9, high * unit, _ROW - 18, _ORANGE, radius=6)
    held = f"{rep.open}/{rep.capacity}"
    canvas.text(_BAR_LEFT + _BAR_ROOM + 14, middle, held, size=22, colour=_RED if rep.full else _INK)
    canvas.text(
        840, middle, f"+{rep.given}" if rep.given else "－", size=22, colour=_INK if rep.given else _GREY, anchor="r"
    )
    slow = rep.lapsed or (rep.median_minutes or 0) > SLOW_MINUTES
    words = f"超时 {rep.lapsed}" if rep.lapsed else _minutes(rep.median_minutes)
    colour = _RED if slow else _INK if rep.minutes else _GREY
    canvas.text(WIDE - _MARGIN, middle, words, size=22, colour=colour, anchor="r")


def _minutes(minutes: float | None) -> str:
    """`12 分`, `3.5 小时`, － for nothing."""
    if minutes is None:
        return "－"
    return f"{math.ceil(minutes)} 分" if minutes < 100 else f"{minutes / 60:.1f} 小时"
