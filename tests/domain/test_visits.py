"""What one report says: each table is about one detail, with a reason per row."""

from __future__ import annotations

from datetime import date

import pytest

from bot.domain.intents import read_intent
from bot.domain.people import Contact
from bot.domain.persons import spoken_to
from bot.domain.visits import VisitReading, read_visits
from tests.domain.company import sample_directory

TODAY = date(2026, 2, 5)


def read(text: str, sender: str = "YG008") -> tuple[VisitReading, ...]:
    directory = sample_directory()
    mentions = directory.find(text, sender=directory.employee(sender))
    return read_visits(text, mentions, today=TODAY, directory=directory)


def one(text: str, sender: str = "YG008") -> VisitReading:
    (visit,) = read(text, sender)
    return visit


@pytest.mark.parametrize(
    ("words", "day"),
    [
        pytest.param("约了明天上午上门细聊", "2026-02-06", id="a plan"),
        pytest.param("他答应下周六付，我到时再问", "2026-02-14", id="theirs, but we ask then"),
        pytest.param("董事会下礼拜二开，结果下星期五才知道，我到时问", "2026-02-13", id="the last step of ours"),
        pytest.param("下周三没空，周五再去", "2026-02-06", id="not then"),
        pytest.param("下周三去，说错了，是下周四", "2026-02-12", id="corrected"),
        pytest.param("周一再去", "2026-02-09", id="a bare weekday that is over means the coming one"),
        pytest.param("合同3月1号到期，2月25号去谈续签", "2026-02-25", id="an end of contract is no step"),
        pytest.param("合同3月1号到期，愿意续", None, id="only an end of contract"),
        pytest.param("确认春节只休三天，初四营业", None, id="when they open"),
        pytest.param("说月底一起结", None, id="when they pay"),
        pytest.param("昨天的货收到了", None, id="past"),
        pytest.param("年后再说", None, id="vague"),
        pytest.param("先寄样，下周三到，年后再说", "2026-02-11", id="a vague one does not undo a clear one"),
        pytest.param("今晚再打一次电话", "2026-02-05", id="later today"),
        pytest.param("改天再约", None, id="no day"),
        pytest.param("合同下周一走", "2026-02-09", id="the paper goes then, it does not end"),
        pytest.param("本月二十六签", "2026-02-26", id="a day of this month in words"),
        pytest.param("廿二号送货", "2026-02-22", id="twenty as it was written"),
    ],
)
def test_the_next_step(words: str, day: str | None) -> None:
    found = one(f"旺淘解放路，{words}").next_follow_up
    assert (found.isoformat() if found else None) == day


@pytest.mark.parametrize(
    ("words", "day"),
    [
        pytest.param("昨天下午跑的旺淘解放路，忘了记", "2026-02-04", id="yesterday"),
        pytest.param("补记上周五：旺淘解放路石薇定了2600", "2026-01-30", id="written down later"),
        pytest.param("旺淘解放路，昨天送的货有破损", "2026-02-05", id="a delivery is no visit"),
        pytest.param("前天拜访旺淘解放路，石薇说再看看", "2026-02-03", id="two days ago"),
        pytest.param("旺淘解放路上周报的价她看了，还在考虑", "2026-02-05", id="a quotation is no visit"),
    ],
)
def test_the_day_of_the_contact(words: str, day: str) -> None:
    assert one(words).visit_date.isoformat() == day


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param("刚从旺淘解放路出来，石薇要货", "上门拜访", id="came out"),
        pytest.param("在旺淘解放路跟石薇聊了半小时", "上门拜访", id="in the shop"),
        pytest.param("路过旺淘解放路看了下", "上门拜访", id="passed by"),
        pytest.param("旺淘解放路石薇微信回我了", "微信", id="chat"),
        pytest.param("电话跟旺淘解放路石薇聊的，下周三去拜访", "电话", id="the visit is yet to come"),
        pytest.param("见到旺淘解放路石薇了，电话我存了", "上门拜访", id="a number saved is no call"),
        pytest.param("展会上碰到旺淘解放路的石薇，约明天上门", "展会", id="fair"),
        pytest.param("旺淘解放路石薇来我们公司看样", "客户来访", id="they came"),
        pytest.param("跟旺淘解放路石薇开了个腾讯会议", "视频会议", id="video"),
        pytest.param("旺淘解放路石薇说再看看", None, id="the words do not say"),
        pytest.param("跟旺淘解放路石薇吃了个饭", None, id="a meal is none of them"),
        pytest.param("旺淘解放路那笔8800打过来了", None, id="money came, nobody called"),
        pytest.param("旺淘解放路石薇约我去她办公室聊了会", "上门拜访", id="asked to come, and came"),
        pytest.param("旺淘解放路石薇加我微信了，简单聊了几句", "微信", id="a new friend one talked with"),
        pytest.param("旺淘解放路石薇说等广交会后再看", None, id="a fair that is yet to come"),
        pytest.param("旺淘解放路石薇让我别跑了", None, id="told not to come"),
    ],
)
def test_the_kind_of_contact(text: str, kind: str | None) -> None:
    assert one(text).visit_kind == kind


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ("定了", "高"),
        ("已经拍板", "高"),
        ("没问题就签", "高"),
        ("签了！！", "高"),
        ("意向比较高", "高"),
        ("下单三千", "高"),
        ("送货慢，不过货还是定了", "高"),
        ("本来还在犹豫，最后定了", "高"),
        ("要了◆◆的货", "高"),
        ("定给我们了", "高"),
        ("还在考虑", "中"),
        ("要跟乐沁比一比", "中"),
        ("有兴趣但要先比比", "中"),
        ("二选一，还在比", "中"),
        ("不敢做主", "中"),
        ("中等意向吧", "中"),
        ("回去跟老板商量", "中"),
        ("等倪总拍板", "中"),
        ("原来定了，又说再考虑考虑", "中"),
        ("没兴趣", "低"),
        ("嫌贵不进", "低"),
        ("意向不高", "低"),
        ("不续了，换别家", "低"),
        ("没戏，除非降价", "低"),
        ("没谈拢", "低"),
        ("不想加量", "低"),
        ("约定了时间", None),
        ("定了下周三见面", None),
        ("没签", None),
        ("要换货", None),
        ("要开专票", None),
        ("催货，再不到就罚款", None),
        ("二期签了一起给", None),
        ("没有新订单", None),
        ("不降就不进", None),
        ("店长换人了", None),
        ("只是想了解一下", None),
    ],
)
def test_how_much_they_want_it(words: str, intent: str | None) -> None:
    assert read_intent(words) == intent


