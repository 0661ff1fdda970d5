"""A customer on one screen, the questions around it, and what the buttons carry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from bot.actions import Action
from bot.cards.answers import (
    Answer,
    contact_line,
    contract_line,
    days_left,
    debt_words,
    low_stock_line,
    on_day,
    rep_words,
    visit_line,
    yuan,
)
from bot.cards.common import cut, day, plain, short_day
from bot.cards.contracts import StartContract
from bot.domain.answers import Facts
from bot.domain.aspects import Aspect
from bot.domain.directory import Directory
from bot.domain.history import CustomerHistory, VisitLine
from bot.domain.people import Customer
from bot.domain.periods import Period, next_month
from bot.domain.queries import QueryReading
from bot.messages import Button, Card, Field, Markdown, Style

MAX_CANDIDATES = 6  # buttons on a WeCom card
MAX_BUTTON = 10  # characters on a WeCom button
MAX_VALUE = 30  # characters in a WeCom field
_WORDS_ON_SCREEN = 36  # of a visit: the body of a DingTalk card holds 1 KB
VISITS_AT_ONCE = 20  # what 全部拜访 shows in the chat


@dataclass(frozen=True)
class ShowCustomer(Action):
    """The whole screen of one customer."""

    name: ClassVar[str] = "history.show"
    customer_no: str


@dataclass(frozen=True)
class AskAbout(Action):
    """This candidate is meant: the question asked before, about it."""

    name: ClassVar[str] = "history.ask"
    customer_no: str
    aspect: str
    since: str = ""
    until: str = ""
    period_words: str = ""
    products: str = ""
    product_words: str = ""
    title: str = ""

    @classmethod
    def of(cls, reading: QueryReading, customer_no: str) -> AskAbout:
        period = reading.period
        return cls(
            customer_no=customer_no,
            aspect=reading.aspect.value,
            since=period.start.isoformat() if period else "",
            until=period.end.isoformat() if period else "",
            period_words=period.words if period else "",
            products=",".join(reading.products),
            product_words=cut(reading.product_words, 20),
            title=reading.contact_title,
        )

    def reading(self) -> QueryReading:
        """Raises ValueError when a client sent something that was never packed here."""
        dates = (date.fromisoformat(self.since), date.fromisoformat(self.until)) if self.since else None
        return QueryReading(
            customer_no=self.customer_no,
            aspect=Aspect(self.aspect),
            period=Period(*dates, self.period_words) if dates else None,
            products=tuple(item for item in self.products.split(",") if item),
            product_words=self.product_words,
            contact_title=self.title,
        )


@dataclass(frozen=True)
class AllOrders(Action):
    """Every order, as a spreadsheet."""

    name: ClassVar[str] = "history.orders"
    customer_no: str


@dataclass(frozen=True)
class AllVisits(Action):
    """The newest visits, in the chat."""

    name: ClassVar[str] = "history.visits"
    customer_no: str


@dataclass(frozen=True)
class TellVisit(Action):
    """The next sentence is a visit to this customer."""

    name: ClassVar[str] = "history.visit"
    customer_no: str


# -- the screen -------------------------------------------------------------------------------------------------------
def screen(facts: Facts, directory: Directory, *, period: Period, today: date) -> Card:
    """Everything at a glance; the answer most people look for comes first."""
    return Card(
        title=facts.customer.name,
        subtitle=debt_words(facts.history.debt),
        fields=_fields(facts, directory, period, today, debt_is_said=True),
        body="\n".join(_sections(facts, directory, today)),
        buttons=_buttons(facts.customer.customer_no),
    )


def details(screen: Card) -> Markdown:
    """The screen's long part as a message of its own, behind its card."""
    return Markdown(text=f"**{screen.title}**\n{screen.body}", title=screen.title)


def answer_card(facts: Facts, answer: Answer, directory: Directory, *, period: Period, today: date) -> Card:
    """The answer first, then the facts beside it; the rest is a tap away."""
    number = facts.customer.customer_no
    return Card(
        title=facts.customer.name,
        subtitle=answer.headline,
        fields=_fields(facts, directory, period, today, debt_is_said=answer.headline == debt_words(facts.history.debt)),
        body=answer.detail,
        buttons=(Button(text="更多", action=ShowCustomer(number), style=Style.PRIMARY), *_buttons(number)),
    )


