"""What we promised next, and on which day the contact took place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from bot.domain.dates import DateMention
from bot.domain.text import Clause

#: what the other side does, or what merely falls on a day: no step of ours
_THEIRS = re.compile(
    r"^(?:[号日]?(?:左右|上午|下午|早上|晚上)?)(?:的)?(?:合同|协议|账期|服务|订阅|系统)?(?:就|要|才|会|能|可以|"
    r"应该|全部|一起|一块儿?)?(?:的)?"
    r"(?:到期|过期|截止|开业|装修|出差|休假|放假|歇业|停业|关[门店]|拆迁|撤店|转让|回来|回国|回店|生日|结[款账清]?|付[款清]?|打款|付|"
    r"给钱|还款|还钱|到账|发工资|开标|交房|搬|营业|开门|涨价|停产|生产|盘点|开学|开工|发年终|满|没空|不方便|不在|"
    r"休息)"
)
_THEIRS_BEFORE = re.compile(
    r"(?:到期日?|有效期|截止|生产日期|保质期|日期|合同|账期|服务期|签到|付到|住到|用到|续到|做到|出差到|放假到|"
    r"休到|有效到|下次到货)[是为在到:]?$"
)
#: 合同下周一走: the paper has its day, not its end
_PAPER_GOES = re.compile(
    r"^(?:[上下]午|早上|一早)?(?:就|再|要|能|可以)?(?:走|签(?!到)|送|寄|盖|改|带|出(?!差)|发|办|定)"
)
_OUR_STEP = re.compile(
    r"再|我|咱|到时|届时|跟进|回访|回复|回话|答复|拜访|上门|过去|去|约|见|催|谈|聊|演示|复查|抽查|盯|取|收款|拿|送|"
    r"寄|带|给他|给她|处理|交接|提醒"
)
_ARRIVES = re.compile(r"^(?:就|能|会|才|可以)?到货?(?=$|[,，。;；\s])")  # 货周四到
_STEP_FOLLOWS = re.compile(
    r"^[\s,，。;；]*(?:到时候?|届时|那天|那时候?|我(?:再|到时|去|过去|那天)|再(?:去|联系|跟|问|谈|说|约|催|跑|来|看|打)|"
    r"等他|等她|[让叫约请](?:我|咱们?|我们)?(?:那天|到时候?))"
)
_NOT_GOING = re.compile(
    r"^.{0,3}(?:不去|不来|没空|没时间|不在|不方便|休息|取消|不行|不用|别来|别去|去不了|来不了|不约)"
)
_NOT_THEN = re.compile(
    r"(?:不用|不必|别|不要(?!嫌|货)|取消|不是|推迟了?|原定|原来定的?|本来|本来说|本来约|说错了?)[^,，。;；改]{0,4}$"
)
_TODAY_AGAIN = re.compile(
    r"(?:今[天晚]|晚上|下午|晚点|一会儿?|等会儿?|待会儿?)[^,，。;；]{0,5}再(?:去|给|打|联系|跟|问|谈|聊|沟通|来|约|催|回)"
)
_PAST_VERB = re.compile(
    r"^[号日]?(?:[上下中]午|早上|晚上|傍晚|早|晚)?(?:就|刚|已经|又|也|还|我|我们|都)?(?:在|跟|和|给|把|带|"
    r"陪)?[^,，。;；]{0,8}?"
    r"(?:跑|去|见|聊|拜访|上门|到|打(?:了|过)?(?:个)?电话|电话|通话|微信|视频|碰|谈|吃|沟通|走访|巡|拜|来|开会|"
    r"演示|联系)"
)
#: what makes a bare weekday a past one: 周六跟她聊的, 周五去了一趟
_TOLD_OF = re.compile(
    r"^[^,，。;；\d]{0,12}(?:聊|谈|见|跑|去|到|拜访|碰|打|通|沟通|说|视频|上门|电话|微信)[^,，。;；]{0,2}"
    r"(?:的(?=$|[,，。;；\s□])|了|过)"
)
_OTHER_EVENT = re.compile(
    r"^[号日]?(?:[上下]午|晚上|早上)?(?:刚)?(?:送|发|到货|到的(?=货|样|单|那|东西)|签收|下的|订的|定的|买|报的|寄|说好|约好|约的|的货|"
    r"的报价|那[批笔张单]|的单|进的|付|打的款|打了款|到账|给的|提的|开的)"
)


def next_step(folded: str, dates: Sequence[DateMention], parts: Sequence[Clause], *, today: date) -> DateMention | None:
    """The last day on which we mean to do something, among the days named in these clauses; None when none is sure."""
    chosen: DateMention | None = None
    for mention in dates:
        part = next((item for item in parts if item.start <= mention.start < item.end), None)
        if part is None or mention.day is None:
            continue
        before, after = folded[part.start : mention.start], folded[mention.end : part.end]
        behind = folded[part.end :]
        day = _coming(mention, after, today)
        today_by_name = day == today and folded[mention.start] not in "今当" and bool(_OUR_STEP.search(before + after))
        if (day > today or today_by_name) and _is_ours(before, after, behind):
            chosen = DateMention(mention.start, mention.end, day)
    if chosen is None and parts and _TODAY_AGAIN.search(folded, parts[0].start, parts[-1].end):
        return DateMention(parts[0].start, parts[0].start, today)
    return chosen


def _coming(mention: DateMention, after: str, today: date) -> date:
    """A bare weekday that is over means the next one, when something is planned for it."""
    assert mention.day is not None
    opens = mention.day == today and mention.start == 0  # 周五例行, told on that Friday
    if mention.loose and mention.day <= today and not opens and not _DONE.match(after):
        return mention.day + timedelta(weeks=1)
    return mention.day


_DONE = re.compile(r"^[^,，。;；]{0,5}(?:了|过|的|完|那天)")


def _is_ours(before: str, after: str, behind: str) -> bool:
    if _NOT_GOING.match(after) or _NOT_THEN.search(before):
        return False
    if _ARRIVES.match(after) and re.search(r"货|样品|订单", before):
        return False
    of_paper = before.endswith(("合同", "协议")) and _PAPER_GOES.match(after)
    if _THEIRS.match(after) or (_THEIRS_BEFORE.search(before) and not of_paper):
        rest = _THEIRS.sub("", after)
        return bool(
            _STEP_FOLLOWS.match(behind) or re.search(r"再|我|咱|到时|去(?!年)|等|前[^,，]{0,2}[送寄交签办]", rest)
        )
    return True


def contact_day(folded: str, dates: Sequence[DateMention], spans: Sequence[tuple[int, int]], *, today: date) -> date:
    """When the contact took place: a past day said of a visit or a call, else today."""
    for mention in dates:
        if mention.day is None or not any(a <= mention.start < b for a, b in spans):
            continue
        after = folded[mention.end : mention.end + 24]
        if mention.loose and not _TOLD_OF.match(after):
            continue
        if mention.loose and mention.day > today and mention.start <= spans[0][0] + 2:
            return mention.day - timedelta(weeks=1)
        if mention.day >= today:
            continue
        before = folded[max(0, mention.start - 8) : mention.start]
        if _OTHER_EVENT.match(after) or (today - mention.day).days > 31:
            continue
        if _PAST_VERB.match(after) or re.search(
            r"(?:补记|补录|补一下|补|记录?|漏记的?|忘记?记?了?)[一下]*[:：,，\s]*$", before
        ):
            return mention.day
        if mention.start <= min(a for a, _ in spans) + 2:
            return mention.day
    return today