CONTACTS = [
    Contact(customer_no="C1", name="魏倩", title="采购经理"),
    Contact(customer_no="C1", name="魏树根", title="总经理"),
    Contact(customer_no="C1", name="俞景行", title="老板"),
    Contact(customer_no="C1", name="徐小芳", title="财务"),
]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("□老俞说再看看", "俞景行", id="surname"),
        pytest.param("□徐会计要发票", "徐小芳", id="surname and post"),
        pytest.param("跟采购魏经理吃饭", "魏倩", id="the post decides between namesakes"),
        pytest.param("□魏总说可以", "魏树根", id="总 is the general manager"),
        pytest.param("□俞井行定了", "俞景行", id="a whole name by sound"),
        pytest.param("财务俞毅说发票错了", "俞毅", id="not in the list: as written"),
        pytest.param("店长换人了，新店长叫徐勇，先混个脸熟", "徐勇", id="a new one"),
        pytest.param("□老板娘在，说老公不在不敢做主", "老板娘", id="the post alone"),
        pytest.param("见到俞总了，转给了项辉", "俞景行", id="whom we met, not to whom it went"),
        pytest.param("俞景行出差了，见的是徐小芳", "徐小芳", id="the one who was there"),
        pytest.param("□俞老板说回去跟魏总商量", "俞景行", id="the one who spoke"),
        pytest.param("□没见到负责人", None, id="not met"),
        pytest.param("□前台说经理出差了", None, id="absent"),
        pytest.param("□俞景行今天线上会议没来，让徐小芳听的", "徐小芳", id="who did not come"),
        pytest.param("□俞景行发来定位让我去，只碰到徐小芳", "徐小芳", id="the only one there"),
        pytest.param("□俞景行，不对俞景行请假了，是徐小芳，订了货", "徐小芳", id="said in haste"),
        pytest.param("俞景行没在，跟前台留了名片", None, id="absent by name"),
        pytest.param("隔壁说老板回老家了", None, id="neighbours"),
        pytest.param("□要换货，冰红茶漏了", None, id="nobody named"),
        pytest.param("总共四万，方案还要改", None, id="no titles in ordinary words"),
        pytest.param("□甲方要求的，对方老板不急", None, id="方 is no surname here"),
    ],
)
def test_whom_we_spoke_to(text: str, name: str | None) -> None:
    person = spoken_to(text, CONTACTS)
    assert (person.name if person else None) == name


