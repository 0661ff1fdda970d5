"""Wishes to act, typed or said: 同意, 撤销, "刚才那条删掉" (interface.md, chat words)."""

from __future__ import annotations

import re

from bot.domain.schedules import JOB_NAMES
from bot.domain.text import fold

_NUMBER = r"(?:sp|xs|yj|db|bf|ht)\s?\d{2,}|\d{3,}"
_JOB = "|".join(
    fold(name) for name in sorted((n for names in JOB_NAMES.values() for n in names), key=len, reverse=True)
)
_DIGEST = "|".join(JOB_NAMES["daily_digest"])
_STOP = r"(?:停[用掉了]?|关[闭掉了]?|暂停|取消|恢复|启用|打开|开启|别(?:再)?发|不要(?:再)?发)"
_WHEN = (
    r"(?:每[天日周月个早晚小隔半\d]|工作日|天天|周[一二三四五六日天末]|星期|[上下中]午|早上|晚上|"
    r"(?:\d{1,2}|[一二两三四五六七八九十]{1,3})[:点])"
)
#: first that fits: the chat word, how it is typed or said (folded text)
_COMMANDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (word, re.compile(pattern))
    for word, pattern in (
        (
            "撤销",
            r"^(?:撤销|取消撤回|undo)(?:\s|$|上一?条|刚才|刚刚|这条|那条)|^(?:把)?(?:刚才|刚刚|上一?|前一|这|那|"
            r"刚发的?|刚记的?)(?:面|个|那|的)*(?:条|笔|一条|次)?(?:拜访|记录|消息)?.{0,6}(?:删|撤|作废|不算|取消|"
            r"发错|记错)"
            r"|^(?:删掉|删了|删除|作废|撤掉)(?:吧|它|这条|那条|上一?条|刚才.{0,4})?$|^(?:发错了?|记错了?|"
            r"搞错了?)[,，\s]?(?:删|撤|不算|作废|重来)?[^,，]{0,4}$",
        ),
        ("帮助", r"^(?:帮助|菜单|help|\?|？|怎么用|使用说明|功能)$"),
        ("同意", rf"^(?:同意|批准|通过|approve|准了?|批了吧?|ok)(?:\s*(?:{_NUMBER}).*|\s+.*|[。!！.]*)$"),
        ("拒绝", rf"^(?:拒绝|驳回|不同意|不批|reject)(?:\s*(?:{_NUMBER}).*|\s+.*|[。!！.,，]?.{{0,10}})$"),
        ("转交", rf"^(?:转交|转给)\s*(?:{_NUMBER})"),
        ("撤回", rf"^撤回(?:\s*(?:{_NUMBER}).*|\s.*|)$"),
        ("催办", rf"^(?:催办|催一下审批)(?:\s*(?:{_NUMBER}).*|\s.*|)$"),
        ("问", rf"^问\s+(?:{_NUMBER})"),
        ("答", rf"^答\s+(?:{_NUMBER})"),
        ("待办", r"^(?:我的)?(?:待办|todo)(?:有哪些|列表|事项)?$"),
        ("线索", r"^(?:我的)?(?:线索|leads?)(?:列表|有哪些)?$"),
        ("接受", rf"^(?:接受|接单|accept)\s*(?:{_NUMBER})?$"),
        ("退回", rf"^退回\s*(?:{_NUMBER})"),
        ("处理", rf"^处理\s*(?:{_NUMBER})"),
        ("权重", r"^权重(?:\s|$)|^把.{1,10}权重(?:调|改|设)"),
        ("阈值", r"^阈值(?:\s|$)|^把.{1,14}阈值(?:调|改|设)"),
        ("规则", r"^规则(?:\s|$)"),
        ("对账", r"^对账(?:\s*\d{4}[-年]?\d{1,2}月?|\s*[上本]个?月|\s*\d{1,2}月)?$"),
        ("返利", r"^返利\s*(?:\d{4}[-年]?\d{1,2}月?|[上本]个?月|\d{1,2}月)$"),
        ("预警", r"^预警(?:\s|$)"),
        ("知识", r"^知识\s+\S"),
        ("日报", rf"^(?:我的|今天的?|看一?下|看看|发我)?(?:{_DIGEST})$"),
        (
            "日程",
            rf"^日程(?:\s|$)|^(?:把|将)?(?:{_JOB})(?:的?(?:发送|推送)?时间)?\s*(?:{_STOP}|{_WHEN}|"
            rf"(?:[改调换设定]|推迟|提前).{{0,6}}(?:{_WHEN}|默认))|^{_STOP}(?:一下)?(?:{_JOB})$",
        ),
        ("绑定", r"^绑定(?:\s|$)"),
        (
            "合同",
            r"^(?:新建|发起|提交?|起草)?(?:一[份个])?合同\s+\S.*\d|^(?:帮我|请|我要)?(?:新建|发起|提交?|起草|"
            r"走)(?:一?[份个])?.{0,20}(?:合同|审批)(?!.{0,4}(?:了|过))"
            r"|^给.{2,20}合同.{0,4}[走提]个?审批|^给.{2,20}(?:发起|提交?|走|建)个?.{0,6}(?:合同|审批)",
        ),
    )
)


def command_word(said: str) -> str:
    """The chat word a message means, or "" when it is none."""
    folded = fold(said).strip()
    return next((word for word, pattern in _COMMANDS if pattern.search(folded)), "")
