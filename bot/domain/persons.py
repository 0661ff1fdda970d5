"""Whom we spoke to: 老俞, 梁姐, 采购魏经理, 俞景行, 老板娘; and which of the customer's contacts that is."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.domain.lexicon import SURNAMES
from bot.domain.people import Contact
from bot.domain.phonetics import sound

_TITLES = [
    "总监",
    "总经理",
    "副总经理",
    "副总",
    "总工",
    "总助",
    "总",
    "姐姐",
    "姐",
    "哥",
    "工程师",
    "工",
    "采购经理",
    "经理",
    "主任",
    "老板娘",
    "老板",
    "店长",
    "会计",
    "主管",
    "校长",
    "院长",
    "园长",
    "老师",
    "医生",
    "大夫",
    "部长",
    "处长",
    "科长",
    "书记",
    "律师",
    "厂长",
    "队长",
    "师傅",
    "叔叔",
    "叔",
    "阿姨",
    "嫂子",
    "嫂",
    "先生",
    "女士",
    "小姐",
    "董事长",
    "董",
    "掌柜",
    "助理",
    "秘书",
    "出纳",
    "采购",
    "护士长",
    "护士",
    "教授",
    "博士",
    "站长",
    "局长",
    "所长",
    "行长",
    "领班",
    "组长",
    "班长",
    "大姐",
    "大哥",
    "伯",
    "婶",
    "姨",
    "财务",
    "馆长",
    "社长",
    "主席",
    "厨师长",
    "大厨",
    "同学",
    "司机",
]
_TITLE = "(?:" + "|".join(sorted(_TITLES, key=len, reverse=True)) + ")"
_ROLE_WORDS = (
    "系统管理员|it主管|it经理|it|管理员|采购|财务|技术|工程部|工程|行政|出纳|会计|业务|老板|店长|仓管|库管|负责人|"
    "总经理|副总|设备科|后勤|教务|校办|院办|人事|hr|项目|信息科|总务"
)
_NOT_TITLED = re.compile(
    r"(?<=工)[厂程地作人资艺业具期序会商单]|(?<=总)[共额价数量部体是之算裁结计店公账]|(?<=采购)[量额价单计款]|"
    r"(?<=财务)(?:部|章|报)|(?<=老师)傅|(?<=董)事会|(?<=会计)(?:科|师事)"
)
_DOUBTFUL_SURNAMES = frozenset(
    "和向时从明来那全计索支都管应能门平常安连易成年路项方关商有于单白高万金石水温包车花查官顾盖许终定初生信权当位边"
)
_KNOWN_SURNAMES = frozenset(SURNAMES)
_SAFE_SURNAMES = _KNOWN_SURNAMES - _DOUBTFUL_SURNAMES
_ANY_SURNAME = "(?:" + "|".join(SURNAMES) + ")"
_NICKNAME_GOES_ON = re.compile(r"程序|项目|包装|单子?|方案|金额|时候?|万|米|店|方|车|白鼠|水")

_SAYS = (
    r"(?:[^,，。;；\s◇◈]{0,2})(?:说|聊|谈|问|要|[定订]|让|答应|同意|反馈|表示|觉得|提|介绍|讲|透露|抱怨|嫌|催|签|"
    r"拍板|下单|愿意|认可|微信|电话|直接|想|不肯|不想|希望|承诺|确认|担心|发火|回我|约|接待|在[,，。\s]|"
    r"人|很|挺|忙|比较|态度|加了|通了|开了|把|还在|打算|嘴|那边|这边|对)"
)
_MET = re.compile(
    r"(?:跟|和|与|同|陪|见|见到|见着|见了|碰到|碰见|遇到|找|找了|找到|约|帮|给|问|跟着|叫|联系人|电话|联系上|拜访|"
    r"加了|请|到|是|对接人?|◈|[:：,，、\s])了?$"
)
_ABSENT_AFTER = re.compile(
    r"^(?:今天|这次|又|还是?|都|也|刚好|正好|刚|人|店长|老板|经理|系统管理员|管理员|采购|会计|主管|◈+)*(?:不在|没在|没来|没空见|没理|出差|出去|外出|"
    r"休假|请假|在开会|正开会|开会去了|开会[,，]没|不干了|不做了|不管了|不负责|辞职|退休|调走|[调换转]岗|回老家|回家|住院|没见|没碰|没遇|没接|不接|没人接|未接|电话没|电话不|电话打不|微信没回|没回|没联系|"
    r"联系不|打不通|换人|离职|走了(?!流程)|不见|手机关机|关机)"
    r"|^[^,，。;；\s说讲问下明要◇]{0,6}(?:没见[到着]|没碰[到着上]|没遇[到上]|没来(?!得及|电话|料)|没到场|缺席|放(?:了?我)?鸽子|爽约|换(?:了)?工作|不方便(?!说|透露)|跑[^,，。;；\s]{1,4}去了|跳槽|调走|出差|住院|生病|请假|休假|离职|辞职|退休|回老家)|^的?(?:老婆|爱人|老公|媳妇|儿子|"
    r"女儿|家里|家属|助理|秘书|司机)"
)
_ABSENT_BEFORE = re.compile(
    r"(?:没见到?|没见着|没碰到|没碰上|没找到|没遇到|没等到|没联系上|联系不上|打不通|转给了?|移交给?|交给了?|"
    r"换成了?|换了|介绍(?:了)?|推荐(?:了)?|等|带上?|叫上|请(?=[^,，。]{0,3}$)|我们|咱们?|咱|我司|公司|领导|汇报给|"
    r"抄送|同事|隔壁|前任|以前的?|原来的?|之前的?|说(?:要|得)?(?:问|请示|等)|要问|请示|问一?下|得问|老公|对手|竞品|"
    r"别家|另一家)的?$"
)
#: 林琳，不对，林琳请假了: said in haste, somebody else is meant
_SLIPPED = re.compile(r"[,，。;；\s…]*(?:不对|不是[,，\s]+是|[啊哦]不[,，\s是]|说错了|记错了|口误)")
_SURE = 4
_RECEIVES = re.compile(r"(?:亲自|出来)?接待")
_ONLY = re.compile(
    r"(?:只|光|就)(?:碰|见|遇|找|联系)(?:到|着|上|了)$"
)  # 只碰到姜毅: whoever was named before was not there
_TO_BE_ASKED = re.compile(
    r"(?:要|得|回去|还|再|需要?|等|去)[^,，。;；]{0,3}(?:跟|和|与|问|找|请示|等|向)?[^,，。;；]{0,2}$"
)
_TO_ASK = re.compile(r"^(?:[^,，。;；]{0,2})(?:商量|请示|汇报|确认|拍板|点头|批|审批|签字|同意|回来|定)")
_SPEAKS = re.compile("说|问|讲|想|嫌|答应|表示|觉得|反馈|有(?:兴趣|意向)|还在|同意")
_ALONE = re.compile(
    r"老板娘|老板他?爱人|老板爸|老板|新?店长|负责人|采购经理|采购|会计|财务|出纳|总经理|经理|收银员|主任|校长|院长|"
    r"厂长|系统管理员|管理员|店主|掌柜|主管|业务负责人"
)
_ALONE_BEFORE = re.compile(r"(?:跟|和|与|见|见到|见着|见了|碰到|找|找到|问了?|给)(?:他们?|她们?|店里|他家)?的?$")
_ALONE_AFTER = re.compile(
    r"^(?:娘)?(?:他|她)?(?:就|也|还|都|很|挺|直接|当场|明确|私下|口头)?(?:说|看了|收了|问|要|[定订]了|让|答应|同意|表示|嫌|"
    r"讲|觉得|不肯|不想|不要|想|拍板|反馈|催|抱怨|在[,，。\s]|在店|态度|点头|犹豫|愿意|接待|签|认可|透露|希望|打电话|"
    r"来电|发火|没兴趣|提|告诉|聊)"
)
_NOT_THEIRS = re.compile(r"[我咱](?:们|司|公司)?的?$|公司|领导|对方$|隔壁|前台")
_NAME_BEFORE = rf"(?:{_ROLE_WORDS}|叫|见到?了?|找到?了?|跟|和|与|陪|约了?|联系人|对接人|新来的|主任|经理|老板是?|店长)"
_NAME_AFTER = (
    r"(?=说|聊|谈|问|要|定|订|让|答应|同意|反馈|表示|觉得|在|把|提|介绍|讲|打|不|还|已|也|就|直接|嫌|催|签|做|那|"
    r"沟通|见|碰|吃|确认|很|挺|拍板|下单|加|微信|电话|开|了|对|愿意|是|[,，。;；、\s!！]|$)"
)
_UNKNOWN_NAME = re.compile(rf"{_NAME_BEFORE}(?P<name>{_ANY_SURNAME}(?:[一-鿿]{{2}}{_NAME_AFTER}|[一-鿿]{_NAME_AFTER}))")
_LISTED_NAME = re.compile(rf"(?:^|[\s,，、:：□])(?P<name>{_ANY_SURNAME}[一-鿿]{{1,2}})(?=[\s,，、。;；]|说|$)")
_NO_NAME = re.compile(
    r"高兴|安排|成交|方便|明[天年早]|年后|白天|常用|应该|于是|单子|金额|项目|万一|时[间候]|马上|路过|都在|平时|"
    r"余款|包装|关门|管理|计划|宣传|能|麻烦|谢谢|温度|广告|成本|毛利|鲜|牛奶|水果|米|全[部年]|"
    r"[说聊谈问要定让在把提不还也就的了是那着门]|商量|上午|下午|老板|店长|经理|采购|财务|通知|沟通|何时|任何|方案|"
    r"方面|金牌|江边|石头|花生|雷同|封|计|支付|货|饮|库存|价|常|顾客|车|包|白酒|房|温|安[全装]|左右|向|连|齐|相|时|"
    r"单|盘|应|幸|终|成|平|经|曾经|路|席|万|陈列|宋体|许多|许可|段|黄金|黄了|田|游|付款|水|毛|冷|程序|党|史|简单|"
    r"池|强|全|满|申请|温馨|游客|查"
)
#: introduced by name, whatever the characters mean otherwise: 新店长叫何建平
_INTRODUCED = re.compile(rf"(?<![我来请])叫(?P<name>{_ANY_SURNAME}[一-鿿]{{1,2}})(?=[,，。;；、\s!！]|$)")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody named in a report."""

    mention: str  #: as written
    name: str  #: whole name where it is one of the customer's contacts, else as written
    known: bool
    start: int
    end: int


