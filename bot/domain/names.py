"""What a customer's name is made of: place, the distinctive stem, trade and legal form, branch.

杭州 芯程 新材料有限公司; 旺淘 便利店 (建设路店). People leave out any of it but the stem, and shorten the rest.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache

from bot.domain.text import fold

PLACES = frozenset(
    ["北京", "天津", "上海", "重庆", "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海", "台湾", "内蒙古", "广西", "西藏", "宁夏", "新疆", "香港", "澳门", "石家庄", "唐山", "秦皇岛", "邯郸", "保定", "张家口", "承德", "沧州", "廊坊", "衡水", "太原", "大同", "长治", "晋城", "运城", "临汾", "呼和浩特", "包头", "赤峰", "鄂尔多斯", "沈阳", "大连", "鞍山", "抚顺", "丹东", "锦州", "营口", "长春", "哈尔滨", "齐齐哈尔", "大庆", "牡丹江", "南京", "无锡", "徐州", "常州", "苏州", "南通", "连云港", "淮安", "盐城", "扬州", "镇江", "泰州", "宿迁", "昆山", "江阴", "张家港", "常熟", "杭州", "宁波", "温州", "嘉兴", "湖州", "绍兴", "金华", "衢州", "舟山", "台州", "丽水", "义乌", "慈溪", "余姚", "合肥", "芜湖", "蚌埠", "淮南", "马鞍山", "淮北", "铜陵", "安庆", "黄山", "滁州", "阜阳", "宿州", "六安", "亳州", "池州", "宣城", "福州", "厦门", "莆田", "三明", "泉州", "漳州", "南平", "龙岩", "宁德", "南昌", "景德镇", "萍乡", "九江", "新余", "鹰潭", "赣州", "吉安", "宜春", "抚州", "上饶", "济南", "青岛", "淄博", "枣庄", "东营", "烟台", "潍坊", "济宁", "泰安", "威海", "日照", "临沂", "德州", "聊城", "滨州", "菏泽", "郑州", "开封", "洛阳", "平顶山", "安阳", "鹤壁", "新乡", "焦作", "濮阳", "许昌", "漯河", "三门峡", "南阳", "商丘", "信阳", "周口", "驻马店", "武汉", "黄石", "十堰", "宜昌", "襄阳", "鄂州", "荆门", "孝感", "荆州", "黄冈", "咸宁", "随州", "恩施", "长沙", "株洲", "湘潭", "衡阳", "邵阳", "岳阳", "常德", "张家界", "益阳", "郴州", "永州", "怀化", "娄底", "广州", "韶关", "深圳", "珠海", "汕头", "佛山", "江门", "湛江", "茂名", "肇庆", "惠州", "梅州", "汕尾", "河源", "阳江", "清远", "东莞", "中山", "潮州", "揭阳", "云浮", "南宁", "柳州", "桂林", "梧州", "北海", "海口", "三亚", "成都", "自贡", "攀枝花", "泸州", "德阳", "绵阳", "广元", "遂宁", "内江", "乐山", "南充", "眉山", "宜宾", "广安", "达州", "贵阳", "遵义", "昆明", "曲靖", "玉溪", "保山", "丽江", "大理", "西安", "宝鸡", "咸阳", "渭南", "延安", "汉中", "榆林", "兰州", "天水", "西宁", "银川", "乌鲁木齐", "华东", "华南", "华北", "华中", "西南"]
)
_LEGAL = ["股份有限公司", "有限责任公司", "集团有限公司", "有限公司", "公司", "集团", "总公司", "分公司", "工作室", "经营部", "商贸部", "事务所", "合伙企业"]
#: words of trade, the abbreviations people use behind the colon
_TRADES = dict(
    item.partition(":")[::2]
    for item in ["便利店:便利", "便利:", "超市:", "生鲜:", "生活:", "平价:", "购物广场:广场", "购物中心:", "大卖场:卖场", "卖场:", "百货:", "商场:", "商店:", "商行:", "商贸:", "贸易:", "食品:", "副食品:副食", "副食:", "烟酒店:烟酒", "烟酒:", "酒行:", "名酒:", "茶叶:", "水果:", "饭店:", "酒店:", "宾馆:", "大酒店:", "餐饮店:餐饮", "餐饮:", "餐厅:", "小吃店:小吃", "饮品店:饮品", "饮品:", "奶茶店:奶茶", "面馆:", "火锅店:火锅", "烧烤店:烧烤", "小卖部:小卖", "校园:", "加油站:加油", "服务区:", "24h:24", "24小时:24", "连锁:", "零售:", "批发部:批发", "批发:", "粮油:", "日用品:", "店:", "建筑材料:建材", "建材:", "建筑:", "建设:", "装饰:", "装修:", "防水:", "工程:", "新材料:新材", "材料:", "精密:", "机械:", "设备:", "自动化:", "五金:", "制品:", "轴承:", "制造:", "工业:", "实业:", "电气:", "电器:", "电子:", "机电:", "仪器:", "仪表:", "模具:", "化工:", "钢材:", "钢铁:", "管业:", "涂料:", "陶瓷:", "家具:", "门窗:", "照明:", "环保:", "能源:", "新能源:", "汽车:", "汽配:", "医疗:", "器械:", "医院:", "康复:", "诊所:", "门诊部:门诊", "药房:", "大药房:药房", "医药:", "生物:", "制药:", "药业:", "体检:", "口腔:", "管理:", "科技:", "技术:", "信息:", "网络:", "软件:", "数据:", "智能:", "教育:", "咨询:", "学校:", "实验:", "小学:", "中学:", "高级中学:高中", "幼儿园:", "职业:", "职业培训学校:职校", "培训:", "校外:", "学院:", "大学:", "文化:", "传媒:", "广告:", "物流:", "供应链:", "运输:", "仓储:", "快递:", "货运:", "律所:", "律师:", "服务:", "外贸:", "进出口:", "国际:", "装备:", "家居:", "定制:", "人力资源:人力", "劳务:", "物业:", "房产:", "置业:", "投资:", "旅行社:", "旅游:", "健身:", "美容:", "农业:", "农产品:农产", "养殖:", "服饰:", "纺织:", "印刷:", "包装:"]
)
_WORDS = sorted((*_TRADES, *_LEGAL), key=len, reverse=True)
_ENDING = re.compile("(?:" + "|".join(map(re.escape, _WORDS)) + ")$")
_SPLIT = re.compile("|".join(map(re.escape, _WORDS)))
_BRACKET = re.compile(r"[(\[【〔]([^)\]】〕]*)[)\]】〕]")
_BLANK = re.compile(r"\s+")
_SHOP = re.compile(r"(?:分?店|分公司|校区|院区|分部|分校)$")
_DISTRICT = re.compile(
    r"(?:[^省市]{2,8}?(?:省|自治区))?(?P<city>[^市]{2,8}?市)?(?P<district>[^区县市]{1,6}?(?:新区|区|县|市))?(?P<rest>.*)"
)
_ROAD = re.compile(
    r"^(?P<road>[^\d\s]{1,10}?(?:路|街|大道|道|巷|弄|里|胡同|村|镇|广场|园))(?=\d|[一二三四五六七八九十]|号|$|\D)"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart; all parts folded and without blanks."""

    full: str  #: the whole name without brackets and blanks
    place: str
    stem: str
    tail: str  #: trade and legal form
    branch: str  #: without 店


