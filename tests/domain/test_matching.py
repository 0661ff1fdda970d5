"""Who is meant by a name, in the words and slips of reps; and that nobody else is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.directory import Directory
from bot.domain.names import plain, take_apart
from bot.domain.people import Contact, Customer, Employee, Role
from bot.domain.phonetics import loose_sound, sound, sounds_alike
from tests.domain.company import sample_directory


def who(text: str, sender: str = "YG001") -> list[str | tuple[str, ...]]:
    """Certain customers by number, uncertain ones by their candidates."""
    directory = sample_directory()
    mentions = directory.find(text, sender=directory.employee(sender))
    return [mention.customer_no or mention.candidates for mention in mentions]


@pytest.mark.parametrize(
    ("text", "sender", "meant"),
    [
        pytest.param("芯程新材料有限公司希望账期60天", "YG011", "KH0229", id="the place left out"),
        pytest.param("鲸诺防水工程打电话催货", "YG036", "KH0213", id="the legal form left out"),
        pytest.param("旺淘解放路石薇", "YG008", "KH0063", id="chain and branch"),
        pytest.param("旺淘便利店南站店漏水", "YG010", "KH0126", id="branch without brackets"),
        pytest.param("望淘便利店建设路店", "YG010", "KH0099", id="a slip that sounds the same"),
        pytest.param("和景简轴承开了个视频会", "YG041", "KH0243", id="和 is with"),
        pytest.param("到7天江宁门口", "YG034", "KH0106", id="7天 is no span of days"),
        pytest.param("七天优鲜江宁店", "YG034", "KH0106", id="seven in words"),
        pytest.param("ＡＢ优品超市", "YG024", "KH0026", id="full width, and the whole name though a branch has it too"),
        pytest.param("7天优鲜便利店", "YG032", "KH0184", id="the whole name wins"),
        pytest.param("辰露小卖部", "YG033", "KH0118", id="the whole name wins over a chain that sounds alike"),
        pytest.param("聚富楼饭店", "YG018", "KH0080", id="letters win over sound"),
        pytest.param("康固便利", "YG034", "KH0062", id="by sound"),
        pytest.param("去惠优，丁哥直接下单", "YG032", "KH0103", id="a short name by sound, its contact confirms"),
        pytest.param("鑫旺便利店", "YG018", "KH0172", id="of three the sender's own"),
        pytest.param("南京的鑫旺中山路", "YG006", "KH0214", id="the place decides"),
        pytest.param("柴斌那家店还欠多少", "YG004", "KH0137", id="by its owner's name"),
        pytest.param("江宁区白鹭街那家", "YG006", "KH0234", id="by its address"),
        pytest.param("KH0117 还欠多少", "YG010", "KH0117", id="by its number"),
        pytest.param("云光的货", "YG010", "KH0068", id="a short name alone"),
    ],
)
def test_one_customer(text: str, sender: str, meant: str) -> None:
    assert who(text, sender) == [meant]


@pytest.mark.parametrize(
    ("text", "sender", "candidates"),
    [
        pytest.param("鑫旺便利店(中山路店)", "YG014", ("KH0002", "KH0172", "KH0214"), id="three of one name"),
        pytest.param("绿源超市欠多少", "YG003", ("KH0117", "KH0226"), id="not the one that sounds alike"),
        pytest.param("晨露小卖部", "YG035", ("KH0105", "KH0220"), id="a chain"),
        pytest.param(
            "旺淘便利店", "YG005", ("KH0063", "KH0099", "KH0107", "KH0126", "KH0131", "KH0248"), id="six branches"
        ),
        pytest.param(
            "旺淘便利店新村店",
            "YG008",
            ("KH0063", "KH0099", "KH0107", "KH0126", "KH0131", "KH0248"),
            id="no such branch",
        ),
        pytest.param("家盛超市文化路店", "YG048", ("KH0029",), id="the only one, but another branch is named"),
        pytest.param("均拓机械", "YG019", ("KH0008", "KH0015"), id="two of one sound"),
    ],
)
def test_several_customers_are_asked_about(text: str, sender: str, candidates: tuple[str, ...]) -> None:
    assert who(text, sender) == [candidates]


@pytest.mark.parametrize(
    "text",
    [
        "老板说会有人来验货",
        "货架端头被占了",
        "我下周三请假",
        "明天早会几点",
        "收到",
        "",
        "。",
        "乐沁又去铺货了",
        "下周二我报新方案",
        "去喝了杯荷花茶",
        "陈总的话语权很大",
        "杭州下雨了",
        "中山路堵车",
        "北门集合",
    ],
)
def test_ordinary_words_are_no_customers(text: str) -> None:
    assert who(text, "YG008") == []


def test_look_up_offers_the_nearest_but_takes_none() -> None:
    directory = sample_directory()
    found = directory.look_up("杭州芯橙新材有限公司", sender=None)
    assert found is not None
    near = directory.look_up("杭州恒源防水工程公司", sender=None)
    assert near is None or near.customer_no is None
    assert directory.look_up("完全不存在的名字", sender=None) is None


@pytest.mark.parametrize(
    ("typed", "number"), [("wtjfl", "KH0063"), ("wangtaojiefanglu", "KH0063"), ("yunguang", "KH0068")]
)
def test_look_up_by_pinyin(typed: str, number: str) -> None:
    found = sample_directory().look_up(typed, sender=None)
    assert found is not None
    assert number in found.candidates


@pytest.mark.parametrize("customer", sample_directory().customers(), ids=lambda customer: customer.customer_no)
def test_every_customer_by_every_part_of_its_name(customer: Customer) -> None:
    directory = sample_directory()
    owner = directory.employee(customer.owner_no)
    name = take_apart(customer.name)
    branch = f"{name.branch}店" if name.branch else ""
    for said in (
        customer.name,
        customer.short_name,
        name.stem + name.tail + branch,
        f"{name.stem}{name.tail}({branch})",
    ):
        mentions = directory.find(f"今天去了{said}，老板说再看看", sender=owner)
        assert [mention.customer_no for mention in mentions] == [customer.customer_no], said


_STEMS = st.text(
    alphabet="安邦博昌辰诚达德鼎丰富广贵国海浩恒宏佳嘉景聚康朗隆明鹏启荣瑞盛顺泰旺祥兴雅益盈裕源泽",
    min_size=2,
    max_size=3,
)
_TRADES = st.sampled_from(
    ["便利店", "生活超市", "建筑材料有限公司", "精密机械有限公司", "食品商行", "物流服务有限公司", "口腔门诊部"]
)
_SENTENCES = st.sampled_from(
    [
        "今天去了{}，说要考虑，预算3万",
        "{}定了8000块的货，月底送",
        "跟{}通了电话，不进了",
        "嗯那个{}没见到人后天再跑一趟",
        "{}还欠多少",
    ]
)


@given(st.dictionaries(_STEMS, _TRADES, min_size=1, max_size=12), st.data())
def test_in_any_company_the_named_customer_is_found_or_asked_about(names: dict[str, str], data: st.DataObject) -> None:
    customers = [
        Customer(customer_no=f"C{index}", name=stem + trade, short_name=stem, region="东区", owner_no="E1")
        for index, (stem, trade) in enumerate(names.items())
    ]
    sender = Employee(employee_no="E2", name="某某", role=Role.REP, region="东区")
    directory = Directory(customers, (), (sender,), ())
    chosen = data.draw(st.sampled_from(customers))
    mentions = directory.find(data.draw(_SENTENCES).format(chosen.name), sender=sender)
    assert chosen.customer_no in [mention.customer_no for mention in mentions]


def test_accounts_compare_as_the_platforms_do() -> None:
    directory = sample_directory()
    found = directory.employee_by_account("wecom", "CAOKEXIN")
    assert found is not None
    assert found.employee_no == "YG012"
    assert directory.employee_by_account("wecom", "luoqian") is None, "who left has no account"
    assert directory.employee_by_account("dingtalk", "DD_CHENLEI") is None, "DingTalk ids are spelled exactly"


def test_a_contact_of_two_customers_is_asked_about() -> None:
    customers = [
        Customer(customer_no=no, name=name, owner_no="E9") for no, name in (("C1", "东风超市"), ("C2", "西风超市"))
    ]
    contacts = [Contact(customer_no=no, name="章一鸣", title="老板") for no in ("C1", "C2")]
    directory = Directory(customers, contacts, (), ())
    assert directory.find("章一鸣那家店欠多少", sender=None)[0].candidates == ("C1", "C2")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("杭州芯程新材料有限公司", ("杭州", "芯程", "新材料有限公司", "")),
        ("旺淘便利店（解放路店）", ("", "旺淘", "便利店", "解放路")),
        ("７天优鲜便利店　", ("", "7天优鲜", "便利店", "")),
        ("聚福楼饭店", ("", "聚福楼", "饭店", "")),
        ("百桐便利店(北门店)", ("", "百桐", "便利店", "北门")),
        ("明达电子(苏州)有限公司", ("苏州", "明达", "电子有限公司", "")),
    ],
)
def test_what_names_are_made_of(name: str, parts: tuple[str, str, str, str]) -> None:
    taken = take_apart(name)
    assert (taken.place, taken.stem, taken.tail, taken.branch) == parts
    assert taken.full == plain(name)


def test_sounds() -> None:
    assert sound("旺淘") == sound("望桃") == "wang tao"
    assert sounds_alike("长", "昌")
    assert loose_sound("林盛") == loose_sound("宁森")


def test_a_name_does_not_swallow_half_a_word() -> None:
    directory = sample_directory()
    assert directory.find("晟羽律所服务期到哪天", sender=directory.employee("YG023"))[0].surface == "晟羽律所"
    assert directory.find("穗惠二十四小时订了两箱", sender=directory.employee("YG040"))[0].customer_no == "KH0180"


def test_half_the_sound_of_a_colleagues_customer_is_asked_about() -> None:
    """苏岸 is 数岸 to whoever looks after it; to others it may be a shop nobody knows yet."""
    text = "今天去苏岸培训，定了两万"
    directory = sample_directory()
    mine, theirs = (directory.find(text, sender=directory.employee(who))[0] for who in ("YG031", "YG030"))
    assert mine.customer_no == "KH0087"
    assert (theirs.customer_no, theirs.candidates) == (None, ("KH0087",))


def test_a_second_shop_is_not_the_first() -> None:
    directory = sample_directory()
    found = directory.find("诚汇生活超市二店定了五千", sender=directory.employee("YG009"))[0]
    assert (found.customer_no, found.candidates) == (None, ("KH0097",))
    asked = directory.find("桐祥便利店谁的店", sender=directory.employee("YG005"))[0]
    assert asked.customer_no == "KH0135"