def spoken_to(
    masked: str, contacts: Sequence[Contact], *, colleagues: Collection[str] = (), met: bool = True
) -> Person | None:
    """The person who was actually spoken to, or None.

    Args:
        masked: folded text with customers, days and sums replaced by signs (bot.domain.visits).
        colleagues: whole names of our own people.
        met: False when nobody was met or reached: then only a clear "跟谁聊" counts.
    """
    best: tuple[bool, bool, bool, int] | None = None
    chosen: Person | None = None
    people = _people(masked, contacts)
    absent = {person.name for person in people if _SLIPPED.match(masked, person.end)}
    for person in people:
        if person.name in colleagues and not person.known:
            continue
        score = None if person.name in absent else _standing(masked, person)
        if score is None or (not met and not _clearly_met(masked, person)):
            continue
        rank = (score < _SURE, not person.known, not person.known and score == 0, person.start)
        if best is None or rank < best:
            best, chosen = rank, person
    return chosen


def _standing(masked: str, person: Person) -> int | None:
    """How sure it is that this person was there; None when they were not, or only talked of."""
    before, after = masked[max(0, person.start - 12) : person.start], masked[person.end : person.end + 14]
    if _RECEIVES.match(after) or _ONLY.search(before):
        return _SURE
    if _ABSENT_AFTER.match(after) or _ABSENT_BEFORE.search(before):
        return None
    says = bool(re.match(_SAYS, after))
    if _TO_BE_ASKED.search(before) and _TO_ASK.match(after):
        return None
    return 2 * says + bool(_MET.search(before))


