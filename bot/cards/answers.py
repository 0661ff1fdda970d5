"""Answers to questions about a customer, as a colleague would say them: a headline that fits a card, then details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from bot.cards.common import cut, day, moment, plain, short_day
from bot.clock import SHANGHAI
from bot.domain.answers import Facts, contact_meant, has_usage, phone, stock_of
from bot.domain.aspects import Aspect
from bot.domain.directory import Directory
from bot.domain.history import ContractLine, Debt, PaymentTerms, StockLine, VisitLine
from bot.domain.people import Contact
from bot.domain.periods import JANUARY_2026
from bot.domain.queries import QueryReading

HEADLINE = 44  # characters that WeCom shows under a card's title
_LONGEST_WORDS = 60  # of somebody's own sentence inside an answer
_MANY = 6  # so many things are listed by name, the rest counted


@dataclass(frozen=True, slots=True)
class Answer:
    """`headline` is the answer itself, at most HEADLINE characters; `detail` says where it comes from."""

    headline: str
    detail: str = ""

    @property
    def text(self) -> str:
        return f"{self.headline}\n{self.detail}" if self.detail else self.headline


def answer_to(reading: QueryReading, facts: Facts, directory: Directory, *, today: date) -> Answer:
    """What to say to this question."""
    match reading.aspect:
        case Aspect.LAST_ORDER:
            return _last_order(facts, today)
        case Aspect.SIGNED | Aspect.OVERVIEW:
            return _signed(reading, facts)
        case Aspect.PROMO:
            return _promotion(reading, facts)
        case Aspect.UNPAID:
            return _debt(facts)
        case Aspect.STOCK:
            return _stock(reading, facts, directory)
        case Aspect.LOW_STOCK:
            return _low_stock(facts, directory)
        case Aspect.CONTRACT_END:
            return _contract(facts, today)
        case Aspect.OPEN_TICKETS:
            return _tickets(facts, today)
        case Aspect.LAST_RATING:
            return _rating(facts, today)
        case Aspect.LAST_VISIT:
            return _visit(facts, directory, today)
        case Aspect.BOSS_PHONE:
            return _phone(reading, facts)
        case Aspect.PREFS:
            return _preferences(facts.contacts)
        case Aspect.REP:
            return _rep(facts, directory)
        case Aspect.LOGINS:
            return _logins(facts)


# -- orders and money -------------------------------------------------------------------------------------------------
def yuan(fen: int) -> str:
    """`28,146.50 元`."""
    return f"{Decimal(fen) / 100:,.2f} 元"


def debt_words(debt: Debt) -> str:
    """`欠款约 28,146.50 元（粗算），其中逾期 3,000.00 元`; 粗算 as long as receipts are not reconciled."""
    if not debt.open_fen:
        return "没有欠款"
    if debt.provisional and debt.paid_by_headquarters:
        return "由总部付款，欠款要等对账后才算得准"
    amount = f"约 {yuan(debt.open_fen)}（粗算）" if debt.provisional else f" {yuan(debt.open_fen)}"
    overdue = f"，其中逾期 {yuan(debt.overdue_fen)}" if debt.overdue_fen else "，都没到期"
    return f"欠款{amount}{overdue}"


def _debt(facts: Facts) -> Answer:
    debt, terms = facts.history.debt, PaymentTerms.of(facts.customer.tags).words
    notes = [f"账期：{terms}。"] if terms else []
    if debt.open_fen and debt.provisional and debt.paid_by_headquarters:
        notes.append(f"总部打来的款还没有分到门店，没核上的应收约 {yuan(debt.open_fen)}。")
    elif debt.open_fen and debt.provisional:
        notes.append("对账功能上线前按摘要单号和付款户名粗算，多半偏高，以财务为准。")
    return Answer(debt_words(debt), "".join(notes))


def _last_order(facts: Facts, today: date) -> Answer:
    if not facts.history.orders:
        return Answer("还没有订单。")
    order = facts.history.orders[0]
    when = order.ordered_at.astimezone(SHANGHAI)
    detail = f"单号 {order.order_no}，下单 {day(when.date(), today=today)} {when:%H:%M}"
    if order.promotion_fen:
        detail += f"，促销核销 {yuan(order.promotion_fen)}"
    if order.delivered_at:
        detail += f"，{moment(order.delivered_at)} 签收"
    headline = f"最近一单 {on_day(order.ordered_at, today)}，应收 {yuan(order.receivable_fen)}，{order.status}"
    return Answer(headline, detail + "。")


def _signed(reading: QueryReading, facts: Facts) -> Answer:
    sums, words = facts.history.period, (reading.period or JANUARY_2026).words
    if not sums.orders:
        return Answer(f"{words}没有签收的订单。")
    detail = f"共 {sums.orders} 单"
    if sums.promotion_fen:
        detail += f"，另有促销核销 {yuan(sums.promotion_fen)}，已经扣掉"
    return Answer(f"{words}签收 {yuan(sums.receivable_fen)}", detail + "。")


def _promotion(reading: QueryReading, facts: Facts) -> Answer:
    sums, words = facts.history.period, (reading.period or JANUARY_2026).words
    if not sums.orders:
        return Answer(f"{words}没有签收的订单，也就没有促销核销。")
    return Answer(f"{words}促销核销 {yuan(sums.promotion_fen)}", f"按签收的 {sums.orders} 单合计。")


# -- stock ------------------------------------------------------------------------------------------------------------
def _stock(reading: QueryReading, facts: Facts, directory: Directory) -> Answer:
    lines = stock_of(reading, facts)
    if not lines:
        wanted = "、".join(_product(number, "", directory) for number in reading.products[:3]) or reading.product_words
        there = "、".join(_name(line, directory) for line in facts.history.stock[:_MANY])
        return Answer(
            cut(f"这家没有「{plain(wanted)}」的库存记录。", HEADLINE), f"有记录的是：{there}等。" if there else ""
        )
    if len(lines) > 1:
        return Answer(f"对得上的有 {len(lines)} 种", "\n".join(f"{_on_hand(line, directory)}" for line in lines))
    line = lines[0]
    notes = [f"安全库存 {_amount(line.safety_quantity)}"] if line.safety_quantity is not None else []
    if line.updated_at:
        notes.append(f"{moment(line.updated_at)} 的数")
    if line.quantity < 0:
        notes.append("系统里是负数，请现场点一下")
    low = "，低于安全库存" if line.low else ""
    unit = _unit(line, directory)
    return Answer(
        cut(f"{_name(line, directory)}还有 {_amount(line.quantity)} {unit}{low}", HEADLINE), "，".join(notes) + "。"
    )


def _low_stock(facts: Facts, directory: Directory) -> Answer:
    stock, low = facts.history.stock, facts.history.low_stock
    if not stock:
        return Answer("没有这家的库存记录。")
    if not low:
        return Answer(
            f"{len(stock)} 种货都在安全库存以上。", "；".join(_on_hand(line, directory) for line in stock[:12])
        )
    names = "、".join(_name(line, directory) for line in low)
    return Answer(
        cut(f"{len(low)} 种低于安全库存：{names}", HEADLINE), "\n".join(_on_hand(line, directory) for line in low)
    )


def low_stock_line(lines: Sequence[StockLine], directory: Directory) -> str:
    """`牧云酸奶礼盒 8/20提、山楂树下果汁 0/30箱`."""
    words = [
        f"{_name(line, directory)} {_amount(line.quantity)}/{_amount(line.safety_quantity)}{_unit(line, directory)}"
        for line in lines[:_MANY]
    ]
    return "、".join(words) + (f" 等 {len(lines)} 种" if len(lines) > _MANY else "")


def _on_hand(line: StockLine, directory: Directory) -> str:
    safety = "" if line.safety_quantity is None else f"（安全 {_amount(line.safety_quantity)}）"
    return f"{_name(line, directory)} {_amount(line.quantity)} {_unit(line, directory)}".rstrip() + safety


def _name(line: StockLine, directory: Directory) -> str:
    return _product(line.product_no, line.product_name, directory)


def _product(product_no: str, typed: str, directory: Directory) -> str:
    """The product's name, with its size where another product has the same name."""
    product = directory.product(product_no)
    if product is None:
        return plain(typed or product_no)
    twins = [item for item in directory.products() if item.name.strip() == product.name.strip()]
    size = product.spec.partition("*")[0] if len(twins) > 1 else ""
    return plain(product.name) + size


