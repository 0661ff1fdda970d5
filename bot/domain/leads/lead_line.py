"""A lead typed by a colleague, in any order or with labels: 杭州朴枢物流 陈俊杰 19900005501 高 3万 想换掉表格.

What is read: a number first, labelled parts next, then single words by what they look like; the rest is the need.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum

from bot.domain import cells
from bot.domain.amounts import find_money, read_amount
from bot.domain.leads.company_names import read_company
from bot.domain.leads.duplicates import is_mobile
from bot.domain.leads.intake import bare_region
from bot.domain.leads.persons import surname_of
from bot.domain.leads.records import Intent, LeadRecord
from bot.domain.lexicon import SURNAMES
from bot.domain.names import take_apart
from bot.domain.text import clean, fold

SOURCE = "企微登记"  #: 来源 of what a colleague typed without saying where it came from


class LeadField(StrEnum):
    """A part that has to be there."""

    WHO = "who"  #: a company or a contact
    HOW = "how"  #: a number or a WeChat id


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadLine:
    """What a line says, as typed; region and industry as the company spells them. Empty: not said."""

    company: str = ""
    contact: str = ""
    mobile: str = ""
    wechat: str = ""
    region: str = ""
    industry: str = ""
    amount: str = ""
    intent: str = ""
    source: str = ""
    note: str = ""

    @property
    def missing(self) -> tuple[LeadField, ...]:
        wanted = []
        if not (self.company or self.contact):
            wanted.append(LeadField.WHO)
        if not (self.mobile or self.wechat):
            wanted.append(LeadField.HOW)
        return tuple(wanted)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How this company spells its regions and industries."""

    regions: Collection[str] = ()
    industries: Collection[str] = ()

    def region(self, word: str) -> str:
        bare = bare_region(word)
        return next((region for region in sorted(self.regions) if bare and bare_region(region) == bare), "")

    def industry(self, word: str) -> str:
        return word if word in self.industries else ""


_ENTRY = re.compile(
    r"^\s*(?:新增?|新建|录入?|加个?|添加|登记|上报|报)?(?:一?[条个])?(?:新)?(?:线索|leads?)(?:登记|录入)?[\s:：,，。]*"
)
_LABELS: Mapping[str, str] = {
    "company": "公司名称|公司|单位|企业名称|企业|客户名称|客户|店名|门店",
    "contact": "联系人姓名|联系人|姓名|称呼|对接人",
    "mobile": "联系电话|电话号码|电话|手机号码|手机号|手机|号码|联系方式|tel|mobile",
    "wechat": "企业微信号?|企微号?|微信号?|wx|wechat",
    "region": "所属区域|所在区域|区域|大区|地区",
    "industry": "所属行业|行业",
    "amount": "预估金额|预计金额|金额|预算",
    "intent": "意向程度|意向度|意向",
    "source": "线索来源|来源|渠道",
    "note": "需求描述|需求|备注|说明|诉求|情况",
}
_FIELD_OF = {label: name for name, labels in _LABELS.items() for label in labels.replace("号?", "").split("|")}
_LABEL = re.compile(
    rf"(?<![^\s,，;；。、|])(?P<label>{'|'.join(_LABELS.values())})(?:\s*[:：=]\s*|(?<!客户)[ \t]+(?=\S)|"
    rf"(?<=联系人|对接人)(?={'|'.join(SURNAMES)}))"
)
_PHONE = re.compile(
    r"(?<![\d.])(?:(?:\+|00)?86[-\s]?)?(1\d{2}[-\s]?\d{4}[-\s]?\d{4}|1\d{10})(?!\d)|(?<!\d)(0\d{2,3}[-\s]\d{7,8})(?!\d)"
)
_WECHAT = re.compile(r"(?:企业微信|微信号?|企微|wx|wechat)[\s:：]*([a-z][-_a-z\d]{5,19})(?![-_a-z\d])")
_WECHAT_ALONE = re.compile(r"[a-z][-_a-z\d]{5,19}")
_BREAK = re.compile(r"(?:(?<!\d),|,(?!\d{3})|[\s，;；、|/。!！])+")
_INTENT = re.compile(r"(?:(?:意向|意愿)(?:很|比较|度)?)?(高|中|低|high|medium|low)(?:意向|意愿|等)?")
_INTENTS = {"high": "高", "medium": "中", "low": "低"}
_AMOUNT = re.compile(r"(?:预算|金额|预估|预计|大概|大约|约|￥|¥)*(?P<sum>.+?)(?:左右|上下|以内)?")
_SUM = re.compile(
    r"[\d.,]+\s*[千万亿kw]?元?(?:[-~至到][\d.,]+\s*[千万亿kw]?元?)?|[一二两三四五六七八九十百千万亿半几来]+元?"
)
_SOURCES = re.compile(
    r"(?:老?客户)?转?介绍|.{0,4}推荐|地推|陌拜|展会|.{0,4}展|官网(?:表单)?|\d*电话(?:咨询)?|百科问答|短视频(?:私信)?|抖音|小红书|公众号|"
    r"行业网站|企微名片|百度|朋友圈"
)
#: how a need begins; nobody's name does
_NEED = re.compile(
    r"[想要需求问看找换有做买在已对是能可请打准希咨了现目最马急开还也都只比去来给用学试帮为把]|全部|方案|安装|计划|关于|预约|简单|安排"
)
_EMPTY = frozenset({"客户", "公司", "线索", "新客户"})  # say that there is somebody, not who
_PLACE_LIKE = re.compile(
    r"(?:店|厂|院|校|行|所|馆|城|社|中心|集团|公司|学校|医院|酒店|超市|市场|合作社|部)(?:[（(].*[)）])?$"
)
#: whom somebody met without hearing a name
_POST = re.compile(r"老板娘?|店长|经理|总经理|主任|院长|校长|采购|负责人|会计|前台")
_NAME = re.compile(rf"(?:{'|'.join(SURNAMES)})[一-鿿]{{1,2}}")