def _clearly_met(masked: str, person: Person) -> bool:
    if person.known and re.match(r"(?:在?(?:电话|微信)[里上]?)?(?:接待|说|让|告诉|反馈|代)", masked[person.end :]):
        return True
    before, after = masked[max(0, person.start - 6) : person.start], masked[person.end : person.end + 8]
    return bool(
        re.match(r"[^,，。]{0,2}接待", after)
        or re.search(r"见的是[^,，。]{0,3}$", before)
        or (
            re.search(r"(?:跟|和|与|见到?了|碰到|找到?了?)[^,，。]{0,3}$", before)
            and re.match(r"[^,，。]{0,3}(?:聊|谈|说|对|沟通|交流|见)", after)
        )
    )


def _people(masked: str, contacts: Sequence[Contact]) -> list[Person]:
    found = _by_whole_name(masked, contacts) + _by_title(masked, contacts) + _unknown(masked, contacts)
    found.sort(key=lambda person: (not person.known, person.start, -(person.end - person.start)))
    kept: list[Person] = []
    for person in found:
        if all(person.start >= other.end or person.end <= other.start for other in kept):
            kept.append(person)
    return kept + [item for item in _by_role(masked) if all(item.start >= p.end or item.end <= p.start for p in kept)]


def _by_whole_name(masked: str, contacts: Sequence[Contact]) -> list[Person]:
    found = []
    for contact in contacts:
        size = len(contact.name)
        wanted = sound(contact.name)
        for start in range(len(masked) - size + 1):
            written = masked[start : start + size]
            same = written == contact.name
            alike = "一" <= written[0] <= "鿿" and sound(written) == wanted
            if size == 2 and alike:  # two characters sound like much else: only right behind the customer, and speaking
                alike = masked[max(0, start - 1) : start] in tuple("□,， 的") and bool(
                    re.match(_SAYS, masked[start + size :])
                )
            if same or alike:
                found.append(Person(written, contact.name, True, start, start + size))
    return found


