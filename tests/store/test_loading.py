"""`salesbot load`: what is loaded, what is refused and how it is said, and that a second time changes nothing."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import xlsxwriter
from sqlalchemy import text

from bot.errors import BadInput
from store.database import Database
from store.loading import FileReport, LoadReport, load_folder

CUSTOMERS = "客户编号,客户名称,区域\nKH0001,鑫旺便利店,杭州大区\nKH0002,绿源超市,宁波大区\n"
ORDERS = "订单号,客户编号,下单时间,签收时间,订单金额,促销核销金额,应收金额,状态\n"
RECEIPTS = "流水号,到账时间,付款方户名,金额,摘要,收款账户\n"
VISITS = "拜访编号,客户编号,工号,时间,方式,内容,下次跟进日期\n"

Load = Callable[..., object]


@pytest.fixture
def load(database: Database, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Write files (name -> content) into a folder and load it."""
    folder = tmp_path / "公司"
    folder.mkdir()

    async def run(**files: str | bytes) -> LoadReport:
        for name, content in files.items():
            path = folder / (name if "." in name else f"{name}.csv")
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return await load_folder(database, folder, fallback=tmp_path / "data")

    return run


async def rows(database: Database, statement: str) -> list[tuple[object, ...]]:
    async with database.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(statement))]


def of(report: LoadReport, file: str) -> FileReport:
    return next(item for item in report.files if item.file == file)


def counts(report: FileReport) -> tuple[int, int, int, int]:
    return report.read, report.added, report.changed, report.refused


async def test_added_then_nothing_then_changed(database: Database, load: Load) -> None:
    assert counts(of(await load(客户=CUSTOMERS), "客户.csv")) == (2, 2, 0, 0)
    assert counts(of(await load(客户=CUSTOMERS), "客户.csv")) == (2, 0, 0, 0)
    assert counts(of(await load(客户=CUSTOMERS.replace("绿源超市", "绿源生活超市")), "客户.csv")) == (2, 0, 1, 0)
    assert ("绿源生活超市",) in await rows(database, "SELECT name FROM customers")


async def test_a_column_that_a_file_lacks_keeps_its_values(database: Database, load: Load) -> None:
    await load(客户=CUSTOMERS)
    report = await load(客户="客户编号,客户名称\nKH0001,鑫旺便利店\n")
    assert counts(of(report, "客户.csv")) == (1, 0, 0, 0)
    assert any("缺少列" in note and "区域" in note for note in of(report, "客户.csv").notes)
    assert ("KH0001", "杭州大区") in await rows(database, "SELECT customer_no, region FROM customers")


async def test_bad_rows_are_refused_with_line_and_reason_and_the_good_ones_loaded(
    database: Database, load: Load, tmp_path: Path
) -> None:
    report = await load(
        客户=CUSTOMERS,
        订单=ORDERS
        + "SO1,KH0001,2025-11-01 07:25:13,,1000.00,0,1000.00,待发货\n"
        + "SO2,KH0001,2025-02-30,,1.00,0,1.00,待发货\n"
        + "SO3,KH0001,2025-11-02,,1.2345e3,0,1.00,待发货\n"
        + "SO4,,2025-11-02,,1.00,0,1.00,待发货\n"
        + "SO5,KH0001,2025-11-02,,=1+1,0\n"
        + "SO1,KH0001,2025-11-01 07:25:13,,999.00,0,999.00,待发货\n",
    )
    assert counts(of(report, "订单.csv")) == (6, 1, 0, 5)
    assert not report.clean
    assert report.refusals == tmp_path / "公司" / "被拒绝的行.csv"
    with report.refusals.open(encoding="utf-8-sig", newline="") as file:
        refused = list(csv.DictReader(file))
    assert [(row["文件"], row["行号"]) for row in refused] == [("订单.csv", str(line)) for line in (3, 4, 5, 6, 7)]
    reasons = [row["原因"] for row in refused]
    for reason, words in zip(
        reasons,
        [
            "「下单时间」日期「2025-02-30」不存在",
            "「订单金额」金额「1.2345e3」",
            "「客户编号」不能为空",
            "6 列",
            "第 2 行已出现",
        ],
        strict=True,
    ):
        assert words in reason
    assert "SO5" in refused[3]["原文"]
    again = await load(订单=ORDERS + "SO1,KH0001,2025-11-01 07:25:13,,1000.00,0,1000.00,待发货\n")
    assert again.clean
    assert not report.refusals.exists()


