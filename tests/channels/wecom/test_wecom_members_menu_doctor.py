"""Members, menu, and what doctor says."""

from __future__ import annotations

import contextlib

import orjson
import pytest
from pydantic import SecretStr

from bot.channels.wecom.members import ExternalContact
from bot.channels.wecom.menu import MENU
from bot.errors import ChannelMisconfigured
from tests.channels.wecom.wecom_stand_in import SETTINGS, Bench

FIND = "user/getuserid"


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_member_is_found_by_mobile(bench: Bench) -> None:
    bench.server.script[FIND] = [{"errcode": 0, "errmsg": "ok", "userid": "ZhangSan"}]
    assert await bench.channel.userid_by_mobile("138 0000-1111") == "ZhangSan"
    assert orjson.loads(bench.server.bodies(FIND)[0]) == {"mobile": "13800001111"}


async def test_a_miss_is_asked_once_a_day_and_the_number_is_not_kept(bench: Bench) -> None:
    bench.server.script[FIND] = [{"errcode": 46004, "errmsg": "x"}]
    assert await bench.channel.userid_by_mobile("13800002222") is None
    assert await bench.channel.userid_by_mobile("13800002222") is None
    assert bench.server.count(FIND) == 1
    assert "13800002222" not in str(bench.memory.paused)


async def test_what_is_no_number_is_not_asked(bench: Bench) -> None:
    for text in ("", "张三", "123", "1" * 40):
        assert await bench.channel.userid_by_mobile(text) is None
    assert bench.server.calls == []


async def test_a_member_the_app_does_not_see(bench: Bench) -> None:
    bench.server.script["user/get"] = [{"errcode": 60111, "errmsg": "x"}, {"errcode": 0, "name": "张三"}]
    assert await bench.channel.user("x") is None
    assert (await bench.channel.user("ZhangSan") or {})["name"] == "张三"
    bench.server.script["user/get"] = [{"errcode": 48002, "errmsg": "x"}]
    with pytest.raises(ChannelMisconfigured):
        await bench.channel.user("x")


async def test_the_menu_is_made_when_there_is_none_and_left_alone_when_it_is_ours(bench: Bench) -> None:
    bench.server.script["menu/get"] = [
        {"errcode": 46003, "errmsg": "no menu"},
        {"errcode": 0, "errmsg": "ok", "button": [{**button, "appid": ""} for button in MENU]},
        {"errcode": 0, "errmsg": "ok", "button": [{"type": "click", "name": "旧", "key": "旧"}]},
    ]
    assert [await bench.channel.publish_menu() for _ in range(3)] == [True, False, True]
    made = orjson.loads(bench.server.bodies("menu/create")[0])
    assert [button["name"] for button in made["button"]] == ["客户", "拜访", "更多"]
    assert [button["key"] for button in made["button"][2]["sub_button"]] == ["合同", "待办", "帮助"]
    assert [request.url.params["agentid"] for path, request in bench.server.calls if path == "menu/create"] == [
        "1000002"
    ] * 2


AGENT = {"errcode": 0, "errmsg": "ok", "name": "销售助手", "close": 0, "isreportenter": 1}
RANGE = {"allow_userinfos": {"user": [{"userid": "a"}]}, "allow_partys": {"partyid": [1, 2]}}


async def test_doctor_when_all_is_well(bench: Bench) -> None:
    bench.server.script["agent/get"] = [{**AGENT, **RANGE}]
    bench.server.script["menu/get"] = [{"errcode": 0, "button": MENU}]
    findings = await bench.channel.check()
    assert [(what, good) for what, good, _ in findings] == [
        ("企业微信凭证", True),
        ("企业微信应用", True),
        ("企业微信接收消息", True),
        ("企业微信菜单", True),
    ]
    assert "1 名成员、2 个部门、0 个标签；会上报进入应用" in findings[1][2]


@pytest.mark.parametrize(
    ("path", "answer", "what", "says"),
    [
        ("gettoken", {"errcode": 40001, "errmsg": "x"}, "企业微信凭证", "secret"),
        ("agent/get", {**AGENT, **RANGE, "close": 1}, "企业微信应用", "停用"),
        ("agent/get", AGENT, "企业微信应用", "可见范围是空的"),
        ("agent/get", {"errcode": 60020, "errmsg": "from ip: 203.0.113.9"}, "企业微信应用", "203.0.113.9"),
        ("menu/get", {"errcode": 46003, "errmsg": "x"}, "企业微信菜单", "菜单未创建"),
        ("menu/get", {"errcode": 48002, "errmsg": "x"}, "企业微信菜单", "权限"),
    ],
)
async def test_doctor_says_what_is_wrong(bench: Bench, path: str, answer: object, what: str, says: str) -> None:
    bench.server.script["agent/get"] = [{**AGENT, **RANGE}]
    bench.server.script["menu/get"] = [{"errcode": 0, "button": MENU}]
    bench.server.script[path] = [answer]
    ((_, _, sentence),) = [finding for finding in await bench.channel.check() if not finding[1]]
    assert says in sentence
    assert SETTINGS.secret.get_secret_value() not in sentence


async def test_doctor_finds_callback_keys_that_cannot_work() -> None:
    bench = Bench(SETTINGS.model_copy(update={"token": type(SETTINGS.token)("")}))
    findings = {what: good for what, good, _ in await bench.channel.check()}
    assert findings["企业微信接收消息"] is False


FRIEND = "externalcontact/get"
FACE = {"external_userid": "wm1", "name": "欧阳明", "type": 1}


async def test_a_friend_with_the_notes_of_the_member_who_added_them_on_a_later_page(bench: Bench) -> None:
    ours = {"userid": "LiLei", "remark": "展会", "remark_corp_name": "百川物流", "remark_mobiles": ["13800001111"]}
    bench.server.script[FRIEND] = [
        {"errcode": 0, "external_contact": FACE, "follow_user": [{"userid": "other"}], "next_cursor": "c2"},
        {"errcode": 0, "external_contact": FACE, "follow_user": [ours], "next_cursor": ""},
    ]
    friend = await bench.channel.external_contact("wm1", "lilei")
    assert friend == ExternalContact(name="欧阳明", company="百川物流", mobiles=("13800001111",), remark="展会")
    asked = [request.url.params.get("cursor") for path, request in bench.server.calls if path == FRIEND]
    assert asked == [None, "c2"]


async def test_nobodys_friend_and_no_permission(bench: Bench) -> None:
    bench.server.script[FRIEND] = [{"errcode": 84061, "errmsg": "x"}]
    assert await bench.channel.external_contact("wm1", "lilei") is None
    bench.server.script[FRIEND] = [{"errcode": 48002, "errmsg": "x"}]
    with pytest.raises(ChannelMisconfigured):
        await bench.channel.external_contact("wm1", "lilei")


@pytest.mark.parametrize("own", ["", "secret-of-contacts"])
async def test_friends_are_asked_for_with_the_secret_of_contacts_where_there_is_one(own: str) -> None:
    bench = Bench(SETTINGS.model_copy(update={"contact_secret": SecretStr(own)}))
    bench.server.script[FRIEND] = [{"errcode": 0, "external_contact": FACE, "follow_user": []}]
    with contextlib.suppress(ChannelMisconfigured):  # the stand-in knows the app's secret only
        await bench.channel.external_contact("wm1", "lilei")
    secrets = [request.url.params["corpsecret"] for path, request in bench.server.calls if path == "gettoken"]
    assert secrets == [own or SETTINGS.secret.get_secret_value()]
