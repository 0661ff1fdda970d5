"""A message becomes a visit, a query, a command, or nothing of the kind. Deterministic; nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.commands import command_word
from bot.domain.directory import Directory, Mention
from bot.domain.people import Employee
from bot.domain.queries import QueryReading, read_query
from bot.domain.text import clauses, clean, fold
from bot.domain.visits import VisitReading, read_visits

UnderstoodKind = Literal["visit", "query", "command", "other"]
_SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What a message is, and what it says."""

    kind: UnderstoodKind
    visits: tuple[VisitReading, ...] = ()
    query: QueryReading | None = None
    command: str = ""  #: the chat word meant ("撤销", "同意"), for kind "command"
    text: str = ""  #: the message without invisible characters and the call of the bot


LONGEST_TEXT = 1200  # characters that are read; a longer message is no report of a visit
_CALL = re.compile(r"^\s*(?:[@＠]\S+\s+|[@＠](?:小助手|助手|机器人)\s*)")
_VISIT_WORD = re.compile(r"^(?:拜访记录|拜访|visit)\s*[:：\s]\s*", re.IGNORECASE)
_WRITE_DOWN = re.compile(
    r"记一[笔下]|记录?[:：]|补记|补录|帮我?记|记下|记个|汇报(?:下|一下)?[:：]|写个拜访|录一[下笔]|登记一?下"
)
#: somebody was there, something was said or agreed: the marks of a report
_REPORTS = re.compile(
    r"上门|拜访了?|见到?了|没见|见着|聊了|聊的|谈了|谈到|谈的|去了|去过|跑了|跑的|刚从|刚到|巡店|路过|通了|"
    r"打了?个?电话|回我了|回了我|说|让我|让[我咱]们|答应|同意|反馈|表示|抱怨|嫌|要求|"
    r"[定订签]了|下单|拍板|考虑|犹豫|还在比|比价|没兴趣|不想|不要|不肯|送了|带了|留了|加了|换了|到货|缺货|坏了|"
    r"临期|催[货了]|演示了?|培训|介绍|漏|投诉|陈列|堆头|排面|铺货|没人|关门|不在|丢了|中标|进场|验收|装好|修[好了]|"
    r"断货|卖得|动销|退[货了]|发货|欠|再[去来跑]|延期|结清|打款|付[了款]|到期"
)
_ASKS_BOT = re.compile(
    r"[?？]\s*$|(?:吗|呢|多少|几号|几点|什么时候|哪天|哪些|谁|什么|啥|几[个家单张次箱瓶件天]|有没有|多久|行不行|怎么办|咋办|咋弄)(?:了|啊|呀|来着)?[?？]?\s*$|^(?:怎么|如何|能不能|"
    r"可不可以|请问|帮我查|查一?下|谁)|是不是[^,，。;；]{1,6}$|^(?!.*[问说]).*是[^,，。;；]{1,4}还是[^,，。;；]{1,4}$"
)
#: 什么时候建档的, 是A类还是B类, 返利算了没; with somebody who asks it a report
_ASKS_FACT = re.compile(r"(?<![问说])什么时候\S{0,4}[?？]?$|是\S{1,4}还是\S{1,4}$|[了好过]没有?[?？]?$")
#: something is wanted from the bot or from colleagues
_WANTS = re.compile(
    r"发[我给]|^给[^,，]{1,14}发(?![了过])|给我|帮[我忙]|麻烦|请[你您问帮]|申请|能不能|可不可以|怎么|查|看[下看一]|模板|把.{1,20}(?:转|改|删|移|给)|"
    r"先放|地址|导航|定位|在哪"
)
#: a list of what is to come, a way to be shown, what somebody else wrote
_NO_NEWS = re.compile(
    r"^(?:(?:[本下这]周|[今明后]天|明日|[上下]午)?的?(?:拜访|出差|走访|跑店|工作)?(?:计划|安排|行程|路线)[:：是]|导航|打车|"
    r"\[?转发|【(?!拜访|走访|客户|记录))"
)
#: nothing that has happened, unless somebody said it: 要是下周还不签
_SUPPOSED = re.compile(r"^(?:要是|如果|假如|假设|万一|倘若)")
#: talk among colleagues, unless it comes with a sum, a day or a person of the customer's
_AMONG_US = re.compile(
    r"^(?:听说|据说|听讲)|(?:[过对聊碰]|讨论|商量|研究)一?下[^,，。;；]{1,16}的?(?:报价|方案|合同|标书|资料|情况)$|教教我|点赞|恭喜|祝贺|打卡|我不想跟|换个人|支个?招|有经验的|谁[^,，。;；]{1,3}了$|谁(?:去)?(?:接待|陪|送)|^我(?:已经)?到(?:公司|单位|家|办公室)|"
    r"^(?:今天|明天)?(?:[上下]午|晚上)?(?:[\d一二两三四五六七八九十]+[点:][^,，]{0,4})?(?:会议室|开会|碰头)|谁(?:认识|知道|能|会|有|去过|熟|一起|要去|跟我)|有没有人|哪位|各位|大家|所有人|同事们|知道(?:不|吗|么|没)|"
    r"^(?:刚[刚才]?|上一?条|前面|昨天|之前)?的?[那这]?[个条笔]?[^,，。;；]{0,8}(?:写|记|打|填|输)错了?"
)
#: right before a customer's name: somebody is about to go there
_ABOUT_TO_GO = re.compile(
    r"请$|(?:不去|去不[了成]|不用去|没去成?|不跑)(?:拜访|见)?$|"
    r"(?:打算|准备|计划|[明后][天早晚]|大后天|下个?(?:周|礼拜|星期)[^,，。;；]{0,2}|(?<!上)(?:周|礼拜|星期)[一二三四五六日天]|待会儿?|等[会下]儿?|一会儿?|过会儿?|马上|"
    r"[要想]|出发|正在?|赶[去往到]?|安排我|[让叫派]我)[^,，。;；]{0,6}(?:去趟?|往|去一趟|跑一?趟?|拜访|走访|见|会会|[去到]?看看?)(?:一下|下)?$"
)
_TOLD_THERE = re.compile(r"说|讲|答应|同意|要求|反馈|[定订签要聊谈见]了|[让叫约请]我|下单|拍板|嫌|催")
#: something is to be done with what is kept, or by somebody: 把周五的跟进改到下周一
_TO_BE_DONE = re.compile(
    r"^(?:请|麻烦|拜托|劳驾)(?:[你您]|大家)?(?:帮|给|提醒|约|发|看|查|转|问|改|把)|^帮[我忙](?!记)|^(?:删除|删掉|取消|作废|修改|更改)|"
    r"^(?:我想|我要|能)?(?:帮我|帮忙)?[把将][^,，。;；]{1,20}(?:改|转|删|取消|移|调[到成]|设|停|分给|归)(?![了好])|"
    r"(?:那|这|上一?|刚才的?|昨天的?)[条笔]?(?:拜访)?记录|(?:跟进|回访|提醒)(?:时间)?(?:改|取消|删)"
)
#: something is over and done with: 已报修, 更新完毕, 换人了
_DONE = re.compile(r"了(?=$|[,，。;；!！\s])|已经?(?!知)|完毕")
#: asked of somebody or told to them, without a word of what happened there
_TO_SOMEBODY = re.compile(r"什么|啥|谁|哪|几个|吗|呢|怎么|你(?:们)?(?:先|去|来|帮|跟)|先别|别(?:发|送|去|动)|有事找")
#: a question or a plan for the own table, whatever day it names
_OWN_TABLE = re.compile(
    r"谁[^,，。;；说问讲]{1,3}[?？]?$|(?:例会|早会|晨会|周会)[^,，。;；]{0,3}(?:讲|讨论|过一|分享|汇报)"
)
_SMALL_TALK = re.compile(r"哈哈|嘿嘿|嘻嘻|是我(?:同学|老乡|亲戚|朋友|邻居)|(?:过|是)生日")
SHORTEST_NEWS = 4  # characters besides the name, fewer tell nothing
_LEAVE = re.compile(r"请假|调休|年假|病假|事假|早会|晨会|周会|例会几点|开会吗|打卡|报销|工资|加班")


