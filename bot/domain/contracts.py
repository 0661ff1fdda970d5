"""What a rep types to start the approval of a contract, read in whatever words.

    合同 绿源超市 85万 9.2折 一年 [非标 账期90天]
    给绿源滨江走个合同审批，年框85万九二折签两年，非标：账期90天

Each part is looked for in what the earlier ones left, names first, so that no number inside a name, a date or a
discount is read as money; what nobody takes becomes the note. Nothing is guessed: a part that can not be taken for
sure stays None with a problem, and is asked.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from bot.domain import contract_words as words
from bot.domain.contract_discounts import find_discounts, read_discount
from bot.domain.contract_parts import (
    MASK,
    SEPARATOR,
    ContractField,
    ContractReading,
    Found,
    Span,
    carries_only,
    cover,
    leftovers,
    missing,
    places,
)
from bot.domain.contract_price import CORRECTED, Price, settle_price
from bot.domain.contract_sums import Sum, SumRole, find_sums, read_contract_amount
from bot.domain.contract_terms import find_terms, read_term
from bot.domain.contract_words import CONTRACT_KINDS, read_kind, read_nonstandard, usual_kind
from bot.domain.directory import Directory, Mention
from bot.domain.people import Employee
from bot.domain.text import clean, fold

__all__ = [
    "CONTRACT_KINDS",
    "ContractField",
    "ContractReading",
    "missing",
    "read_contract",
    "read_contract_amount",
    "read_discount",
    "read_kind",
    "read_nonstandard",
    "read_term",
    "sort_words",
    "usual_kind",
]

LONGEST_TEXT = 1200  # characters that are read, as in bot.domain.understanding


def read_contract(text: str, *, sender: Employee, today: date, directory: Directory) -> ContractReading:
    """Read what stands after the word 合同, or a whole sentence. Relative days count from `today`."""
    return _Page(text, sender=sender, today=today, directory=directory).reading()


def sort_words(text: str, *, sender: Employee, today: date, directory: Directory) -> tuple[Span, ...]:
    """Which part every character of a cleaned text went to; the spans touch, none is left out."""
    page = _Page(text, sender=sender, today=today, directory=directory)
    page.reading()
    return page.tiles()


class _Page:
    """A text while it is taken apart: `masked` shows what nobody has taken yet."""

    def __init__(self, text: str, *, sender: Employee, today: date, directory: Directory) -> None:
        self.text = clean(text)
        self.sender, self.today, self.directory = sender, today, directory
        self.masked = fold(self.text[:LONGEST_TEXT])
        self.spans: list[Span] = []
        self.problems: list[str] = []
        #: where 属于非标 or a bare （非标） stands, which speaks of the words before it
        self.named_behind: int | None = None

    def reading(self) -> ContractReading:
        remark = self._remark()
        nonstandard = self._nonstandard()
        customer_no, ambiguous, unknown = self._customer()
        kind = self._kind()
        terms = find_terms(self._names_hidden(unknown), today=self.today)
        months, yearly = self._term(terms)
        discount = self._discount(unknown)
        price = self._price(unknown, months, discount, yearly)
        if unknown is None and customer_no is None and not ambiguous:
            unknown = self._first_leftover()
        if unknown:
            self._take(ContractField.CUSTOMER, unknown.start, unknown.end)
        customer_words = self.text[unknown.start : unknown.end].strip() if unknown else ""
        if customer_words and (near := self.directory.look_up(customer_words, sender=self.sender)):
            customer_no, ambiguous = near.customer_no, () if near.customer_no else near.candidates
        return ContractReading(
            customer_no=customer_no,
            ambiguous_customers=ambiguous,
            customer_words="" if customer_no else customer_words,
            kind=kind,
            amount_fen=price.amount_fen,
            discount=price.discount,
            months=int(months) if months is not None else None,
            nonstandard=nonstandard or self._before_the_mark() if nonstandard is not None else None,
            note=self._note(remark),
            problems=tuple(dict.fromkeys(self.problems)),
        )

    # -- taking ----------------------------------------------------------------------------------------------------
    def _take(self, part: ContractField | None, start: int, end: int) -> None:
        self.spans.append(Span(start, end, part))
        self.masked = cover(self.masked, [(start, end)])

    def _ask(self, part: ContractField, problem: str) -> None:
        self.problems.append(f"{part}{problem}" if problem.startswith("「") else f"{part}：{problem}")

    def _remark(self) -> str:
        found = words.find_remark(self.masked)
        if found is None:
            return ""
        remark = self.text[found[1] : LONGEST_TEXT]
        self._take(None, *found)
        self._take(ContractField.NOTE, found[1], len(self.masked))
        return remark.strip()

    def _names_hidden(self, unknown: words.Words | None) -> str:
        return words.hidden_numbers(self.masked, unknown)

    # -- what is not standard ----------------------------------------------------------------------------------------
    def _nonstandard(self) -> str | None:
        told: list[str] = []
        if (span := words.find_standard(self.masked)) is not None:
            self._take(ContractField.NONSTANDARD, *span)
        for start, end, first, last in words.bracketed(self.masked):
            told.append(self._said(first, last))
            if first == last and not re.match(rf"{SEPARATOR}|$", self.masked[start - 1 : start]):
                self.named_behind = start  # …写进合同（非标）
            self._take(ContractField.NONSTANDARD, start, end)
        mark = words.nonstandard_mark(self.masked)
        if mark:
            end = self._nonstandard_end(mark)
            told.append(self._said(mark.end(), end))
            self._take(ContractField.NONSTANDARD, mark.start(), end)
            self.named_behind = mark.start() if mark["behind"] else None
        if not told:
            return None
        return "；".join(filter(None, ("" if words.only_yes(item) else item for item in told)))

    def _before_the_mark(self) -> str:
        """账期45天属于非标: what is left right before it."""
        for start, end in leftovers(self.masked[: self.named_behind or 0]):
            if re.fullmatch(rf"{SEPARATOR}*", self.masked[end : self.named_behind]):
                self._take(ContractField.NONSTANDARD, start, end)
                return self._said(start, end)
        return ""

    def _said(self, start: int, end: int) -> str:
        return self.text[start:end].strip(" \t\n\u3000:：,，。;；、")

    def _nonstandard_end(self, mark: re.Match[str]) -> int:
        """非标 账期90天 85万: it goes on until a part of the contract comes that was not said before it."""
        known = self._parts_in(self.masked[: mark.start()])
        end = mark.end()
        for start, stop in words.pieces(self.masked, mark.end()):
            parts = self._parts_in(self.masked[start:stop], whole=True)
            if MASK in self.masked[start:stop] or (parts and not parts & known):
                break
            end = stop
        return end

    def _parts_in(self, said: str, *, whole: bool = False) -> set[ContractField]:
        """Which parts stand in some words; with `whole` none unless the words are nothing else."""
        parts: set[ContractField] = set()
        rest = said
        mentions = [item for item in self.directory.find(said, sender=self.sender) if item.how not in _NO_NAMES]
        for part, spans in (
            (ContractField.CUSTOMER, [(item.start, item.end) for item in mentions]),
            (ContractField.KIND, [(item.start, item.end) for item in words.find_kinds(rest)]),
        ):
            parts |= {part} if spans else set()
            rest = cover(rest, spans)
        for part, numbers in (
            (ContractField.TERM, find_terms(rest, today=self.today)),
            (ContractField.DISCOUNT, find_discounts(rest)),
        ):
            parts |= {part} if numbers else set()
            rest = cover(rest, places(numbers))
        money = [item for item in find_sums(rest) if item.role is not SumRole.OTHER]
        parts |= {ContractField.AMOUNT} if money else set()
        rest = cover(rest, [(item.start, item.end) for item in money])
        return parts if not (whole and leftovers(rest)) else set()

    # -- the customer --------------------------------------------------------------------------------------------------
    def _customer(self) -> tuple[str | None, tuple[str, ...], words.Words | None]:
        visible = self.masked.replace("□", "，")
        mentions = self.directory.find(visible, sender=self.sender)
        spelt = [item for item in mentions if item.how not in ("homophone", "near")]
        mentions = _most_certain(spelt or mentions)
        for item in mentions:
            self._take(ContractField.CUSTOMER, item.start, item.end)
        numbers = {item.customer_no for item in mentions}
        if len(numbers) == 1 and (number := numbers.pop()):
            return number, (), None
        if mentions:
            return None, tuple(dict.fromkeys(no for item in mentions for no in item.candidates)), None
        return None, (), words.find_unknown_customer(self.masked)

    def _first_leftover(self) -> words.Words | None:
        for start, end in leftovers(self.masked):
            for part in re.finditer(r"[^\s,，、。;；:：!！]+", self.masked[start:end]):
                if words.looks_like_a_name(part[0]) and not carries_only(part[0]):
                    return words.Words(start + part.start(), start + part.end(), part[0])
        return None

    # -- type, term, discount --------------------------------------------------------------------------------------
    def _kind(self) -> str | None:
        found = words.find_kinds(self.masked)
        for item in found:
            self._take(ContractField.KIND, item.start, item.end)
        kinds = list(dict.fromkeys(item.value for item in found))
        if len(kinds) > 1:
            self._ask(ContractField.KIND, f"写了{'和'.join(kinds)}，是哪一种")
        return kinds[0] if len(kinds) == 1 else None

    def _term(self, found: list[Found]) -> tuple[Decimal | None, list[Found]]:
        """The term, and the 一年 that only say how a sum is counted: 一年30万，签两年."""
        yearly: list[Found] = []
        if len({item.value for item in found}) > 1:
            yearly = [item for item in found if item.value == 12 and self._beside_a_sum(item)]
            if len({item.value for item in found if item not in yearly}) != 1:
                yearly = []
        told = [item for item in found if item not in yearly]
        value = self._one_of(ContractField.TERM, told)
        return value, yearly

    def _beside_a_sum(self, item: Found) -> bool:
        return re.match(r"(?:是|付|要)?[¥￥]?[\d一二两三四五六七八九十]", self.masked[item.end :]) is not None

    def _discount(self, unknown: words.Words | None) -> Decimal | None:
        return self._one_of(ContractField.DISCOUNT, find_discounts(self._names_hidden(unknown)))

    def _one_of(self, part: ContractField, found: list[Found]) -> Decimal | None:
        holding = _corrected(self.masked, found)
        self._take_between(found)
        for item in found:
            self._take(part, item.start, item.end)
        said = [self.text[item.start : item.end].strip() for item in holding]
        found = holding
        for item in found:
            if item.problem:
                self._ask(part, item.problem)
        values = {item.value for item in found}
        if len(values) > 1 and None not in values:
            self._ask(part, f"写了{'和'.join(f'「{item}」' for item in dict.fromkeys(said))}，以哪个为准")
        return values.pop() if len(values) == 1 else None

    def _price(
        self, unknown: words.Words | None, months: Decimal | None, discount: Decimal | None, yearly: list[Found]
    ) -> Price:
        visible = self._names_hidden(unknown)
        for item in yearly:
            visible = f"{visible[: item.end - 2]}每年{visible[item.end :]}"
        price = settle_price(visible, find_sums(visible), months=months, discount=discount)
        self._take_between(price.taken)
        for taken in price.taken:
            self._take(ContractField.AMOUNT, taken.start, taken.end)
        for part, problem in price.problems:
            self._ask(part, problem)
        return price

    def _take_between(self, found: Sequence[Found | Sum]) -> None:
        """The 不对 between a value and the one that replaces it."""
        ordered = sorted(found, key=lambda item: item.start)
        for one, other in itertools.pairwise(ordered):
            if one.end < other.start and CORRECTED.match(self.masked[one.end : other.start]):
                self._take(None, one.end, other.start)

    # -- the rest ------------------------------------------------------------------------------------------------------
    def _note(self, remark: str) -> str:
        told = [self.text[start:end].strip() for start, end in leftovers(self.masked)]
        for start, end in leftovers(self.masked):
            self._take(ContractField.NOTE, start, end)
        return "，".join([*told, *filter(None, [remark, self.text[LONGEST_TEXT:].strip()])])

    def tiles(self) -> tuple[Span, ...]:
        """Every character in one span, in order; what lies between the parts carries them."""
        tiled: list[Span] = []
        position = 0
        for span in sorted(self.spans, key=lambda span: (span.start, span.end)):
            if span.start > position:
                tiled.append(Span(position, span.start, None))
            if span.end > position:
                tiled.append(Span(max(position, span.start), span.end, span.field))
                position = span.end
        end = min(len(self.text), LONGEST_TEXT)
        if position < end:
            tiled.append(Span(position, end, None))
        if len(self.text) > end:
            tiled.append(Span(end, len(self.text), ContractField.NOTE))
        return tuple(tiled)


_NO_NAMES = ("contact", "address", "near", "homophone")


def _most_certain(mentions: list[Mention]) -> list[Mention]:
    """Those of the one certain customer, where the others may mean that one too."""
    certain = {item.customer_no for item in mentions if item.customer_no}
    if len(certain) != 1:
        return mentions
    meant = certain.pop()
    agreeing = [item for item in mentions if item.customer_no == meant or meant in item.candidates]
    return agreeing if len(agreeing) == len(mentions) else mentions


def _corrected(masked: str, found: list[Found]) -> list[Found]:
    """9折，不对，9.2折: the last one holds."""
    kept: list[Found] = []
    for item in found:
        if kept and CORRECTED.match(masked[kept[-1].end : item.start]):
            kept.pop()
        kept.append(item)
    return kept
