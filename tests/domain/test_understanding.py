"""What a message is; and how well all of it is read, on the sentences with known answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SHANGHAI
from bot.domain.understanding import Understood, understand
from bot.domain.visits import VisitReading
from tests.domain.company import sample_directory, sentences
from tests.domain.questions import QUESTIONS, REPORTS

NOW = datetime(2026, 2, 5, 18, tzinfo=SHANGHAI)


def said(text: str, sender: str = "YG009", at: datetime = NOW) -> Understood:
    directory = sample_directory()
    return understand(text, sender=directory.employee(sender), sent_at=at, directory=directory)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("刚才那条删掉，不算", "撤销"),
        ("撤销", "撤销"),
        ("刚发错了，删掉", "撤销"),
        ("上一条不算", "撤销"),
        ("把刚才那条撤了", "撤销"),
        ("同意", "同意"),
        ("同意 SP260205001", "同意"),
        ("批准", "同意"),
        ("拒绝 SP260205001 折扣太低", "拒绝"),
        ("待办", "待办"),
        ("帮助", "帮助"),
        ("接受 XS260200668", "接受"),
        ("同意SP260212001 可以", "同意"),
        ("同意ＳＰ２６０２１２００１", "同意"),
        ("同意，按9折走", "同意"),
        ("ｓｐ２６０２１２００１ 同意", "同意"),
        ("拒绝SP260212001折扣太低", "拒绝"),
        ("不同意 sp 260212001 账期太长", "拒绝"),
        ("转交SP260212001给李雷", "转交"),
        ("把SP260212001转交给李雷", "转交"),
        ("加签SP260212001 李雷", "加签"),
        ("加签 李雷", "加签"),
        ("撤回sp260212001", "撤回"),
        ("撤回那个合同", "撤回"),
        ("催办SP260212001", "催办"),
        ("催一下SP260212001", "催办"),
        ("问SP260212001 账期为什么90天", "问"),
        ("答SP260212001 客户要求的", "答"),
        ("回复 SP260212001 已经谈过", "答"),
        ("请假 2月13日到20日 代理 王磊", "请假"),
        ("请假三天", "请假"),
        ("销假", "销假"),
        ("代理 王磊", "代理"),
        ("流程", "流程"),
        ("日程", "日程"),
        ("日报 每天8:30", "日程"),
        ("日报每天8点半", "日程"),
        ("合同 诚汇 50000 供货协议", "合同"),
        ("合同 绿源超市 八十五万 九二折 一年", "合同"),
        ("合同：诚汇，85万，9.2折，两年", "合同"),
        ("合同诚汇85万九折一年", "合同"),
        ("合同 诚汇", "合同"),
        ("给诚汇走个合同审批，年框85万九二折签两年，非标：账期90天", "合同"),
        ("麻烦帮诚汇走个合同，5万，不打折，半年", "合同"),
        ("我要跟诚汇签个年框，85万，九折，一年", "合同"),
        ("起草一份诚汇的供货协议", "合同"),
        ("诚汇 85万 9.2折 一年 走审批", "合同"),
        ("诚汇的合同帮我走一下审批，3万 原价 一年", "合同"),
        ("发起合同", "合同"),
        ("绑定", "绑定"),
        ("对账 2026-01", "对账"),
        ("知识 防水涂料", "知识"),
    ],
)
def test_wishes_to_act(text: str, command: str) -> None:
    found = said(text)
    assert (found.kind, found.command) == ("command", command)


@pytest.mark.parametrize(
    "text",
    [
        "客户同意了",
        "王总同意9折，合同下周签",
        "诚汇郑倩同意9折，合同下周签",
        "和诚汇签合同了，85万，9折一年",
        "给诚汇走了合同，85万9折两年，郑倩说下周签",
        "诚汇 85万 9折 一年 客户内部走审批，下周三给答复",
        "走合同流程，客户说下周盖章",
        "提交合同给诚汇了",
        "合同寄给诚汇了，85万",
        "合同审批走到哪了",
        "诚汇合同什么时候到期",
        "合同 模板发我",
        "我下周三请假",
        "请假条模板",
        "代理商报价多少",
        "流程走完了，客户签字",
        "日报怎么写",
        "拒绝了我们的报价",
        "加签两台冰柜",
        "问王总300元的货还有吗",
        "通过微信聊了诚汇，85万9折",
        "催一下诚汇的货款",
        "同意书已经寄了",
    ],
)
def test_a_report_of_an_agreement_is_no_command(text: str) -> None:
    assert said(text).kind != "command"


@pytest.mark.parametrize(
    "text",
    [
        "收到",
        "在吗",
        "谢谢🙏",
        "1",
        "",
        "👍",
        "哈哈哈",
        "明天早会几点",
        "我下周三请假",
        "小助手你在吗",
        "今天好累啊",
        "报销单怎么填",
        "下午三点开会别忘了",
        "合同模板发我一份",
        "发我一份报价单模板",
        "年会几点开始",
        "陈经理批了没",
        "帮我订个会议室",
        "下周二团建去不去",
        "诚汇生活超市的合同模板发我",
        "诚汇怎么走",
        "今天拜访了几家客户来着",
        "明天去诚汇",
        "下周三打算去趟诚汇，有谁一起",
        "领导让我明天去拜访诚汇，我先看看资料",
        "我现在出发去诚汇",
        "正在去诚汇的路上",
        "计划：周三诚汇，周四百桐北门，周五云光",
        "导航到诚汇生活超市",
        "要是诚汇下周还不签，我就不跟了",
        "如果诚汇要两万的货，返利怎么算",
        "听说诚汇要转让了",
        "谁认识诚汇的人",
        "诚汇换采购了你知道不",
        "诚汇的郑倩是老板还是店长",
        "刚刚那个客户名写错了，应该是诚汇不是云光",
        "诚汇那条记录金额不对，改成3000",
        "把诚汇周五的跟进改到下周一",
        "诚汇的跟进取消吧",
        "删除我昨天诚汇的拜访",
        "麻烦提醒一下，周五下午给诚汇送样品",
        "请帮我约一下诚汇的郑倩",
        "我想把诚汇的折扣调到88折",
    ],
)
def test_nothing_else_is_taken_for_a_visit(text: str) -> None:
    assert said(text).kind in ("other", "query")
    assert said(text).visits == ()


@pytest.mark.parametrize(
    "text",
    [
        "拜访 诚汇 郑倩说下周补货",
        "诚汇郑倩问能不能便宜点，下周二答复她",
        "帮我查下顺便记一笔，诚汇今天下单9200元，本周五回访",
        "@小助手 拜访记录：客户诚汇，见郑姐，定了2.1万",
        "诚汇冰柜温度不够，已报修",
        "诚汇价签更新完毕，拍照留档",
    ],
)
def test_a_report_is_a_visit(text: str) -> None:
    found = said(text)
    assert found.kind == "visit"
    assert [visit.customer_no for visit in found.visits] == ["KH0097"]


@pytest.mark.parametrize(
    "text",
    [
        "今天去新开的好邻居超市，老板说先看看，下周三再去",
        "好邻居超市老板今天下单3000，明天送",
        "电话联系江苏鲸海防水工程有限公司，许总说考虑一下",
        "新跑了一家，苏州君越装饰工程有限公司，老板姓马，先加了微信",
    ],
)
def test_a_visit_to_a_stranger_has_no_customer_yet(text: str) -> None:
    found = said(text)
    assert found.kind == "visit"
    assert found.visits[0].customer_no is None
    assert found.visits[0].ambiguous_customers == ()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("诚汇", "KH0097"),
        ("客户 诚汇生活超市", "KH0097"),
        ("诚汇还欠多少", "KH0097"),
        ("查一下诚汇", "KH0097"),
        ("郑倩那家的库存", "KH0097"),
    ],
)
def test_a_question_is_a_query(text: str, number: str) -> None:
    found = said(text)
    assert found.kind == "query"
    assert found.query is not None
    assert found.query.customer_no == number


NAMES = {"绿源超市滨江店": "KH0117", "百桐新村": "KH0258", "云光": "KH0068", "恒友生鲜超市": "KH0158"}


@pytest.mark.parametrize("name", NAMES)
def test_some_three_hundred_questions_with_names(name: str) -> None:
    for question in (question for group in QUESTIONS.values() for question in group):
        found = said(question.replace("◇", name), "YG010")
        assert found.kind == "query", question
        assert found.query is not None
        assert "◇" not in question or found.query.customer_no == NAMES[name], question


def test_reports_that_look_like_questions() -> None:
    for report in REPORTS:
        assert said(report.replace("◇", "绿源滨江"), "YG010").kind == "visit", report


_WORDS = st.lists(
    st.sampled_from(
        [
            "旺淘解放路",
            "石薇",
            "老板",
            "定了",
            "两万五",
            "1万",
            "8-10万",
            "下周三",
            "月底",
            "前",
            "一",
            "不",
            "没见到人",
            "，",
            "。",
            "2.",
            "和",
            "和佳",
            "正月",
            "初八",
            "电话",
            "微信",
            "去",
            "在",
            "还欠多少",
            "？",
            "\n",
            "9" * 30,
            "亿",
            "点",
            "(",
            "）",
            "从",
            "到",
            "32号",
            "13月40日",
            "嗯",
            "🙏",
            "\u200b",
        ]
    ),
    max_size=40,
)


@given(st.one_of(_WORDS.map("".join), st.text(max_size=200)))
def test_any_text_is_something(text: str) -> None:
    found = said(text, "YG008")
    assert found.kind in ("visit", "query", "command", "other")
    assert bool(found.visits) == (found.kind == "visit")


def test_a_very_long_message_is_cut() -> None:
    assert len(said("旺淘解放路" + "两万五" * 3_000).text) <= 1_200


# -- accuracy on sentences with known answers --------------------------------------------------------------------------


def details(reading: VisitReading) -> dict[str, Any]:
    return {
        "customer_no": reading.customer_no,
        "contact": reading.contact,
        "amount": reading.amount_yuan,
        "intent": reading.intent,
        "next_follow_up": reading.next_follow_up and reading.next_follow_up.isoformat(),
        "visit_kind": reading.visit_kind,
        "visit_date": reading.visit_date.isoformat(),
    }


def reports(name: str) -> Iterator[tuple[dict[str, Any], Understood]]:
    for line in sentences(name):
        yield line, said(line["text"], line["from_user"], datetime.fromisoformat(line["sent_at"]))


@pytest.mark.parametrize("name", ["拜访解析.jsonl", "own_visits.jsonl"])
def test_reports_are_read_as_people_meant_them(name: str) -> None:
    missed: Counter[str] = Counter()
    examples = []
    for line, found in reports(name):
        wanted = [line["expected"], *(line["expected_more"] or [])]
        assert found.kind == "visit", line["text"]
        assert len(found.visits) == len(wanted), line["text"]
        for reading, expected in zip(found.visits, wanted, strict=True):
            for detail, value in details(reading).items():
                if value != expected[detail]:
                    missed[detail] += 1
                    examples.append((line["text"], detail, value, expected[detail]))
            for word in expected.get("summary_must_contain", ()):
                assert word in reading.summary
            if expected.get("ambiguous_customers"):
                assert reading.ambiguous_customers == tuple(expected["ambiguous_customers"])
    assert not missed, examples


def test_questions_find_their_customer() -> None:
    for line in sentences("查询.jsonl"):
        found = said(line["text"], line["from_user"], datetime.fromisoformat(line["asked_at"]))
        assert found.kind == "query", line["text"]
        assert found.query is not None
        assert found.query.customer_no == line["expected"]["customer_no"], line["text"]
        assert list(found.query.ambiguous_customers) == line["expected"]["ambiguous_customers"]


def test_other_messages_are_no_visits() -> None:
    for line in sentences("非拜访消息.jsonl"):
        assert said(line["text"], line["from_user"], datetime.fromisoformat(line["sent_at"])).kind != "visit"