def test_two_customers_in_one_message() -> None:
    first, second = read(
        "今天跑了两家，旺淘解放路石薇定了两万五，下月2号送货；和佳大卖场洪静没谈拢，嫌贵不进，九天后再去"
    )
    assert (first.customer_no, first.contact, first.amount_yuan, first.intent) == ("KH0063", "石薇", 25_000, "高")
    assert (second.customer_no, second.contact, second.amount_yuan, second.intent) == ("KH0165", "洪静", None, "低")
    assert (first.next_follow_up, second.next_follow_up) == (date(2026, 3, 2), date(2026, 2, 14))
    assert first.visit_kind == second.visit_kind == "上门拜访"
    assert "和佳" not in first.summary
    assert "九天后再去" in second.summary


def test_a_list_without_punctuation() -> None:
    visits = read("先去旺淘解放路石薇定了两千然后去和佳洪静说没兴趣")
    assert [(visit.customer_no, visit.intent) for visit in visits] == [("KH0063", "高"), ("KH0165", "低")]


def test_said_together_means_both() -> None:
    visits = read("今天跑旺淘解放路和旺淘开发区，都没见到老板，下周一再去")
    assert [visit.customer_no for visit in visits] == ["KH0063", "KH0248"]
    assert {visit.next_follow_up for visit in visits} == {date(2026, 2, 9)}
    assert [visit.met for visit in visits] == [False, False]


def test_a_plan_of_the_day_then_each_alone() -> None:
    first, second = read("上午旺淘解放路，下午和佳，旺淘解放路石薇定了6600，明天送；和佳洪静不要，嫌贵")
    assert (first.customer_no, first.amount_yuan, first.intent) == ("KH0063", 6_600, "高")
    assert (second.customer_no, second.amount_yuan, second.intent) == ("KH0165", None, "低")
    assert second.next_follow_up is None


def test_a_heading_then_each_alone() -> None:
    visits = read("微信同时聊了旺淘解放路和和佳大卖场，旺淘解放路要3千的货；和佳大卖场说没兴趣")
    assert [(visit.customer_no, visit.amount_yuan, visit.visit_kind) for visit in visits] == [
        ("KH0063", 3_000, "微信"),
        ("KH0165", None, "微信"),
    ]


def test_the_same_customer_twice_is_one_visit() -> None:
    assert one("上午跑旺淘解放路，下午整理资料。旺淘解放路还在考虑").intent == "中"


def test_a_slip_of_the_name_is_dropped() -> None:
    assert one("和佳？不对，是旺淘解放路，石薇定了2700").customer_no == "KH0063"


def test_a_slip_of_name_and_person_is_dropped() -> None:
    visit = one("和佳洪静，啊不，是旺淘解放路的石薇，定了2700")
    assert (visit.customer_no, visit.contact, visit.amount_yuan) == ("KH0063", "石薇", 2_700)


def test_who_only_introduced_us_was_not_visited() -> None:
    assert one("邻居和佳的洪老板介绍，旺淘解放路石薇要五十提礼盒2130，后天送").customer_no == "KH0063"


def test_what_all_agreed_to_holds_for_each() -> None:
    text = "旺淘解放路石薇、和佳洪静都订了，石薇900，洪静1500，都是周日送"
    assert [(visit.amount_yuan, visit.intent) for visit in read(text)] == [(900, "高"), (1_500, "高")]


def test_branches_behind_the_name_of_their_chain() -> None:
    visits = read("百桐今天去了两家，北门店魏一鸣订一千二，建设路店周小龙没位置不要", "YG010")
    assert [(visit.customer_no, visit.amount_yuan, visit.intent, visit.visit_kind) for visit in visits] == [
        ("KH0239", 1_200, "高", "上门拜访"),
        ("KH0177", None, "低", "上门拜访"),
    ]


def test_nobody_was_met_but_only_seen() -> None:
    visit = one("路过旺淘解放路 石薇正跟人吵架 没说上话 明天再来")
    assert (visit.met, visit.contact) == (False, None)


def test_a_customer_only_compared_with_is_none_of_ours_to_record() -> None:
    assert one("旺淘解放路石薇嫌贵，说比和佳还贵两块，不进了").customer_no == "KH0063"


def test_the_summary_keeps_the_words_and_drops_the_call() -> None:
    assert one("帮我记：旺淘解放路石薇要换货").summary == "旺淘解放路石薇要换货"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("货架端头被乐沁占了", "乐沁"),
        ("要跟乐沁比一比", "乐沁"),
        ("山小泉又去铺货了", "山小泉"),
        ("说要换成橘朵朵家的", "橘朵朵"),
        ("还在考虑", None),
        ("要货比三家", None),
        ("跟老板聊了聊", None),
    ],
)
def test_the_competitor(words: str, name: str | None) -> None:
    assert one(f"旺淘解放路，{words}").competitor == name
