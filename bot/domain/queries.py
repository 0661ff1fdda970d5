"""What a question about a customer asks for: which customer, which fact, which days, which product."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.domain.aspects import Aspect
from bot.domain.directory import Directory, Mention
from bot.domain.periods import JANUARY_2026, Period, previous_month, read_period
from bot.domain.products import match_products
from bot.domain.query_words import ASK, ASPECTS, FILLER, NAME, REPORT, STRONG_ASK

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_CLAUSE_ENDS = re.compile(r"[,，。;；!！\n]+")
_COMMAND = re.compile(r"^\s*(?:客户|历史|查客户|customer|history)\s+", re.IGNORECASE)
_TITLES = re.compile(
    r"老板娘|老板|店长|总经理|采购经理|系统管理员|业务负责人|财务|会计|IT主管|采购|工程部经理|技术主管|联系人"
)
_GUESSED = frozenset({"contact", "address"})  #: ways to name a customer that yield to a name in the same text
_MEASURE = re.compile(r"[箱件提盒瓶罐桶袋组只台套包卷根个]|\d+")
_MAY_NAME_PRODUCTS = frozenset({None, Aspect.OVERVIEW, Aspect.STOCK, Aspect.LOW_STOCK})
MAX_QUESTION = 80  # characters; longer texts are reports
_DOING = re.compile(
    r"[了过着去来送带给打买退换约补定订签收催谈聊]|\d"
)  # a phrase with a deed or a figure tells something
MAX_BARE_LEFTOVER = 4  # characters that may stay unexplained in "NAME + fact" without any asking word


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryReading:
    """One question. No customer and no candidates: it asks for a fact without saying whose."""

    customer_no: str | None
    ambiguous_customers: tuple[str, ...] = ()  #: never together with `customer_no`
    aspect: Aspect
    period: Period | None = None  #: for SIGNED, PROMO and OVERVIEW
    products: tuple[str, ...] = ()  #: product numbers the words could mean, for STOCK
    product_words: str = ""  #: as written
    contact_title: str = ""  #: whose phone: "老板", "店长"; empty when not said
    contact_name: str = ""  #: whose phone, by name
    more: tuple[QueryReading, ...] = ()  #: the same question about further customers of the message

    @property
    def metric(self) -> str:
        """The name in `salesbot ask`; an overview counts as what was signed for in its month."""
        if self.aspect in (Aspect.SIGNED, Aspect.PROMO, Aspect.OVERVIEW):
            name = Aspect.PROMO if self.aspect is Aspect.PROMO else Aspect.SIGNED
            january = self.period and (self.period.start, self.period.end) == (JANUARY_2026.start, JANUARY_2026.end)
            return f"jan_{name}" if january else str(name)
        return str(self.aspect)


def overview_of(customer_no: str, sent_at: datetime) -> QueryReading:
    """What `客户 名称` asks for."""
    return QueryReading(customer_no=customer_no, aspect=Aspect.OVERVIEW, period=previous_month(_day(sent_at)))


def read_query(
    text: str, *, mentions: Sequence[Mention], sent_at: datetime, directory: Directory
) -> QueryReading | None:
    """Read a question, or None when the text is none (a report, small talk, an order to do something).

    Args:
        mentions: what `Directory.find` said about the same text.
        sent_at: aware; "上个月" and the like count from its day in Shanghai.
    """
    named = _named(mentions)
    contact = _contact_named(text, named, directory)
    rest = _COMMAND.sub("", _without(text, mentions))
    rest = rest.replace(contact, NAME) if contact else rest
    said = next((aspect for aspect, pattern in ASPECTS.items() if pattern.search(rest)), None)
    about_goods = said in _MAY_NAME_PRODUCTS and len(rest) <= MAX_QUESTION
    products = match_products(rest, directory.products()) if about_goods else ()
    aspect = _aspect(said, rest, bool(products)) or (Aspect.OVERVIEW if named and not _leftover(rest) else None)
    if aspect is None or not _asks(rest, aspect, bool(named), bool(products)):
        return None
    reading = _reading(rest, aspect, products, _day(sent_at))
    if aspect is Aspect.BOSS_PHONE:
        reading = replace(reading, contact_name=contact)
    if not named:
        return reading if aspect is not Aspect.OVERVIEW else None
    first, *others = [_about(reading, mention) for mention in named]
    return replace(first, more=tuple(others))


def _day(moment: datetime) -> date:
    return moment.astimezone(_SHANGHAI).date()


def _named(mentions: Sequence[Mention]) -> list[Mention]:
    """One mention per customer, in order; contacts and addresses only where no name is given."""
    sure = [mention for mention in mentions if mention.how not in _GUESSED] or list(mentions)
    seen: dict[tuple[str, ...], Mention] = {}
    for mention in sure:
        seen.setdefault((mention.customer_no,) if mention.customer_no else mention.candidates, mention)
    return list(seen.values())


def _without(text: str, mentions: Sequence[Mention]) -> str:
    parts, at = [], 0
    for mention in sorted(mentions, key=lambda item: item.start):
        if mention.start >= at:
            parts += [text[at : mention.start], NAME]
            at = mention.end
    return unicodedata.normalize("NFKC", "".join([*parts, text[at:]])).strip()


def _aspect(said: Aspect | None, rest: str, has_product: bool) -> Aspect | None:
    """What is asked for, a named product taken into account: 缺不缺早餐奶 asks how much there is."""
    if said is Aspect.LOW_STOCK and has_product:
        return Aspect.STOCK
    if said in (None, Aspect.OVERVIEW) and has_product and not _leftover(_MEASURE.sub("", rest), has_product=True):
        return Aspect.STOCK
    return said


def _asks(rest: str, aspect: Aspect, named: bool, has_product: bool) -> bool:
    """Whether somebody wants to know, rather than tells. A clause that asks outweighs clauses that tell."""
    if re.search(r"记一[笔下]|记录[:：]|补记|帮我记|记[:：]|汇报", rest):
        return False
    pattern = ASPECTS.get(aspect)
    tells = bool(REPORT.search(rest))
    if tells and aspect is Aspect.OVERVIEW:
        return False
    for clause in _CLAUSE_ENDS.split(rest):
        if REPORT.search(clause) or not pattern or not pattern.search(clause):
            continue
        if ASK.search(clause) or (named and STRONG_ASK.search(clause)):
            return True
    if tells:
        return False
    if named and (STRONG_ASK.search(rest) or ASK.search(rest)):
        return True
    leftover = _leftover(rest, has_product=has_product)
    is_phrase = len([clause for clause in _CLAUSE_ENDS.split(rest) if clause]) == 1 and not _DOING.search(leftover)
    return named and is_phrase and len(leftover) <= MAX_BARE_LEFTOVER


def _leftover(rest: str, *, has_product: bool = False) -> str:
    """What stays of the text when names, facts, days and politeness are taken out."""
    for pattern in ASPECTS.values():
        rest = pattern.sub("", rest)
    rest = re.sub(
        r"(?:20\d\d年)?(?:上上?个?|[这本当]个?|(?<!\d)(?:1[0-2]|0?[1-9])|[一二三四五六七八九十]+|元)月份?|[今去]年|(?:最?近|这|过去)[\d一两二三十半]*个?[月天](?:以?[内来])?|(?<!\d)[369]0天(?:以?[内来])?",
        "",
        rest,
    )
    rest = FILLER.sub("", rest)
    return "" if has_product and len(rest) <= 8 else rest


def _reading(rest: str, aspect: Aspect, products: tuple[str, ...], today: date) -> QueryReading:
    reading = QueryReading(customer_no=None, aspect=aspect)
    if aspect in (Aspect.SIGNED, Aspect.PROMO, Aspect.OVERVIEW):
        return replace(reading, period=read_period(rest, today) or previous_month(today))
    if aspect is Aspect.STOCK:
        words = _leftover(_MEASURE.sub("", rest))
        if not products and len(words) < 2:
            return replace(reading, aspect=Aspect.LOW_STOCK)
        return replace(reading, products=products, product_words=words)
    if aspect is Aspect.BOSS_PHONE and (title := _TITLES.search(rest)):
        return replace(reading, contact_title=title[0].replace("老板娘", "老板").replace("联系人", ""))
    return reading


def _contact_named(text: str, named: Sequence[Mention], directory: Directory) -> str:
    """One of the customer's own contacts, when the text has the full name; else empty."""
    numbers = [mention.customer_no for mention in named if mention.customer_no]
    names = [contact.name for number in numbers for contact in directory.contacts_of(number)]
    return next((name for name in names if name and name in text), "")


def _about(reading: QueryReading, mention: Mention) -> QueryReading:
    if mention.customer_no:
        return replace(reading, customer_no=mention.customer_no)
    return replace(reading, ambiguous_customers=tuple(sorted(mention.candidates)))