async def test_where_the_folder_is_read_only_the_refused_rows_go_to_the_data_folder(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "客户.csv").write_text("客户编号,客户名称\n,无名\n", encoding="utf-8")
    (tmp_path / "被拒绝的行.csv").mkdir()  # nobody can write this name here, root neither
    report = await load_folder(database, tmp_path, fallback=tmp_path / "data")
    assert report.refusals == tmp_path / "data" / "被拒绝的行.csv"


async def test_three_bank_accounts_three_spellings_one_meaning(database: Database, load: Load) -> None:
    line = "付款方,{amount},货款,{account}\n"
    report = await load(
        回款=RECEIPTS
        + "LS1,2025/11/1 09:42:17," + line.format(amount='"2,848.00"', account="甲")
        + "LS2,2025-11-01 09:42:17," + line.format(amount="2848.00", account="乙")
        + "LS3,20251101094217," + line.format(amount="2848", account="丙")
        + "LS3,20251101094217," + line.format(amount="2848", account="丙")
        + "LS4,20251101094217," + line.format(amount="-79.1", account="丙"),
    )  # fmt: skip
    assert counts(of(report, "回款.csv")) == (5, 4, 0, 0)
    found = await rows(database, "SELECT DISTINCT received_at, amount_fen FROM receipts WHERE amount_fen > 0")
    assert [(at.isoformat(), fen) for at, fen in found] == [("2025-11-01T01:42:17+00:00", 284800)]  # type: ignore[attr-defined]
    repeats = await rows(database, "SELECT receipt_no, repeats FROM receipts ORDER BY 1")
    assert repeats == [("LS1", 0), ("LS2", 0), ("LS3", 1), ("LS4", 0)]


async def test_lines_without_a_number_are_known_by_what_they_say_and_how_often(database: Database, load: Load) -> None:
    log = "时间,客户编号,用户,事件,对象\n" + "2025-11-14 08:05:22,KH0001,ann,登录,移动端\n" * 2
    assert counts(of(await load(客户=CUSTOMERS, 使用日志=log), "使用日志.csv")) == (2, 2, 0, 0)
    more = log + "2025-11-14 08:05:22,KH0001,ann,登录,移动端\n2025-11-15 08:00:00,KH0001,ann,登录,移动端\n"
    assert counts(of(await load(使用日志=more), "使用日志.csv")) == (4, 2, 0, 0)


async def test_visits_the_bot_recorded_are_left_alone(database: Database, load: Load) -> None:
    file = VISITS + "BF25110100001,KH0001,YG026,2025-11-01 08:01:16,电话,旧,\n"
    await load(客户=CUSTOMERS, 拜访=file)
    async with database.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO visits (visit_no, customer_no, employee_no, content, state) VALUES "
                "('BF260212000001', 'KH0001', 'YG026', '机器人记的', '已确认')"
            )
        )
    report = await load(
        拜访=file.replace("旧", "新") + "BF260212000001,KH0002,YG026,2026-02-12 08:00:00,电话,文件里的,\n"
    )
    assert counts(of(report, "拜访.csv")) == (2, 0, 1, 0)
    contents = await rows(database, "SELECT content FROM visits ORDER BY visit_no")
    assert contents == [("新",), ("机器人记的",)]