@lru_cache(maxsize=256)
def _patterns(surnames: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return (
        re.compile(rf"(?P<role>{_ROLE_WORDS})?(?P<surname>{surnames})(?P<title>{_TITLE})"),
        re.compile(rf"(?P<role>{_ROLE_WORDS})?(?P<title>[老小大阿])(?P<surname>{surnames})"),
    )


def _by_title(masked: str, contacts: Sequence[Contact]) -> list[Person]:
    theirs = {contact.name[:2] if contact.name[:2] in SURNAMES else contact.name[:1] for contact in contacts}
    rare = sorted(surname for surname in theirs - _KNOWN_SURNAMES if surname in masked)  # as good as always none
    titled, nicked = _patterns("|".join([_ANY_SURNAME, *map(re.escape, rare)]))
    found = []
    for match in titled.finditer(masked):
        surname = match["surname"]
        opens = re.search(r"(?:^|[□,，。;；\s])$", masked[: match.start("surname")]) and _SPEAKS.match(
            masked, match.end()
        )
        if surname not in theirs and surname not in _SAFE_SURNAMES and len(surname) == 1 and not opens:
            continue
        if _NOT_TITLED.match(masked, match.end()) or (
            surname == "方" and masked[: match.start("surname")].endswith(("对", "甲", "乙", "他", "三", "双"))
        ):
            continue
        found.append(_person(match, contacts))
    for match in nicked.finditer(masked):
        after = masked[match.end() :]
        if _NICKNAME_GOES_ON.match(after) or masked[: match.start("title")].endswith(
            ("从", "元", "古", "最", "变", "放")
        ):
            continue
        surname = match["surname"]
        if surname in theirs or (surname in _SAFE_SURNAMES and re.match(rf"{_SAYS}|[,，。;；\s]|$", after)):
            found.append(_person(match, contacts))
    return found


def _person(match: re.Match[str], contacts: Sequence[Contact]) -> Person:
    name = _resolve(match["surname"], match["title"], match["role"] or "", contacts)
    written = (
        match["surname"] + match["title"]
        if match.start("title") > match.start("surname")
        else match["title"] + match["surname"]
    )
    return Person(match[0], name or (match["role"] or "") + written, name is not None, match.start(), match.end())


#: spoken title -> words in 职务 that it goes with
_GOES_WITH = (
    ("老板", "老板"),
    ("店长", "店长"),
    ("会计", "财务"),
    ("财务", "财务"),
    ("出纳", "财务"),
    ("采购", "采购"),
    ("管理员", "管理员"),
    ("工", "技术|工程|IT"),
    ("技术", "技术|IT"),
    ("总", "总经理|老板|负责人"),
    ("经理", "经理|总经理"),
    ("主管", "主管"),
    ("it", "IT"),
    ("负责人", "负责人"),
)


def _resolve(surname: str, title: str, role: str, contacts: Sequence[Contact]) -> str | None:
    """The one contact of that surname; among several, the one whose post fits what they are called."""
    namesakes = [contact for contact in contacts if contact.name.startswith(surname)]
    if len({contact.name for contact in namesakes}) > 1:
        for called in (role, title):
            wanted = next((posts for word, posts in _GOES_WITH if called and word in called), None)
            fitting = [contact for contact in namesakes if wanted and re.search(wanted, contact.title)]
            if len({contact.name for contact in fitting}) == 1:
                return fitting[0].name
        return None
    return namesakes[0].name if namesakes else None


def _unknown(masked: str, contacts: Sequence[Contact]) -> list[Person]:
    """A whole name that is not in the list of contacts, where the words around it leave no doubt that it is one."""
    found = []
    for pattern in (_UNKNOWN_NAME, _LISTED_NAME):
        for match in pattern.finditer(masked):
            name = match["name"]
            if (
                re.search(f"财务|采购|{_TITLE}", name[1:])
                or _NO_NAME.search(name[1:])
                or _NO_NAME.match(name)
                or re.search(_TITLE + "$", name)
            ):
                continue
            if name[0] in _DOUBTFUL_SURNAMES and len(name) == 2:
                continue
            found.append(Person(name, name, False, match.start("name"), match.end("name")))
    for match in _INTRODUCED.finditer(masked):
        name = match["name"]
        if not re.search(_TITLE, name):
            found.append(Person(name, name, False, match.start("name"), match.end("name")))
    return found


def _by_role(masked: str) -> list[Person]:
    """老板娘, 店长: only the post was named."""
    found = []
    for match in _ALONE.finditer(masked):
        before, after = masked[max(0, match.start() - 8) : match.start()], masked[match.end() : match.end() + 10]
        if re.search(r"◇[^,，。;；\s]*$", before):  # 下周一找老板谈: yet to come
            continue
        if _NOT_THEIRS.search(before) or not (_ALONE_AFTER.match(after) or _ALONE_BEFORE.search(before)):
            continue
        found.append(Person(match[0], match[0].removeprefix("新"), False, match.start(), match.end()))
    return found