def is_entry(rest: str) -> bool:
    """Whether what follows 线索 is a new one: it has a number to call, or labels."""
    folded = fold(clean(rest))
    return bool(_PHONE.search(folded) or _LABEL.search(folded))


def read_lead_line(said: str, words: Vocabulary) -> LeadLine:
    """The parts of a line, with or without the word 新线索 before it."""
    typed = clean(said)
    typed = typed[found.end() :] if (found := _ENTRY.match(fold(typed))) and found.end() else typed
    rest, known = _take_number(typed)
    rest, labelled = _take_labels(rest, words)
    known |= {name: value for name, value in labelled.items() if value and name not in known}
    for name, value in _by_look(rest, words, known).items():
        known.setdefault(name, value)
    if not known.get("amount"):
        known["amount"] = _sum_inside(known.get("note", ""))
    return LeadLine(**{name: value for name, value in known.items() if value})


def merged(line: LeadLine, more: LeadLine) -> LeadLine:
    """What is known, with gaps closed by what was said later; further needs are added."""
    closed = {
        item.name: getattr(more, item.name)
        for item in fields(line)
        if not getattr(line, item.name) and item.name != "note"
    }
    notes = [note for note in (line.note, more.note) if note]
    return replace(line, **closed, note="；".join(dict.fromkeys(notes)))


def read_answer(field: LeadField, said: str, words: Vocabulary) -> LeadLine:
    """What an answer to the question for that part says; without the part, `missing` still names it."""
    line = read_lead_line(said, words)
    if field is LeadField.WHO and not (line.company or line.contact):
        alone = clean(said)
        return replace(line, company=alone, note="") if 2 <= len(alone) <= 30 else line
    if field is LeadField.HOW and not (line.mobile or line.wechat):
        folded = fold(clean(said))
        found = next((word for word in _BREAK.split(folded) if _WECHAT_ALONE.fullmatch(word)), "")
        return LeadLine(wechat=found)
    return line


def to_record(line: LeadLine, *, lead_no: str, received_at: datetime, own_region: str, words: Vocabulary) -> LeadRecord:
    """As a record. Where no region was said: that of the company's place, else the own one of whoever typed it."""
    key = cells.mobile_key(line.mobile)
    place = read_company(line.company).place
    return LeadRecord(
        lead_no=lead_no,
        received_at=received_at,
        source=line.source or SOURCE,
        company=line.company,
        contact=line.contact,
        mobile=line.mobile,
        mobile_key=key if is_mobile(key) else "",
        region=line.region or words.region(place) or own_region,
        industry=line.industry,
        amount_fen=_fen(line.amount) if line.amount else None,
        amount_text=line.amount,
        intent=Intent(line.intent) if line.intent else None,
        note="；".join(filter(None, (f"微信 {line.wechat}" if line.wechat else "", line.note))),
    )


# -- parts with a mark of their own -----------------------------------------------------------------------------------
def _take_number(typed: str) -> tuple[str, dict[str, str]]:
    """The number and the WeChat id; where they stood is a break."""
    known: dict[str, str] = {}
    for name, pattern in (("mobile", _PHONE), ("wechat", _WECHAT)):
        if found := pattern.search(fold(typed)):
            group = next(number for number, text in enumerate(found.groups(), 1) if text)
            known[name] = typed[found.start(group) : found.end(group)]
            typed = f"{typed[: found.start()]} ; {typed[found.end() :]}"
    return typed, known


def _take_labels(typed: str, words: Vocabulary) -> tuple[str, dict[str, str]]:
    """What stands behind 公司：, 电话： and so on, up to the next label or the line's end."""
    marks = list(_LABEL.finditer(fold(typed)))
    if not marks:
        return typed, {}
    rest, known = [typed[: marks[0].start()]], dict[str, str]()
    for number, mark in enumerate(marks):
        end = marks[number + 1].start() if number + 1 < len(marks) else len(typed)
        value = typed[mark.end() : end]
        name = _FIELD_OF[mark["label"].replace("号", "") if "微" in mark["label"] else mark["label"]]
        if name in ("mobile", "wechat") and value.lstrip().startswith(";"):  # its number is taken: the rest is more
            rest.append(value)
            continue
        if name != "note":
            value, more = _first_part(value.strip(), words)
            rest.append(more)
        known.setdefault(name, _labelled(name, value.strip(" \t\r\n,，;；。、|"), words))
    return " ; ".join(filter(None, rest)), known