def understand(text: str, *, sender: Employee | None, sent_at: datetime, directory: Directory) -> Understood:
    """Decide what `text` is. `sent_at` is aware; relative dates count from its day in Shanghai.

    A message that names a customer and tells what happened is a visit even when it also asks; a question is a query;
    a bare customer's name asks for the overview; wishes to act are commands; everything else is other.
    """
    said = _CALL.sub("", clean(text))[:LONGEST_TEXT]
    command = command_word(said)
    if command:
        return Understood(kind="command", command=command, text=said)
    mentions = directory.find(said, sender=sender)
    today = sent_at.astimezone(_SHANGHAI).date()
    asked = read_query(said, mentions=mentions, sent_at=sent_at, directory=directory)
    told = bool(_WRITE_DOWN.search(said) or _VISIT_WORD.match(said))
    if asked is not None and not told and not (mentions and _tells_more(said, mentions, today, directory)):
        return Understood(kind="query", query=asked, text=said)
    if "提醒我" in said and not told:
        return Understood(kind="other", text=said)
    if not mentions and not told and not _reports_a_stranger(said):
        return Understood(kind="other", text=said)
    visits = read_visits(said, mentions, today=today, directory=directory)
    if told or any(_is_report(visit, said, mentions) for visit in visits):
        return Understood(kind="visit", visits=visits, text=said)
    return Understood(kind="other", text=said)


