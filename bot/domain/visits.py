"""What one part of a message says about one customer: the visit it reports."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.domain.amounts import deal_amount, find_money
from bot.domain.competitors import find_competitor
from bot.domain.dates import DateMention, find_dates
from bot.domain.directory import Directory, Mention
from bot.domain.intents import HIGH, read_intent
from bot.domain.names import take_apart
from bot.domain.next_steps import contact_day, next_step
from bot.domain.people import Contact
from bot.domain.persons import spoken_to
from bot.domain.segments import segments
from bot.domain.text import Clause, clauses, fold, hide_item_numbers
from bot.domain.visit_kinds import nobody_met, read_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitReading:
    """One customer's part of a message, as understood (meanings: fixtures/README.md, 拜访解析的约定)."""

    customer_no: str | None
    ambiguous_customers: tuple[str, ...] = ()
    contact: str | None = None
    contact_mention: str | None = None
    amount_yuan: int | None = None
    intent: str | None = None  #: 高, 中, 低
    next_follow_up: date | None = None
    visit_kind: str | None = None  #: 上门拜访, 电话, 微信, 视频会议, 展会, 客户来访
    visit_date: date  #: the day of the contact, in Shanghai
    summary: str = ""
    competitor: str | None = None
    met: bool = True  #: False when nobody was met or reached


def read_visits(
    text: str, mentions: Sequence[Mention], *, today: date, directory: Directory
) -> tuple[VisitReading, ...]:
    """One reading per customer that the report is about; one without a customer when it names none."""
    mentions = _with_branches(fold(text), mentions, directory)
    page = _Page(text, mentions, today=today, figures=directory.product_figures)
    parts = segments(page.folded, _with_contacts(page.folded, mentions, directory))
    if not parts:
        return (_read(page, None, ((0, len(text)),), (), directory),)
    return tuple(_read(page, part.mention, part.spans, part.shared, directory) for part in parts)


def _with_branches(folded: str, mentions: Sequence[Mention], directory: Directory) -> list[Mention]:
    """百桐去了两家，北门店订一千二，建设路店不要: behind a chain's name, its branches stand for themselves."""
    kept: list[Mention] = []
    for mention in mentions:
        numbers = mention.candidates if mention.customer_no is None else ()
        branches = {no: _branch_of(no, directory) for no in numbers}
        shared = Counter(branches.values())
        named = [
            replace(mention, start=match.start(), end=match.end(), surface=match[0], customer_no=no, how="branch")
            for no, branch in branches.items()
            if len(branch) > 1 and shared[branch] == 1
            for match in re.finditer(rf"(?<=[,，。;；:、\s]){re.escape(branch)}(?:分?店)?", folded)
            if match.start() >= mention.end
        ]
        several = len({item.customer_no for item in named}) > 1
        kept += named if several else [mention]
    return sorted(kept, key=lambda mention: mention.start)


def _branch_of(customer_no: str, directory: Directory) -> str:
    customer = directory.customer(customer_no)
    return take_apart(customer.name).branch if customer else ""


def _with_contacts(folded: str, mentions: Sequence[Mention], directory: Directory) -> list[Mention]:
    """云光翁莉、家淘罗雪都订了，翁莉900，罗雪1500: behind several customers, their contacts' names stand for them."""
    numbers = {mention.customer_no: mention for mention in mentions if mention.customer_no and mention.how != "contact"}
    if len(numbers) < 2:
        return list(mentions)
    names = [
        (contact.name, mention) for number, mention in numbers.items() for contact in directory.contacts_of(number)
    ]
    owners = Counter(name for name, _ in names)
    last = max(mention.end for mention in mentions)
    again = [
        replace(mention, start=match.start(), end=match.end(), surface=name)
        for name, mention in names
        if owners[name] == 1
        for match in re.finditer(rf"(?<=[,，。;；\s]){re.escape(name)}", folded)
        if match.start() >= last
    ]
    return sorted([*mentions, *again], key=lambda mention: mention.start)


_MASK = re.compile(r"([□◆◇◈])\1+")