def _fields(
    facts: Facts, directory: Directory, period: Period, today: date, *, debt_is_said: bool
) -> tuple[Field, ...]:
    """Six facts, what WeCom shows; what the headline says already gives way to another."""
    history = facts.history
    sums = history.period
    facts_by_label = [
        ("负责人", rep_words(facts, directory)),
        ("地址", facts.customer.address or "没有登记"),
        ("最近一单", _last_order(history, today)) if debt_is_said else ("欠款", _debt_short(history)),
        (_period_label(period), f"{yuan(sums.receivable_fen)}（{sums.orders} 单）" if sums.orders else "没有签收"),
        ("服务", _service(history)),
        ("合同", _contract_short(history, today)),
    ]
    return tuple(Field(label=label, value=cut(plain(value), MAX_VALUE)) for label, value in facts_by_label)


def _last_order(history: CustomerHistory, today: date) -> str:
    if not history.orders:
        return "还没有"
    order = history.orders[0]
    return f"{on_day(order.ordered_at, today)} {yuan(order.receivable_fen)}"


def _period_label(period: Period) -> str:
    whole_month = period.end == next_month(period.start) - timedelta(days=1) and period.start.day == 1
    return f"{period.start.month}月签收" if whole_month else "签收"


def _debt_short(history: CustomerHistory) -> str:
    debt = history.debt
    if not debt.open_fen:
        return "没有"
    if debt.provisional and debt.paid_by_headquarters:
        return "总部付款，等对账"
    about = "约 " if debt.provisional else ""
    return about + yuan(debt.open_fen) + (f"，逾期 {yuan(debt.overdue_fen)}" if debt.overdue_fen else "")


def _service(history: CustomerHistory) -> str:
    rating = f"评分 {history.last_rated.rating}/5" if history.last_rated else "没打过分"
    return f"{rating}，" + (f"{history.open_ticket_count} 张工单没关" if history.open_ticket_count else "没有未关工单")


def _contract_short(history: CustomerHistory, today: date) -> str:
    ends_on = history.contract_end
    if ends_on is None:
        return "没有履行中的"
    year = f"{ends_on.year}年" if ends_on.year != today.year else ""
    return f"{year}{short_day(ends_on)}到期，{days_left(ends_on, today)}"


def _sections(facts: Facts, directory: Directory, today: date) -> Iterable[str]:
    history = facts.history
    if history.orders:
        yield f"**最近订单**（共 {history.order_count:,} 单）"
        for order in history.orders:
            yield f"{on_day(order.ordered_at, today)} {yuan(order.receivable_fen)} {order.status}"
    if history.low_stock:
        yield "**低于安全库存**（现有/安全）"
        yield low_stock_line(history.low_stock, directory)
    elif history.stock:
        yield f"**库存**：{len(history.stock)} 种都在安全库存以上"
    if history.open_tickets:
        yield "**没关的工单**"
        for ticket in history.open_tickets:
            yield f"{on_day(ticket.opened_at, today)} {plain(cut(ticket.subject, 30))}"
    if len(history.contracts) > 1:
        yield "**合同**"
        yield from (contract_line(contract, today) for contract in history.contracts[:3])
    yield from _meetings(history, directory, today)
    if facts.contacts:
        yield "**联系人**"
        yield from (contact_line(contact) for contact in facts.contacts[:3])


def _meetings(history: CustomerHistory, directory: Directory, today: date) -> Iterable[str]:
    if history.next_follow_up and history.next_follow_up.next_follow_up:
        promised = history.next_follow_up
        who = directory.employee(promised.employee_no)
        yield f"**约好**：{day(promised.next_follow_up or today, today=today)} {who.name if who else ''}跟进"
    elif history.visits and (missed := history.visits[0].next_follow_up):
        yield f"**约了没跟进**：{day(missed, today=today)}"
    if history.visits:
        yield "**最近拜访**"
        yield from (visit_line(visit, directory, today, longest=_WORDS_ON_SCREEN) for visit in history.visits[:2])


