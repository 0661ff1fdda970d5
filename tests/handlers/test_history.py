"""Looking a customer up: the answer first, one screen, more at a tap, and nothing for those it does not concern."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from bot.clock import SHANGHAI
from tests.support.desk import DINGTALK, Desk


@pytest.fixture
async def desk(desk: Desk) -> Desk:
    """李雷's customer 绿源滨江 has a past."""
    async with desk.unit_of_work() as uow:
        for statement, rows in _PAST.items():
            await uow.connection.execute(text(statement), rows)
    return desk


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)


_PAST = {
    """INSERT INTO orders (order_no, customer_no, ordered_at, delivered_at, amount_fen, promotion_fen, receivable_fen,
       status) VALUES (:no, :customer, :ordered, :delivered, :fen, 0, :fen, :status)""": [
        {"no": "SO2601050001", "customer": "KH0117", "ordered": at("2026-01-05 10:00"),
         "delivered": at("2026-01-07 09:00"), "fen": 120_000, "status": "已签收"},
        {"no": "SO2601200002", "customer": "KH0117", "ordered": at("2026-01-20 10:00"),
         "delivered": at("2026-01-22 09:00"), "fen": 250_050, "status": "已签收"},
        {"no": "SO2602100003", "customer": "KH0117", "ordered": at("2026-02-10 16:30"),
         "delivered": None, "fen": 99_900, "status": "配送中"},
    ],
    """INSERT INTO receipts (account, receipt_no, received_at, payer, amount_fen, memo)
       VALUES ('基本户', 'LS1', :at, '王红', 120000, '付SO2601050001货款')""": [{"at": at("2026-01-10 10:00")}],
    """INSERT INTO stock (customer_no, product_no, product_name, quantity, safety_quantity)
       VALUES ('KH0117', :no, :name, :there, 20)""": [
        {"no": "YL1008", "name": "茶语山房冰红茶", "there": 24},
        {"no": "YL1019", "name": "牧云酸奶礼盒", "there": 8},
    ],
    """INSERT INTO tickets (ticket_no, customer_no, opened_at, closed_at, subject, rating)
       VALUES (:no, 'KH0117', :opened, :closed, :subject, :rating)""": [
        {"no": "GD1", "opened": at("2026-01-08 10:00"), "closed": at("2026-01-09 10:00"), "subject": "送货慢",
         "rating": 4},
        {"no": "GD2", "opened": at("2026-02-03 10:00"), "closed": None, "subject": "冰柜不制冷", "rating": None},
    ],
    """INSERT INTO contracts (contract_no, customer_no, kind, amount_fen, signed_on, expires_on, status)
       VALUES ('HT1', 'KH0117', '供货协议', 5000000, :signed, :expires, '履行中')""": [
        {"signed": date(2025, 3, 1), "expires": date(2026, 2, 28)}
    ],
    """INSERT INTO visits (visit_no, customer_no, employee_no, visited_at, kind, content, next_follow_up)
       VALUES ('BF1', 'KH0117', 'YG010', :at, '上门拜访', '谈了元宵堆头', :next)""": [
        {"at": at("2026-02-09 15:00"), "next": date(2026, 2, 13)}
    ],
}  # fmt: skip


async def test_a_customer_on_one_screen(desk: Desk) -> None:
    await desk.says("LiLei", "客户 绿源滨江")
    card, details = (await desk.shown_to("LiLei"))[-2:]
    assert card.splitlines() == [
        "绿源超市(滨江店)",
        "欠款约 2,500.50 元（粗算），都没到期",
        "负责人：李雷（杭州大区）",
        "地址：杭州市滨江区水杉路22号",
        "最近一单：2月10日 999.00 元",
        "1月签收：3,700.50 元（2 单）",
        "服务：评分 4/5，1 张工单没关",
        "合同：2月28日到期，还有 16 天",
        "[记拜访] [全部订单] [全部拜访] [发起合同]",
    ]
    assert details.splitlines() == [
        "**绿源超市(滨江店)**",
        "**最近订单**（共 3 单）",
        "2月10日 999.00 元 配送中",
        "1月20日 2,500.50 元 已签收",
        "1月5日 1,200.00 元 已签收",
        "**低于安全库存**（现有/安全）",
        "牧云酸奶礼盒 8/20",
        "**没关的工单**",
        "2月3日 冰柜不制冷",
        "**约好**：2月13日 周五 李雷跟进",
        "**最近拜访**",
        "2月9日 李雷 上门拜访：谈了元宵堆头",
        "**联系人**",
        "老板 王红 199-0000-0001",
        "店长 孙丽 199-0000-0002",
    ]