def _unit(line: StockLine, directory: Directory) -> str:
    product = directory.product(line.product_no)
    return product.unit if product else ""


def _amount(quantity: Decimal | None) -> str:
    return "" if quantity is None else f"{quantity.normalize():f}"


# -- contracts, service -----------------------------------------------------------------------------------------------
def days_left(expires_on: date, today: date) -> str:
    """`还有 203 天`, `今天到期`, `已过期 3 天`."""
    left = (expires_on - today).days
    return f"还有 {left} 天" if left > 0 else "今天到期" if left == 0 else f"已过期 {-left} 天"


def contract_line(contract: ContractLine, today: date) -> str:
    """`年度订阅 27,000.00 元，9月1日到期，还有 203 天`."""
    words = f"{contract.kind} {yuan(contract.amount_fen)}"
    if contract.status != "履行中":
        words += f"，{contract.status}"
    if contract.expires_on:
        words += f"，{_day(contract.expires_on, today)}到期，{days_left(contract.expires_on, today)}"
    return words


def _contract(facts: Facts, today: date) -> Answer:
    ends_on, contracts = facts.history.contract_end, facts.history.contracts
    detail = "\n".join(f"{contract.contract_no} {contract_line(contract, today)}" for contract in contracts)
    if ends_on is None:
        return Answer("没有履行中的合同。", detail)
    kind = next((item.kind for item in contracts if item.expires_on == ends_on and item.status == "履行中"), "合同")
    return Answer(f"{kind} {ends_on.year}年{short_day(ends_on)}到期，{days_left(ends_on, today)}", detail)


