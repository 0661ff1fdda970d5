"""Which leads are somebody the company knows, and which only look like it."""

from __future__ import annotations

import csv
import itertools
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.cells import mobile_key, moment
from bot.domain.leads.company_names import Alike, alike, company_key, read_company
from bot.domain.leads.duplicates import Kind, Known, KnownCustomer, Same, Why, as_known, find_all
from bot.domain.leads.persons import same_person
from bot.domain.leads.records import LeadRecord

_DATA = Path(__file__).resolve().parent.parent / "data"
_SERIAL = itertools.count(1)
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def lead(company: str, contact: str = "", mobile: str = "", region: str = "", lead_no: str = "") -> LeadRecord:
    number = next(_SERIAL)
    return LeadRecord(
        lead_no=lead_no or f"L{number}",
        received_at=MORNING + timedelta(minutes=number),
        company=company,
        contact=contact,
        mobile=mobile,
        mobile_key=mobile_key(mobile),
        region=region,
    )


CUSTOMERS = (
    KnownCustomer(
        customer_no="K1",
        name="无锡云帆精密机械有限公司",
        short_name="云帆机械",
        region="苏州大区",
        contacts=(("周子墨", "13800001111"), ("钱多", "13800002222")),
    ),
    KnownCustomer(
        customer_no="K2",
        name="好邻便利店（师大店）",
        short_name="好邻师大",
        region="南京大区",
        contacts=(("钱多", "13800002222"),),
    ),
    KnownCustomer(customer_no="K3", name="家和超市", short_name="家和", region="合肥大区"),
    KnownCustomer(customer_no="K4", name="佳禾超市", short_name="佳禾", region="合肥大区"),
    KnownCustomer(customer_no="K5", name="南京启明教育科技有限公司", short_name="启明教育", region="南京大区"),
)


def found(new: LeadRecord, *earlier: LeadRecord) -> list[str]:
    """What the lead is the same as; what it only looks like with a question mark."""
    known = Known(CUSTOMERS, map(as_known, earlier))
    return [f"{same.no}:{same.why}" if same.certain else f"{same.no}?" for same in known.matches(new)]


def test_the_sample_company_exactly() -> None:
    sample = files("bot.sandbox") / "sample_company"

    def rows(name: str) -> list[dict[str, str]]:
        with (sample / name).open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))

    people: dict[str, list[tuple[str, str]]] = {}
    for row in rows("联系人.csv"):
        people.setdefault(row["客户编号"], []).append((row["姓名"], mobile_key(row["手机号"])))
    customers = [
        KnownCustomer(
            customer_no=row["客户编号"],
            name=row["客户名称"],
            short_name=row["简称"],
            region=row["区域"],
            contacts=tuple(people.get(row["客户编号"], ())),
        )
        for row in rows("客户.csv")
    ]
    leads = [
        LeadRecord(
            lead_no=row["线索编号"],
            received_at=moment(row["到达时间"]) or MORNING,
            company=row["公司名称"],
            contact=row["联系人"],
            mobile=row["手机号"],
            mobile_key=mobile_key(row["手机号"]),
            region=row["区域"],
        )
        for row in rows("线索.csv")
    ]
    with (_DATA / "线索重复.csv").open(encoding="utf-8", newline="") as lines:
        wanted = {row["线索编号"]: (row["对象类型"], row["对象编号"], row["依据"]) for row in csv.DictReader(lines)}
    got = {no: (same.kind.value, same.no, same.why.value) for no, same in find_all(leads, customers).items()}
    assert got == wanted


@pytest.mark.parametrize(
    ("new", "same"),
    [
        pytest.param(
            lead("无锡云帆精密机械有限公司", "赵一"), ["K1:公司名称"], id="the registered name, another contact"
        ),
        pytest.param(lead("无锡 云帆精密机械", "赵一"), ["K1:公司名称"], id="without the legal form, with a blank"),
        pytest.param(lead("吴锡云帆精密机械有限公司"), ["K1:公司名称"], id="the place mistyped by sound"),
        pytest.param(lead("无锡云凡精密机械有限公司", region="苏州大区"), ["K1:公司名称"], id="mistyped by sound"),
        pytest.param(
            lead("云帆精密机械有限公司", region="苏州大区"), ["K1:公司名称"], id="without the place, same region"
        ),
        pytest.param(lead("云帆精密机械有限公司", region="宁波大区"), [], id="without the place, another region"),
        pytest.param(lead("常州云帆精密机械有限公司", region="苏州大区"), [], id="another place"),
        pytest.param(lead("云帆机械", region="苏州大区"), ["K1:公司名称"], id="what colleagues call it"),
        pytest.param(lead("云帆机械", region="杭州大区"), [], id="called so, elsewhere"),
        pytest.param(lead("无锡云帆精密机械有限公司（采购部）"), ["K1:公司名称"], id="a remark in brackets"),
        pytest.param(lead("好邻便利店(师大店)"), ["K2:公司名称"], id="half-width brackets"),
        pytest.param(lead("好邻便利店(城南店)", region="南京大区"), [], id="another branch"),
        pytest.param(lead("好邻便利店", region="南京大区"), [], id="a chain without the branch"),
        pytest.param(
            lead("家和超市", region="合肥大区"), ["K3:公司名称"], id="spelled so, though another sounds alike"
        ),
        pytest.param(lead("嘉和超市", region="合肥大区"), [], id="sounds like two customers"),
        pytest.param(lead("家和超市", region="杭州大区"), [], id="a name that every town has"),
        pytest.param(lead("云帆教育科技有限公司"), [], id="another trade"),
        pytest.param(lead("有限公司"), [], id="no name at all"),
        pytest.param(lead("南京启明教育", "", "１３８ ００００ ９９９９"), ["K5:公司名称"], id="a number nobody knows"),
    ],
)
def test_customers_by_name(new: LeadRecord, same: list[str]) -> None:
    assert found(new) == same