async def test_every_fact_of_the_card_fits_a_phone(desk: Desk) -> None:
    await desk.says("LiLei", "客户 绿源滨江")
    (card,) = await desk.cards_of("LiLei")
    assert len(card.subtitle) <= 44
    assert all(len(field.label) <= 5 and len(field.value) <= 30 for field in card.fields)
    assert len(card.fields) <= 6


ANSWERS = {
    "绿源滨江还欠多少": "欠款约 2,500.50 元（粗算），都没到期",
    "客户 绿源滨江 还欠多少": "欠款约 2,500.50 元（粗算），都没到期",
    "绿源滨江上个月签收多少": "2026年1月签收 3,700.50 元",
    "绿源滨江最近一次订单是什么时候": "最近一单 2月10日，应收 999.00 元，配送中",
    "绿源滨江缺什么货": "1 种低于安全库存：牧云酸奶礼盒",
    "绿源滨江合同什么时候到期": "供货协议 2026年2月28日到期，还有 16 天",
    "绿源滨江还有没关的工单吗": "还有 1 张工单没关",
    "绿源滨江上次打了几分": "最近一次服务打了 4 分（满分 5 分）",
    "上次是谁去的绿源滨江": "上次是李雷，2月9日 周一 15:00，上门拜访",
    "绿源滨江老板电话": "老板王红 199-0000-0001",
    "绿源滨江店长电话": "店长孙丽 199-0000-0002",
    "绿源滨江联系人备注": "联系人都没有写备注。",
    "绿源滨江谁负责": "负责人：李雷（杭州大区）",
    "绿源滨江近30天登录情况": "没有这家的使用日志。",
}


async def test_a_question_has_its_answer_under_the_name(desk: Desk) -> None:
    shown = {question: (await desk.says("LiLei", question)).splitlines() for question in ANSWERS}
    assert {question: lines[1] for question, lines in shown.items()} == ANSWERS
    assert {lines[0] for lines in shown.values()} == {"绿源超市(滨江店)"}
    assert all("[更多]" in lines[-1] for lines in shown.values())


async def test_more_brings_the_whole_screen(desk: Desk) -> None:
    await desk.says("LiLei", "绿源滨江还欠多少")
    assert "**最近订单**（共 3 单）" in await desk.taps("LiLei", "更多")


async def test_all_orders_come_as_a_spreadsheet_and_that_is_on_record(desk: Desk) -> None:
    await desk.says("LiLei", "客户 绿源滨江")
    assert await desk.taps("LiLei", "全部订单") == "[文件] 绿源滨江_订单.xlsx"
    assert "orders.exported" in await desk.audit()


async def test_the_spreadsheet_has_every_order_in_yuan(desk: Desk) -> None:
    await desk.says("LiLei", "客户 绿源滨江")
    await desk.taps("LiLei", "全部订单")
    async with desk.unit_of_work() as uow:
        number = (await uow.connection.execute(text("SELECT max(attachment_id) FROM attachments"))).scalar_one()
        stored = await uow.attachments.read(number)
    sheet = CalamineWorkbook.from_filelike(BytesIO(stored.content)).get_sheet_by_index(0).to_python()
    assert sheet[0] == ["订单号", "下单时间", "签收时间", "订单金额", "促销核销金额", "应收金额", "状态"]
    assert sheet[1] == ["SO2602100003", datetime(2026, 2, 10, 16, 30), "", 999.0, 0.0, 999.0, "配送中"]
    assert [row[0] for row in sheet[1:]] == ["SO2602100003", "SO2601200002", "SO2601050001"]


async def test_all_visits_come_into_the_chat(desk: Desk) -> None:
    await desk.says("LiLei", "客户 绿源滨江")
    shown = await desk.taps("LiLei", "全部拜访")
    assert shown.splitlines() == ["**绿源超市(滨江店)** 共 1 次：", "- 2月9日 李雷 上门拜访：谈了元宵堆头"]