def _buttons(customer_no: str) -> tuple[Button, ...]:
    return (
        Button(text="记拜访", action=TellVisit(customer_no), wants_text="说说这次的情况"),
        Button(text="全部订单", action=AllOrders(customer_no)),
        Button(text="全部拜访", action=AllVisits(customer_no)),
        Button(
            text="发起合同", action=StartContract(customer_no, ""), wants_text="金额 折扣 期限，例如 85万 9.2折 一年"
        ),
    )


# -- which customer ---------------------------------------------------------------------------------------------------
def choice_card(reading: QueryReading, candidates: Sequence[Customer], directory: Directory) -> Card:
    """Which of these was meant? A tap, the number in front, or a name answers the question asked before."""
    shown = candidates[:MAX_CANDIDATES]
    lines = [
        f"{position}. {plain(item.name)}（{_whereabouts(item, directory)}）" for position, item in enumerate(shown, 1)
    ]
    if len(candidates) > len(shown):
        lines.append(f"还有 {len(candidates) - len(shown)} 家，请把店名说全一点。")
    return Card(
        title="是哪一家？",
        subtitle="点一下，或回复前面的数字、店名",
        body="\n".join(lines),
        buttons=tuple(
            Button(
                text=cut(f"{position} {item.short_name or item.name}", MAX_BUTTON),
                action=AskAbout.of(reading, item.customer_no),
            )
            for position, item in enumerate(shown, 1)
        ),
    )


def choice_text(candidates: Sequence[Customer], directory: Directory) -> str:
    """The same question in words alone."""
    lines = [
        f"{position}. {item.name}（{_whereabouts(item, directory)}）" for position, item in enumerate(candidates, 1)
    ]
    return "\n".join([f"有 {len(candidates)} 家对得上，是哪一家？", *lines])


def _whereabouts(customer: Customer, directory: Directory) -> str:
    owner = directory.employee(customer.owner_no)
    return "，".join(part for part in (customer.region, owner.name if owner else "") if part)


def which_customer() -> str:
    return "要查哪家客户？发店名、公司名或联系人的名字就行。"


def not_found(name: str) -> str:
    return f"没找到「{cut(name, 20)}」这家客户。换个叫法试试，简称、全名、联系人、路名都可以。"


def not_yours(customer: Customer, whom_to_ask: Sequence[str]) -> str:
    """Outside the asker's scope: whom to ask, and nothing else about the customer."""
    whom = "或".join(whom_to_ask) if whom_to_ask else "总监"
    return f"「{customer.name}」不在你负责的范围，查不了。请问一下{whom}。"


def none_yours(count: int) -> str:
    return f"对得上的 {count} 家客户都不在你负责的范围，查不了。请换个名字，或请那边的同事查。"


def would_do(command: str) -> str:
    """For a sentence that is an order: said to the bot in the chat it is carried out."""
    return f"这是「{command}」指令，在聊天里发给我就会办。" if command else "这是一条指令，在聊天里发给我就会办。"


# -- more -------------------------------------------------------------------------------------------------------------
def visits_text(customer: Customer, visits: Sequence[VisitLine], total: int, directory: Directory, today: date) -> str:
    """全部拜访, newest first."""
    if not visits:
        return f"**{plain(customer.name)}**\n还没有拜访记录。"
    head = f"**{plain(customer.name)}** 共 {total} 次" + (f"，最近 {len(visits)} 次：" if total > len(visits) else "：")
    return "\n".join([head, *(f"- {visit_line(visit, directory, today)}" for visit in visits)])


def orders_sent(customer: Customer, count: int) -> str:
    return f"{customer.name}的 {count:,} 张订单都在这个文件里。" if count else f"{customer.name}还没有订单。"


def tell_visit(customer: Customer) -> str:
    return f"好，说说{customer.name}这次的情况，我来记。例如：上门，王姐要20件水，下周三送样。"


def example() -> str:
    return "发「客户 名称」看一家客户，例如：客户 绿源滨江。也可以直接问：绿源滨江还欠多少？"