def _tickets(facts: Facts, today: date) -> Answer:
    count, shown = facts.history.open_ticket_count, facts.history.open_tickets
    if not count:
        return Answer("没有未关的工单。")
    lines = [f"{on_day(item.opened_at, today)} {plain(cut(item.subject, 30))}（{item.ticket_no}）" for item in shown]
    more = [f"另外还有 {count - len(shown)} 张。"] if count > len(shown) else []
    return Answer(f"还有 {count} 张工单没关", "\n".join(lines + more))


def _rating(facts: Facts, today: date) -> Answer:
    rated = facts.history.last_rated
    if rated is None:
        return Answer("还没有打过分的工单。")
    return Answer(
        f"最近一次服务打了 {rated.rating} 分（满分 5 分）",
        f"{on_day(rated.opened_at, today)} {plain(cut(rated.subject, 30))}（{rated.ticket_no}）。",
    )


# -- people -----------------------------------------------------------------------------------------------------------
def visit_line(visit: VisitLine, directory: Directory, today: date, *, longest: int = _LONGEST_WORDS) -> str:
    """`2月10日 应蓉 上门拜访：谈了元宵堆头`, at most `longest` characters of what was written."""
    who = directory.employee(visit.employee_no)
    head = " ".join(part for part in (on_day(visit.visited_at, today), who.name if who else "", visit.kind) if part)
    return f"{head}：{plain(cut(visit.content, longest))}" if visit.content else head


def _visit(facts: Facts, directory: Directory, today: date) -> Answer:
    if not facts.history.visits:
        return Answer("还没有拜访记录。")
    visit = facts.history.visits[0]
    who = directory.employee(visit.employee_no)
    detail = plain(cut(visit.content, 2 * _LONGEST_WORDS))
    if visit.next_follow_up:
        detail += f"\n约的下次跟进：{day(visit.next_follow_up, today=today)}"
    when = visit.visited_at.astimezone(SHANGHAI)
    name = who.name if who else visit.employee_no
    return Answer(f"上次是{name}，{day(when.date(), today=today)} {when:%H:%M}，{visit.kind}", detail)


def _phone(reading: QueryReading, facts: Facts) -> Answer:
    contact = contact_meant(reading, facts.contacts)
    if contact is None:
        others = "；".join(_call(item) for item in facts.contacts)
        missing = f"没有登记{reading.contact_title or '联系人'}的电话。"
        return Answer(missing, f"登记的有：{others}" if others else "")
    detail = f"备注：{plain(contact.preference)}" if contact.preference else ""
    return Answer(_call(contact) if contact.mobile else f"{contact.title}{contact.name}没有留电话。", detail)


def _call(contact: Contact) -> str:
    return f"{contact.title}{contact.name} {phone(contact.mobile)}"


def contact_line(contact: Contact) -> str:
    """`老板 周小龙 199-0000-8338，不接陌生电话`."""
    note = f"，{plain(contact.preference)}" if contact.preference else ""
    return f"{contact.title} {contact.name} {phone(contact.mobile)}{note}"


def _preferences(contacts: Sequence[Contact]) -> Answer:
    noted = [item for item in contacts if item.preference]
    if not noted:
        return Answer("联系人都没有写备注。")
    lines = [f"{item.title}{item.name}：{plain(item.preference)}" for item in noted]
    return (
        Answer(lines[0], "\n".join(lines[1:])) if len(lines[0]) <= HEADLINE else Answer("联系人备注", "\n".join(lines))
    )


def rep_words(facts: Facts, directory: Directory) -> str:
    """`于丽娟（杭州大区）`, and who stands in for somebody who left."""
    owner = directory.employee(facts.customer.owner_no)
    if owner is None:
        return facts.customer.owner_no or "还没有负责人"
    if owner.active:
        return f"{owner.name}（{facts.customer.region}）"
    manager = directory.employee(owner.superior_no)
    return f"{owner.name}（已离职）" + (f"，现归{manager.name}" if manager else "")


def _rep(facts: Facts, directory: Directory) -> Answer:
    owner = directory.employee(facts.customer.owner_no)
    success = directory.employee(facts.customer.success_no)
    notes = [f"电话 {phone(owner.mobile)}"] if owner and owner.active and owner.mobile else []
    notes += [f"客户成功是{success.name}"] if success else []
    return Answer(f"负责人：{rep_words(facts, directory)}", "，".join(notes))


def _logins(facts: Facts) -> Answer:
    logins = facts.history.logins
    if not has_usage(facts) or logins.last_day is None:
        return Answer("没有这家的使用日志。", "" if facts.customer.industry == "软件订阅" else "不是软件订阅客户。")
    if not logins.count:
        return Answer("近 30 天一次都没有登录", f"使用日志到{short_day(logins.last_day)}为止。")
    last = f"，最近一次 {moment(logins.last_login)}" if logins.last_login else ""
    return Answer(
        f"近 30 天登录 {logins.count} 次，{logins.users} 个账号在用",
        f"使用日志到{short_day(logins.last_day)}为止{last}。",
    )


def _day(value: date, today: date) -> str:
    return short_day(value) if value.year == today.year else f"{value.year}年{short_day(value)}"


def on_day(value: datetime, today: date) -> str:
    """`2月10日`, with the year when it is not this year's."""
    return _day(value.astimezone(SHANGHAI).date(), today)