async def test_a_live_lead_stays_as_its_rep_read_it(database: Database, load: Load) -> None:
    head = "线索编号,到达时间,公司名称,手机号,区域\n"
    async with database.engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO leads (lead_no, received_at, company) SELECT 'WEB-1', now(), '杭州朴枢物流有限公司'")
        )
        await connection.execute(
            text("INSERT INTO lead_cases (lead_no, state, queued_at, origin, holder_no, turn_no) "
                 "VALUES ('WEB-1', '待响应', now(), 'api', 'YG010', 1)")
        )  # fmt: skip
    report = await load(
        **{
            "线索.csv": (
                head
                + "WEB-1,2025-01-01 09:00,另一家公司,19900000009,宁波大区\n"
                + "XS2,2025-01-01 09:00,乐清铭图物流,19900000002,杭州大区\n"
                + "XS3,2025-13-01 09:00,缺日子,19900000003,杭州大区\n"
                + ",2025-01-01 09:00,缺编号,19900000003,杭州大区\n"
            ).encode("gb18030")
        }
    )
    assert counts(of(report, "线索.csv")) == (4, 1, 0, 2)
    assert await rows(database, "SELECT company, mobile, region FROM leads WHERE lead_no = 'WEB-1'") == [
        ("杭州朴枢物流有限公司", "", "")
    ]
    assert await rows(database, "SELECT lead_no, state, holder_no FROM lead_cases") == [("WEB-1", "待响应", "YG010")]


async def test_numbers_of_coming_visits_stay_above_those_loaded(database: Database, load: Load) -> None:
    await load(客户=CUSTOMERS, 拜访=VISITS + "BF260212000777,KH0001,YG026,2026-02-12 08:00:00,电话,别处记的,\n")
    assert (await rows(database, "SELECT nextval('visit_serial')"))[0][0] == 778


async def test_order_does_not_matter_and_references_into_nowhere_are_told(database: Database, load: Load) -> None:
    report = await load(订单=ORDERS + "SO1,KH9999,2025-11-01 07:25:13,,1.00,0,1.00,待发货\n")
    assert counts(of(report, "订单.csv")) == (1, 1, 0, 0)
    assert report.clean
    assert any("KH9999" in note for note in of(report, "订单.csv").notes)


async def test_unknown_files_missing_columns_and_what_is_ignored(load: Load, tmp_path: Path) -> None:
    (tmp_path / "公司" / "truth").mkdir()
    (tmp_path / "公司" / "truth" / "对账.csv").write_text("x", encoding="utf-8")
    report = await load(
        **{
            "客户": CUSTOMERS,
            "工资": "a,b\n1,2\n",
            "订单": "订单号,客户编号\nSO1,KH0001\n",
            "README.md": "#",
            "~$客户.xlsx": "x",
        }
    )
    assert [file.file for file in report.files] == ["客户.csv", "工资.csv", "订单.csv"]
    assert "不认识的文件" in of(report, "工资.csv").problem
    assert "缺少列：下单时间、订单金额、应收金额、状态" in of(report, "订单.csv").problem
    assert counts(of(report, "客户.csv")) == (2, 2, 0, 0)
    assert not report.clean


async def test_a_companys_own_facts_about_reps_are_loaded_and_changed(load: Load, database: Database) -> None:
    await load(线索指标="指标,工号,标签,数值\n口碑,YG010,工业,0.8\n讲粤语,YG010,,1\n")
    again = await load(线索指标="指标,工号,标签,数值\n口碑,YG010,工业,0.9\n讲粤语,YG010,,很好\n")
    assert counts(of(again, "线索指标.csv")) == (2, 0, 1, 1)
    assert await rows(database, "SELECT fact, label, value FROM lead_facts ORDER BY value") == [
        ("口碑", "工业", 0.9),
        ("讲粤语", "", 1.0),
    ]