@pytest.mark.parametrize(
    ("new", "same"),
    [
        pytest.param(lead("云帆", "周总", "+86 138-0000-1111"), ["K1:手机号"], id="a short form and a surname"),
        pytest.param(
            lead("周子墨的店", "周子墨", "8613800001111"), ["K1:手机号"], id="a shop that only says whose it is"
        ),
        pytest.param(lead("", "周子墨", "13800001111"), ["K1:手机号"], id="no company"),
        pytest.param(lead("", "", "13800001111"), ["K1:手机号"], id="only the number"),
        pytest.param(
            lead("好邻便利店(师大店)", "钱多", "13800002222"),
            ["K2:手机号", "K1?"],
            id="in two companies: the named one",
        ),
        pytest.param(lead("苏州宏图建设有限公司", "周子墨", "13800001111"), ["K1?"], id="asks for another company"),
        pytest.param(lead("李四的店", "李四", "13800001111"), ["K1?"], id="the number has a new owner"),
        pytest.param(lead("苏州宏图建设有限公司", "周子墨", "1380000111"), [], id="a digit missing"),
    ],
)
def test_customers_by_number(new: LeadRecord, same: list[str]) -> None:
    assert found(new) == same


FIRST = lead("镇江百川物流有限公司", "欧阳明", "139 1111 2222", "南京大区", lead_no="A")


@pytest.mark.parametrize(
    ("new", "same"),
    [
        pytest.param(lead("镇江百川物流", "欧阳先生", "139-1111-3333"), ["A:公司名称"], id="company and contact"),
        pytest.param(lead("镇江佰川物流有限公司", "欧阳明", ""), ["A:公司名称"], id="company by sound and contact"),
        pytest.param(lead("镇江百川物流有限公司", "王五", "13911113333"), [], id="a colleague: another person"),
        pytest.param(lead("镇江百川物流有限公司", "", "13911113333"), [], id="nobody named"),
        pytest.param(
            lead("镇江百川物流有限公司", "王五", "13911112222"), ["A:手机号"], id="a shared number of one company"
        ),
        pytest.param(lead("百川", "", "13911112222"), ["A:手机号"], id="a short form"),
        pytest.param(lead("句容青禾粮油商行", "欧阳明", "13911112222"), ["A?"], id="one person, two companies"),
        pytest.param(lead("百川物流有限公司", "欧阳明", "", "合肥大区"), [], id="a namesake elsewhere"),
    ],
)
def test_earlier_leads(new: LeadRecord, same: list[str]) -> None:
    assert found(new, FIRST) == same


def test_later_leads_point_to_the_first_and_never_the_other_way_round() -> None:
    again = lead("镇江百川物流", "欧阳明", "13911112222", lead_no="B")
    third = lead("镇江百川物流", "欧阳", "13911112222", lead_no="C")
    assert find_all([third, again, FIRST], ()) == {
        "B": Same(Kind.LEAD, "A", Why.MOBILE),
        "C": Same(Kind.LEAD, "A", Why.MOBILE),
    }


@pytest.mark.parametrize(
    ("one", "other", "can_be"),
    [
        ("俞小龙", "俞总", True),
        ("俞先生", "俞女士", True),  # who typed it had only heard the name
        ("老俞", "俞小龙", True),
        ("欧阳明", "欧阳经理", True),
        ("欧阳明", "欧总", False),
        ("陈俊杰", "陈俊洁", True),
        ("陈俊杰", "陈志强", False),
        ("陈俊杰", "", None),
    ],
)
def test_one_person(one: str, other: str, can_be: bool | None) -> None:
    assert same_person(one, other) is can_be
    assert same_person(other, one) is can_be


_STEMS = st.text(alphabet="云帆宏图百川青禾启明晨光", min_size=2, max_size=4)
_TRADES = st.sampled_from(["商行", "超市", "精密机械", "教育科技", "便利店", "物流"])
_FORMS = st.sampled_from(
    ["", "有限公司", "股份有限公司", "有限责任公司", " 有限公司", "有限公司（采购部）", "(老板)", "【总店】"]
)


@given(_STEMS, _TRADES, _FORMS, _FORMS)
def test_forms_blanks_and_remarks_make_no_difference(stem: str, trade: str, one: str, other: str) -> None:
    first, second = read_company(f"无锡{stem}{trade}{one}"), read_company(f"无锡 {stem}{trade}{other}")
    assert alike(first, second) is Alike.SPELLED


@given(st.text(max_size=30))
def test_any_text_has_a_key_that_blanks_and_width_do_not_change(text: str) -> None:
    assert company_key(f"  {text}\u3000") == company_key(text)