def _tells_more(said: str, mentions: Sequence[Mention], today: date, directory: Directory) -> bool:
    """Whether what looks like a question carries a promise or a deal: 想试试白桃气泡，1号我去看数据."""
    if _ASKS_BOT.search(fold(said)):
        return False
    visits = read_visits(said, mentions, today=today, directory=directory)
    return any(
        (visit.next_follow_up and (visit.contact or visit.amount_yuan or visit.intent or visit.visit_kind))
        or (visit.amount_yuan and visit.contact and visit.intent)
        for visit in visits
    )


def _is_report(visit: VisitReading, said: str, mentions: Sequence[Mention]) -> bool:
    """Whether something happened with a customer, or is promised to them."""
    folded = fold(said)
    if _NO_NEWS.match(folded) or _TO_BE_DONE.search(folded) or (_SUPPOSED.match(folded) and visit.contact is None):
        return False
    if _AMONG_US.search(folded) and not (visit.contact or visit.amount_yuan or visit.next_follow_up):
        return False
    if _OWN_TABLE.search(folded) and not (visit.contact or visit.amount_yuan or visit.intent):
        return False
    if visit.amount_yuan is None and visit.intent in (None, "中") and _is_intention(folded, mentions):
        return False
    if _ASKS_BOT.search(folded) and not (visit.amount_yuan or visit.next_follow_up or visit.intent):
        return False
    if (
        re.search(r"[吗?？]\s*$", folded)
        and len(clauses(folded)) == 1
        and not (visit.contact or visit.amount_yuan or visit.intent)
    ):
        return False
    if visit.contact is None and _ASKS_FACT.search(folded) and not (visit.amount_yuan or visit.next_follow_up):
        return False
    facts = (visit.contact, visit.amount_yuan, visit.intent, visit.next_follow_up, visit.visit_kind)
    if _SMALL_TALK.search(folded) and not any(facts[1:]) and not _REPORTS.search(folded):
        return False
    if any(fact is not None for fact in facts) or not visit.met:
        return True
    named = [mention for mention in mentions if mention.how not in ("contact", "address")]
    told = len(folded) - sum(mention.end - mention.start for mention in named)
    if not named or _TO_SOMEBODY.search(folded):
        return False
    done = told >= SHORTEST_NEWS and _DONE.search(folded) and not _WANTS.search(folded)
    return bool(done or _REPORTS.search(folded))


_BUSINESS = re.compile(
    r"(?!我们|咱们|那家|这家|一家|附近|隔壁)[一-鿿]{2,10}(?:超市|便利店|大卖场|购物广场|商行|烟酒店|饭店|小卖部|有限公司|集团|诊所|医院|"
    r"学校|律所|建材|机械|物流)"
)


def _is_intention(folded: str, mentions: Sequence[Mention]) -> bool:
    """明天要去见衡固建材江总，资料发我一份: the way to a customer, and nothing from there."""
    first = min(mentions, key=lambda mention: mention.start, default=None)
    return (
        first is not None
        and bool(_ABOUT_TO_GO.search(folded[: first.start]))
        and not re.search(r"说|讲|答应|要求|反馈", folded[: first.start])
        and not _TOLD_THERE.search(folded, first.end)
    )


def _reports_a_stranger(said: str) -> bool:
    """A visit to somebody who is not in the list: told with a place, and with what came of it."""
    folded = fold(said)
    if len(folded) < 8 or _LEAVE.search(folded) or _ASKS_BOT.search(folded):
        return False
    if _NO_NEWS.match(folded) or _TO_BE_DONE.search(folded) or _AMONG_US.search(folded) or _SUPPOSED.match(folded):
        return False
    went = re.search(
        r"上门|拜访|见到?了|去了|跑了|跑的|刚从|刚到|路过|聊了|谈了|通了?个?电话|巡店|(?:今天|昨天|[上下]午|刚)[^,，]{0,3}(?:去|到|跑|在)",
        folded,
    )
    place = re.search(r"店|超市|公司|厂|医院|学校|客户|老板|商行|工地|饭店|餐|老板娘|[一-鿿]总", folded)
    outcome = re.search(
        r"[定订签]了|下单|说|考虑|没兴趣|意向|报价|再去|[没未]见|要|加了|名片|认识|\d|[一二三四五六七八九十]万", folded
    )
    dealt = _BUSINESS.search(folded) and re.search(r"电话|微信|打给|来电|视频|下单|[定订签]了|要了|拍板", folded)
    return bool(outcome and ((went and place) or dealt))