def _first_part(value: str, words: Vocabulary) -> tuple[str, str]:
    """What a label is about, and what stands behind it without a label of its own: 公司：朴枢物流 陈总."""
    line, _, below = value.partition("\n")
    for mark in _BREAK.finditer(line):
        following = _BREAK.split(line[mark.end() :])[0]
        if mark.start() and (not mark[0].isspace() or _kind(following, words)[0] or is_person(following)):
            return line[: mark.start()], f"{line[mark.end() :]} ; {below}"
    return line, below


def _labelled(name: str, value: str, words: Vocabulary) -> str:
    if name == "region":
        return words.region(value)
    if name == "intent":
        return _intent(value)
    return value


# -- words by their look ----------------------------------------------------------------------------------------------
def _by_look(rest: str, words: Vocabulary, known: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    left: list[str] = []
    for word in _words(rest):
        name, value = _kind(word, words)
        if word in _EMPTY:
            continue
        if name and name not in known and name not in found:
            found[name] = value
        else:
            left.append(word)
    company = "" if "company" in known else next((word for word in left if _is_company(word)), "")
    if company:
        left.remove(company)
    people = [] if "contact" in known else [word for word in left if is_person(word)]
    if not people and "contact" not in known:
        people = [word for word in left if _POST.fullmatch(word)]
    if len(people) > 1 and not company and "company" not in known:  # 朴枢 陈俊杰: a bare name that could be a person's
        company = next((word for word in people if not surname_of(word)), "")
        people.remove(company or people[0])
        left = [word for word in left if word != company]
    contact = people[0] if people else ""
    if contact:
        left.remove(contact)
    if not company and "company" not in known and left and not _NEED.match(left[0]) and 2 <= len(left[0]) <= 12:
        company = left.pop(0)  # a bare name: 朴枢
    note = "，".join(left)
    return {
        name: value for name, value in {**found, "company": company, "contact": contact, "note": note}.items() if value
    }


def _words(rest: str) -> list[str]:
    """Words as they were set apart; a company and a name written together are two."""
    return [part for word in _BREAK.split(rest) if word for part in _apart(word)]


def _apart(word: str) -> tuple[str, ...]:
    for length in (4, 3, 2):
        head, tail = word[:-length], word[-length:]
        if len(head) >= 4 and is_person(tail) and not take_apart(word).tail and take_apart(head).tail:
            return head, tail
    return (word,)


def _kind(word: str, words: Vocabulary) -> tuple[str, str]:
    """A word that is one of a few, or a sum of money."""
    folded = fold(word)
    if value := words.region(word) if len(word) <= 6 else "":
        return "region", value
    if value := words.industry(word):
        return "industry", value
    if value := _intent(word):
        return "intent", value
    if _is_sum(folded):
        return "amount", word
    return ("source", word) if _SOURCES.fullmatch(folded) else ("", "")


def _intent(word: str) -> str:
    found = _INTENT.fullmatch(fold(word))
    return _INTENTS.get(found[1], found[1]) if found else ""


def _is_sum(folded: str) -> bool:
    found = _AMOUNT.fullmatch(folded)
    if found is None or not _SUM.fullmatch(found["sum"]) or _fen(found["sum"]) is None:
        return False
    digits = re.sub(r"\D", "", found["sum"])
    return not found["sum"].isdigit() or (len(digits) >= 4 and not re.fullmatch(r"20\d\d", digits))


def _fen(amount: str) -> int | None:
    """A rough sum in fen: 1-2万, 十来万, 三万五."""
    if (fen := cells.rough_fen(fold(amount))) is not None:
        return fen
    yuan = read_amount(amount)
    return None if yuan is None else yuan * 100


def _sum_inside(note: str) -> str:
    """The one sum that the need speaks of: 预算30万左右的设备."""
    sums = [money for money in find_money(fold(note)) if money.marked]
    return note[sums[0].start : sums[0].end] if len(sums) == 1 else ""


def _is_company(word: str) -> bool:
    if len(word) < 3 or _NEED.match(word) or is_person(word):
        return False
    parts = take_apart(word)
    return bool(parts.tail and parts.stem) or bool(_PLACE_LIKE.search(word)) or (bool(parts.place) and len(word) >= 4)


def is_person(word: str) -> bool:
    """A name or how somebody is called: 陈俊杰, 陈总, 老陈."""
    if surname_of(word) in SURNAMES:
        return True
    return bool(_NAME.fullmatch(word)) and not _NEED.match(word) and not _PLACE_LIKE.search(word)