async def test_a_visit_is_told_right_from_the_screen(desk: Desk) -> None:
    await desk.says("LiLei", "客户 绿源滨江")
    await desk.taps("LiLei", "记拜访")
    await desk.says("LiLei", "王姐要20件水，下周三送样")
    assert [visit.customer_no for visit in await desk.visits() if visit.visit_no != "BF1"] == ["KH0117"]


async def test_who_may_not_see_it_is_told_whom_to_ask_and_nothing_else(desk: Desk) -> None:
    shown = await desk.says("hanmei", "绿源滨江还欠多少")
    assert shown == "「绿源超市(滨江店)」不在你负责的范围，查不了。请问一下负责人李雷或杭州大区经理陈磊。"


async def test_a_forwarded_button_shows_nothing_to_outsiders(desk: Desk) -> None:
    await desk.says("LiLei", "客户 绿源滨江")
    (card,) = await desk.cards_of("LiLei")
    action = card.buttons[1].action
    from bot.messages import Kind, Tap

    await desk.sends("hanmei", kind=Kind.TAP, tap=Tap(card_id="x", action=action.name, params=action.params()))
    assert "不在你负责的范围" in await desk.last("hanmei")
    assert "orders.exported" not in await desk.audit()


async def test_several_shops_of_one_name_are_asked_and_then_answered(desk: Desk) -> None:
    asked = await desk.says("LiLei", "鑫旺便利店还欠多少")
    assert asked.splitlines() == [
        "是哪一家？",
        "点一下，或回复前面的数字、店名",
        "1. 鑫旺便利店(中山路店)（杭州大区，赵敏）",
        "2. 鑫旺便利店(人民路店)（杭州大区，赵敏）",
        "[1 鑫旺中山路] [2 鑫旺人民路]",
    ]
    shown = await desk.taps("LiLei", "2 鑫旺人民路")
    assert shown.splitlines()[:2] == ["鑫旺便利店(人民路店)", "没有欠款"]


@pytest.mark.parametrize("reply", ["2", "鑫旺人民路"])
async def test_the_choice_can_be_typed(desk: Desk, reply: str) -> None:
    await desk.says("LiLei", "鑫旺便利店合同什么时候到期")
    shown = await desk.says("LiLei", reply)
    assert shown.splitlines()[:2] == ["鑫旺便利店(人民路店)", "没有履行中的合同。"]


async def test_a_question_without_a_name_asks_for_it(desk: Desk) -> None:
    assert await desk.says("LiLei", "还欠多少") == "要查哪家客户？发店名、公司名或联系人的名字就行。"
    assert (await desk.says("LiLei", "绿源滨江")).splitlines()[1] == "欠款约 2,500.50 元（粗算），都没到期"


async def test_an_unknown_name_is_told_as_such(desk: Desk) -> None:
    assert await desk.says("LiLei", "客户 月球小卖部") == (
        "没找到「月球小卖部」这家客户。换个叫法试试，简称、全名、联系人、路名都可以。"
    )


async def test_a_manager_asks_on_dingtalk(desk: Desk) -> None:
    shown = await desk.says("dd_chenlei", "绿源滨江老板电话", channel=DINGTALK)
    assert shown.splitlines()[1] == "老板王红 199-0000-0001"


async def test_an_undone_visit_is_no_last_visit(desk: Desk) -> None:
    await desk.says("LiLei", "绿源滨江今天上门，王姐定了3000块，下周三送货")
    await desk.says("LiLei", "撤销")
    shown = await desk.says("LiLei", "绿源滨江上次是谁去的")
    assert shown.splitlines()[1] == "上次是李雷，2月9日 周一 15:00，上门拜访"


async def test_two_customers_in_one_question_and_one_is_not_hers(desk: Desk) -> None:
    await desk.says("hanmei", "云帆商贸和绿源滨江谁负责")
    shown = await desk.shown_to("hanmei")
    assert shown[0].splitlines()[:2] == ["南京云帆商贸有限公司", "负责人：韩梅（南京大区）"]
    assert shown[1].startswith("「绿源超市(滨江店)」不在你负责的范围")


async def test_a_promise_that_passed_stands_on_the_screen(desk: Desk) -> None:
    desk.minutes_later(3 * 24 * 60)
    assert "**约了没跟进**：2月13日 周五" in await desk.says("LiLei", "绿源滨江")
