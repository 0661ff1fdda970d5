"""Whether a message wishes to start the approval of a contract: 合同 …, 给…走个合同审批, … 85万九折两年走审批.

Reports speak of contracts too (下周三送合同, 合同签了), and questions (合同哪天到期); only a wish is one. The more of a
contract's parts a message carries, the less it has to be worded as a wish.
"""

from __future__ import annotations

import re

#: who asks about contracts, or wants one sent, starts none
_ASKS = re.compile(
    r"[?？吗呢]\s*$|多少|什么|哪|几[号年]|到期|到几|还有多久|剩多|续约日|模板|范本|发[我给]|发一[份下]|谁|怎么|为啥|"
    r"没有?$|"
    r"[走批到].{0,3}[了没哪]|审批流|批[了下过完]|通过了|盖[好了]?章了|催|归档"
)
#: a report tells what somebody said or did, or will do
_TELLS = re.compile(
    r"说|让我|答应|考虑|表示|反馈|回复|确认|拍板|敲定|签[了完下好]|[谈聊见盖看]了|拜访|[去打]了|[下这上]周|"
    r"周[一二三四五六日天]|礼拜|"
    r"明天|后天|昨天|前天|今天|上午|下午|刚|[号日]前?[去送签寄发给拿来见谈]|他们?的?(?:审批|流程)|客户(?:那边|内部|"
    r"要走|在走|还在)|甲方|"
    r"总部|等(?:他|她|客户|老板)|的事|[了过][。!！]?$"
)
_PARTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:\d|[一二两三四五六七八九十百千])\s?(?:个?[万w亿千](?![a-z])|元|块)|(?<!\d)\d{4,}",
        r"\d\s?折|[一二三四五六七八九十]折|不打折|原价|全价|\d\s?%|优惠|(?<!\d)0\.\d",
        r"(?:[\d一二两三半]|一整)个?年|\d\s?个月|[一二三四五六七八九十]个月|[到至]\S{0,6}(?:月底?|年底)|"
        r"\d[日号]?[到至]20\d\d",
        r"年框|非标|(?:供货|陈列|补充|框架|采购)(?:协议|合同)",
    )
)
_POLITE = r"(?:帮我|帮忙|麻烦(?:你|帮我)?|请|我要|我想|想|需要|要|给我|现在)*"
_VERB = r"(?:新建|发起|提交?|起草|走|建|开|起|申请|拟|办|录|弄|做|来|报|过)"
_ONE = r"(?:一?[份个下])?"
_PAPER = r"(?:合同|审批|(?:供货|陈列|补充|框架|采购)协议|年框)"
_WORD_FIRST = re.compile(rf"^{_POLITE}(?:{_VERB}{_ONE})?合同(?:审批)?(?P<apart>[\s:：,，])?\s*\S")
_VERB_FIRST = re.compile(rf"^{_POLITE}{_VERB}{_ONE}.{{0,20}}?{_PAPER}(?!.{{0,4}}[了过])")
_FOR = re.compile(
    rf"^{_POLITE}(?:给|跟|和|与|帮|为).{{2,24}}?(?:{_VERB}{_ONE}.{{0,8}}?{_PAPER}|"
    rf"{_PAPER}.{{0,4}}?[走提报过]{_ONE}审批)"
)
_SIGN_WITH = re.compile(rf"^{_POLITE}(?:给|跟|和|与).{{2,24}}?签{_ONE}.{{0,6}}?{_PAPER}")
_ANYWHERE = re.compile(
    rf"{_VERB}{_ONE}(?:合同)?审批|(?:走|起|提|新建|发起){_ONE}合同|合同{_POLITE}{_VERB}{_ONE}(?:审批|流程)"
)

#: 走了合同, 签合同了: done already
_DONE = re.compile(r"(?:合同|审批|协议)[了过]|(?:走|发起|提交?|报|起草|签|办|做)[了过]")


def wishes_contract(folded: str) -> bool:
    """Whether a folded message is to become the draft of a contract."""
    parts = sum(bool(pattern.search(folded)) for pattern in _PARTS)
    asks, tells = bool(_ASKS.search(folded)), bool(_TELLS.search(folded))
    if re.search(r"[?？吗]\s*$", folded) or (asks and parts < 2):
        return False
    if _DONE.search(folded) and not folded.startswith("合同"):
        return False
    if word := _WORD_FIRST.match(folded):
        return parts >= 2 or bool(word["apart"] and (parts or not tells))
    if _VERB_FIRST.match(folded) or _FOR.match(folded):
        return parts >= 2 or not tells
    if tells or parts < 2:
        return False
    return bool(_SIGN_WITH.match(folded) or _ANYWHERE.search(folded))