def plain(text: str) -> str:
    """Folded, without blanks and brackets: equal for two spellings of one name."""
    return _BLANK.sub("", re.sub(r"[()\[\]【】〔〕·•\-]", "", fold(text)))


@lru_cache(maxsize=65536)
def take_apart(name: str) -> Name:
    """A registered name's parts. The stem keeps at least two characters."""
    folded = _BLANK.sub("", fold(name))
    bracket = _BRACKET.search(folded)
    inside = bracket[1] if bracket else ""
    base = _BRACKET.sub("", folded)
    place = _place(base)
    if inside in PLACES and not place:  # 某某(苏州)有限公司
        place, inside = inside, ""
    stem = base[len(place) :] if base.startswith(place) else base
    while (ending := _ENDING.search(stem)) and ending.start() >= 2:
        stem = stem[: ending.start()]
    offset = len(place) if base.startswith(place) else 0
    tail = base[offset + len(stem) :]
    return Name(plain(name), place, stem, tail, _SHOP.sub("", inside))


def _place(base: str) -> str:
    for length in (4, 3, 2):
        if base[:length] in PLACES:
            rest = base[length:]
            longer = length + 1 if rest[:1] in "省市" and len(rest) > 3 else length
            return base[:longer] if len(base) - longer >= 3 else ""
    return ""


@lru_cache(maxsize=4096)
def tail_forms(tail: str, short_tail: str) -> tuple[str, ...]:
    """How people say a tail, longest first: every ordered choice of its words, each perhaps abbreviated."""
    words = _SPLIT.findall(tail)[:6]
    options = [("", word, *filter(None, [_TRADES.get(word, "")])) for word in words]
    forms = {"".join(choice) for choice in itertools.product(*options)}
    forms |= {form + "公司" for form in list(forms)} if any("公司" in word for word in words) else set()
    forms |= {form + "店" for form in list(forms) if not form.endswith("店")} if tail.endswith("店") else set()
    forms |= {tail, tail.replace("24h", "24小时"), short_tail}
    return tuple(
        sorted((form for form in forms if len(form) >= 2 or (form == short_tail and form)), key=len, reverse=True)
    )


def starts_like_a_tail(text: str, position: int) -> bool:
    """Whether a word of trade stands at a position of a folded text."""
    match = _SPLIT.match(text, position)
    return bool(match) and match is not None and len(match[0]) >= 2


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address that people say: 江宁区白鹭街."""

    city: str
    district: str
    road: str


def read_address(address: str) -> Address:
    """City, district and road of an address; parts that are not there are empty."""
    match = _DISTRICT.match(_BLANK.sub("", fold(address)))
    if match is None:
        return Address("", "", "")
    road = _ROAD.match(match["rest"] or "")
    return Address((match["city"] or "").removesuffix("市"), match["district"] or "", road["road"] if road else "")