async def test_the_same_company_as_a_spreadsheet(database: Database, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "员工.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["工号", "姓名", "角色", "区域", "手机号", "钉钉账号", "状态", "擅长行业", "成交带宽"])
        sheet.write_row(
            1, 0, [8, "应蓉", "销售", "杭州大区", 19900008134, "0619301103", "在职", "建材;工业", "0-30000"]
        )
        sheet.write_row(2, 0, [9, "无角色", "总裁", "杭州大区", "", "", "在职", "", ""])
    report = await load_folder(database, tmp_path)
    assert counts(of(report, "员工.xlsx")) == (2, 1, 0, 1)
    assert await rows(
        database, "SELECT employee_no, mobile_key, dingtalk_user, industries, deal_min_fen, deal_max_fen FROM employees"
    ) == [("8", "19900008134", "0619301103", ["建材", "工业"], 0, 3000000)]


async def test_texts_with_every_sign_arrive_as_they_were(database: Database, load: Load) -> None:
    body = 'a\\b\t{"c"}\n\'=1+1,N\\N 《文档》'
    quoted = body.replace('"', '""')
    await load(知识库=f'条目编号,标题,标签,内容\nZS1,"{quoted}",x"y\\;z,"\'=SUM(A1)"\n')
    assert await rows(database, "SELECT title, tags, body FROM knowledge") == [(body, ['x"y\\', "z"], "=SUM(A1)")]


async def test_running_bots_are_told(database: Database, load: Load) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as listener:
        listener.execute("LISTEN directory")
        await load(客户=CUSTOMERS)
        assert [note.channel for note in listener.notifies(timeout=5, stop_after=1)] == ["directory"]


@pytest.mark.parametrize("name", ["nowhere", ""])
async def test_nothing_to_load_is_said(name: str, database: Database, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        await load_folder(database, tmp_path / name)


async def test_the_sample_company(database: Database, sample_company: Path, tmp_path: Path) -> None:
    seen: dict[str, float] = {}
    first = await load_folder(database, sample_company, progress=seen.__setitem__)
    second = await load_folder(database, sample_company)
    assert first.clean
    assert set(seen.values()) == {1.0}
    assert of(first, "使用日志.csv.gz").added == 111886
    assert counts(of(first, "回款.csv")) == (4104, 4083, 0, 0)
    assert sum(file.added + file.changed + file.refused for file in second.files) == 0
    assert first.seconds < 60  # a few in truth; a slow machine under load may take longer
    (tally,) = await rows(
        database,
        "SELECT (SELECT sum(amount_fen) FROM receipts), (SELECT count(*) FROM orders WHERE delivered_at IS NULL), "
        "(SELECT count(*) FROM customers WHERE latitude > 54 OR name <> trim(name))",
    )
    total = sum(fen_of(line) for line in unique_receipts(sample_company))
    assert tally == (total, 217, 0)


def unique_receipts(sample_company: Path) -> list[dict[str, str]]:
    with (sample_company / "回款.csv").open(encoding="utf-8", newline="") as file:
        return list({row["流水号"]: row for row in csv.DictReader(file)}.values())


def fen_of(row: dict[str, str]) -> int:
    yuan, _, cents = row["金额"].replace(",", "").partition(".")
    size = abs(int(yuan)) * 100 + int(cents.ljust(2, "0") or 0)
    return -size if yuan.startswith("-") else size


async def test_the_sample_company_in_the_encoding_of_old_offices(
    database: Database, sample_company: Path, tmp_path: Path
) -> None:
    for name in ("客户.csv", "联系人.csv", "知识库.csv"):
        (tmp_path / name).write_bytes((sample_company / name).read_text(encoding="utf-8").encode("gb18030"))
    shutil.copy(sample_company / "员工.csv", tmp_path)
    assert (await load_folder(database, tmp_path)).clean
    before = await rows(database, "SELECT * FROM customers ORDER BY customer_no")
    for name in ("客户.csv", "联系人.csv", "知识库.csv"):
        shutil.copy(sample_company / name, tmp_path)
    report = await load_folder(database, tmp_path)
    assert [file.changed for file in report.files] == [0, 0, 0, 0]
    assert json.dumps(before, default=str) == json.dumps(
        await rows(database, "SELECT * FROM customers ORDER BY customer_no"), default=str
    )