class _Page:
    """A message with everything found in it once."""

    def __init__(self, text: str, mentions: Sequence[Mention], *, today: date, figures: Collection[str] = ()) -> None:
        self.text = text
        self.folded = fold(text)
        self.today = today
        self.names = [(mention.start, mention.end) for mention in mentions if mention.how not in ("contact",)]
        #: names hidden, so that 7天江宁 is no span of days
        hidden = hide_item_numbers(_overwrite(self.folded, self.names, "□"))
        self.dates: list[DateMention] = find_dates(hidden, today=today)
        self.hidden = hidden
        #: where no sums stand: days, and models such as 6205
        self.no_sums = [(item.start, item.end) for item in self.dates]
        self.no_sums += [match.span() for match in re.finditer(r"\d{3,}", hidden) if match[0] in figures]
        money = [(item.start, item.end) for item in find_money(hidden, skip=self.no_sums)]
        masked = _overwrite(hidden, money, "◆")
        coming = [(item.start, item.end) for item in self.dates if item.day is None or item.day > today]
        other = [(item.start, item.end) for item in self.dates if item.day is not None and item.day <= today]
        #: 都微信说的: said of everybody at the end
        masked_all = re.search(
            r"(?:[都均全]|[两三]家[都一]?[起同]?)(?:是)?(?:在|用|打)?(?:微信|电话|视频|上门|拜访|跑了|跑完|去了|走了|走完|转了|见了)[^,，。;；]{0,6}",
            masked,
        )
        self.kind_of_all = read_kind(masked_all[0]) if masked_all else None
        #: 都定了
        self.all_agreed = bool(re.search(r"(?<![没未不])[都均全](?:已经?|当场|直接)?(?:[定订签要]了|下单)", masked))
        #: 都是后天送
        self.step_of_all = next((item.day for item in self.dates if item.day and item.day > today
                                 and re.search("[都均](?:是|在|约)?$", hidden[: item.start])), None)  # fmt: skip
        self.masked = _overwrite(_overwrite(masked, coming, "◇"), other, "◈")


def _overwrite(text: str, spans: Sequence[tuple[int, int]], sign: str) -> str:
    for start, end in spans:
        text = text[:start] + sign * (end - start) + text[end:]
    return text


def _read(
    page: _Page,
    mention: Mention | None,
    spans: Sequence[tuple[int, int]],
    shared: Sequence[tuple[int, int]],
    directory: Directory,
) -> VisitReading:
    own = _cut(page.masked, spans)
    head = _cut(page.masked, shared)
    met = not nobody_met(own)
    contacts = _contacts(mention, directory)
    colleagues = {employee.name for employee in directory.employees()}
    person = spoken_to(own, contacts, colleagues=colleagues, met=met)
    sure = mention is not None and mention.customer_no is not None
    step = next_step(page.hidden, page.dates, _clauses(page.hidden, spans), today=page.today)
    day = contact_day(page.folded, page.dates, [*spans, *shared], today=page.today)
    return VisitReading(
        customer_no=mention.customer_no if mention else None,
        ambiguous_customers=mention.candidates if mention and not mention.customer_no else (),
        contact=(person.name if sure else person.mention) if person else None,
        contact_mention=person.mention if person else None,
        amount_yuan=_amount(page, spans),
        intent=read_intent(own) or (HIGH if page.all_agreed else None),
        next_follow_up=step.day if step else page.step_of_all,
        visit_kind=read_kind(own) or (read_kind(head) if head else None) or page.kind_of_all,
        visit_date=day,
        summary=_summary(page.text, spans),
        competitor=find_competitor(own),
        met=met or person is not None,
    )


def _cut(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Parts of a masked text, every mask two signs long, so that no pattern depends on the length of a name."""
    return _MASK.sub(r"\1\1", " ".join(text[start:end] for start, end in spans))


def _clauses(folded: str, spans: Sequence[tuple[int, int]]) -> list[Clause]:
    return [item for start, end in spans for item in clauses(folded, start=start, end=end)]


def _contacts(mention: Mention | None, directory: Directory) -> tuple[Contact, ...]:
    if mention is None:
        return ()
    numbers = (mention.customer_no,) if mention.customer_no else mention.candidates
    return tuple(contact for number in numbers for contact in directory.contacts_of(number))


def _amount(page: _Page, spans: Sequence[tuple[int, int]]) -> int | None:
    for start, end in spans:
        amount = deal_amount(page.hidden, start=start, end=end, skip=page.no_sums)
        if amount is not None:
            return amount
    return None


_OPENING = re.compile(
    r"^\s*(?:@\S+\s*|(?:帮我|麻烦)?(?:补记|记录?|记一?[下笔]|补录)(?:一下|一笔)?(?:拜访)?[:：,，\s]+)+"
)


def _summary(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The sender's own words about this customer, without the call to write them down."""
    words = " ".join(text[start:end].strip() for start, end in spans)
    return _OPENING.sub("", words).strip(" ,，;；。.、\n") or words.strip()
