"""What WeCom refuses, and what it lets vanish without a word."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import httpx
import pytest

from bot.sandbox.app import Sandbox
from bot.sandbox.config import SandboxConfig
from tests.sandbox.bots import WeComClient

URL = "https://crm.example.com"
NOTICE = {"card_type": "text_notice", "main_title": {"title": "合同"}, "card_action": {"type": 1, "url": URL}}


def buttons(count: int = 2, **changes: Any) -> dict[str, Any]:
    """A button card; every test gets its own task_id."""
    return {
        "card_type": "button_interaction",
        "task_id": "appr-7",
        "main_title": {"title": "批准折扣？"},
        "button_list": [{"text": f"按钮{n}", "style": 1, "key": f"k{n}"} for n in range(count)],
        **changes,
    }


def vote(**changes: Any) -> dict[str, Any]:
    return {
        "card_type": "vote_interaction",
        "task_id": "v-1",
        "main_title": {"title": "选一个"},
        "checkbox": {"question_key": "q", "mode": 1, "option_list": options(3)},
        "submit_button": {"text": "提交", "key": "submit"},
        **changes,
    }


def selects(count: int = 1, **changes: Any) -> dict[str, Any]:
    rows = [{"question_key": f"q{n}", "title": "阶段", "option_list": options(2)} for n in range(count)]
    card = {"card_type": "multiple_interaction", "task_id": "m-1", "main_title": {"title": "改一改"}}
    return {**card, "select_list": rows, "submit_button": {"text": "保存", "key": "save"}, **changes}


def options(count: int) -> list[dict[str, str]]:
    return [{"id": f"o{n}", "text": f"选项{n}"} for n in range(count)]


async def test_everybody_gets_the_same_token_while_it_lives(sandbox: Sandbox, wecom: WeComClient) -> None:
    assert (await wecom.get_token())["access_token"] == wecom.token
    sandbox.world.skip(7201)
    assert (await wecom.get_token())["access_token"] != wecom.token


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"corpid": "ww0"}, 40013, id="another corp"),
        pytest.param({"corpsecret": "wrong"}, 40001, id="wrong secret"),
        pytest.param({"corpsecret": ""}, 41004, id="no secret"),
    ],
)
async def test_gettoken_refuses(wecom: WeComClient, changes: dict[str, str], code: int) -> None:
    assert (await wecom.get_token(**changes))["errcode"] == code


async def test_guessing_secrets_bans_the_address_for_an_hour(sandbox: Sandbox, wecom: WeComClient) -> None:
    for _ in range(sandbox.config.wrong_secrets_before_ban):
        await wecom.get_token(corpsecret="guess")
    assert (await wecom.get_token())["errcode"] == 45009
    sandbox.world.skip(3601)
    assert (await wecom.get_token())["errcode"] == 0


async def test_a_token_that_is_missing_wrong_or_old(sandbox: Sandbox, wecom: WeComClient) -> None:
    good, wecom.token = wecom.token, ""
    assert (await wecom.text("lilei", "hi"))["errcode"] == 41001
    wecom.token = "made-up"
    assert (await wecom.text("lilei", "hi"))["errcode"] == 40014
    wecom.token = good
    sandbox.wecom.expire_tokens()
    assert (await wecom.text("lilei", "hi"))["errcode"] == 42001
    assert sandbox.wecom.shown_to("lilei") == []


async def test_an_address_off_the_trusted_list(sandbox: Sandbox, wecom: WeComClient) -> None:
    sandbox.wecom.block_ip()
    refused = await wecom.text("lilei", "hi")
    assert refused["errcode"] == 60020
    assert "127.0.0.1" in refused["errmsg"]
    sandbox.wecom.allow_ip()
    assert (await wecom.text("lilei", "hi"))["errcode"] == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"agentid": "1000002"}, 40056, id="agentid as text"),
        pytest.param({"agentid": 1000003}, 301002, id="another app"),
        pytest.param({"touser": ""}, 82001, id="nobody"),
        pytest.param({"touser": "ghost|phantom"}, 81013, id="only strangers"),
        pytest.param({"touser": ["lilei"]}, 40031, id="a list instead of a|b"),
        pytest.param({"touser": "|".join(f"u{n}" for n in range(1001))}, 40032, id="1001 people"),
        pytest.param({"toparty": "|".join(map(str, range(101)))}, 82002, id="101 departments"),
        pytest.param({"totag": "|".join(map(str, range(101)))}, 82003, id="101 tags"),
        pytest.param({"msgtype": "hologram"}, 40008, id="unknown type"),
        pytest.param({"text": {"content": ""}}, 44004, id="empty text"),
        pytest.param({"msgtype": "image", "image": {"media_id": "old"}}, 40007, id="unknown media"),
        pytest.param({"msgtype": "file", "file": {}}, 41006, id="no media"),
        pytest.param({"msgtype": "markdown", "markdown": {"content": "长" * 683}}, 45002, id="markdown of 2049 bytes"),
        pytest.param({"msgtype": "textcard", "textcard": {"title": "t", "url": URL}}, 40063, id="no description"),
        pytest.param(
            {"msgtype": "textcard", "textcard": {"title": "长" * 43, "description": "d", "url": URL}}, 40058, id="title"
        ),
        pytest.param(
            {"msgtype": "textcard", "textcard": {"title": "t", "description": "d", "url": "crm"}}, 40058, id="no scheme"
        ),
        pytest.param(
            {"msgtype": "news", "news": {"articles": [{"title": "t", "url": URL}] * 9}}, 45008, id="9 articles"
        ),
        pytest.param({"enable_duplicate_check": 1, "duplicate_check_interval": 14401}, 40058, id="over 4 hours"),
    ],
)
async def test_send_refuses(sandbox: Sandbox, wecom: WeComClient, changes: dict[str, Any], code: int) -> None:
    body = {"touser": "lilei", "msgtype": "text", "agentid": sandbox.config.agent_id, "text": {"content": "hi"}}
    assert (await wecom.post("message/send", {**body, **changes}))["errcode"] == code
    assert sandbox.wecom.shown_to("lilei") == []


@pytest.mark.parametrize(
    ("card", "code"),
    [
        pytest.param({**NOTICE, "card_type": "poem"}, 42031, id="card type"),
        pytest.param({**NOTICE, "main_title": {}}, 41016, id="a notice without any words"),
        pytest.param({**NOTICE, "card_action": {}}, 42045, id="a notice without action"),
        pytest.param({**NOTICE, "card_action": {"type": 1, "url": "crm"}}, 42028, id="url without scheme"),
        pytest.param({**NOTICE, "card_action": {"type": 2}}, 42030, id="mini program without id"),
        pytest.param({**NOTICE, "horizontal_content_list": [{"keyname": "k"}] * 7}, 42035, id="7 rows"),
        pytest.param({**NOTICE, "horizontal_content_list": [{"value": "v"}]}, 42027, id="row without name"),
        pytest.param(
            {**NOTICE, "horizontal_content_list": [{"keyname": "k", "type": 3, "userid": "ghost"}]},
            42050,
            id="stranger",
        ),
        pytest.param(
            {**NOTICE, "horizontal_content_list": [{"keyname": "k", "type": 2, "media_id": "m"}]}, 42029, id="media"
        ),
        pytest.param({**NOTICE, "jump_list": [{"title": "t"}] * 4}, 42042, id="4 jumps"),
        pytest.param({**NOTICE, "jump_list": [{"type": 1, "url": URL}]}, 42033, id="jump without title"),
        pytest.param({**NOTICE, "action_menu": {"action_list": [{"text": "a", "key": "k"}]}}, 42014, id="menu, no id"),
        pytest.param(
            {**NOTICE, "task_id": "t", "action_menu": {"action_list": [{"text": "a", "key": "k"}] * 2}},
            42051,
            id="menu keys twice",
        ),
        pytest.param({**NOTICE, "card_type": "news_notice"}, 42044, id="news without picture"),
        pytest.param(buttons(7), 42017, id="7 buttons"),
        pytest.param(buttons(0), 42017, id="no button"),
        pytest.param(buttons(task_id=""), 42014, id="no task_id"),
        pytest.param(buttons(task_id="含中文"), 42014, id="task_id in Chinese"),
        pytest.param(buttons(task_id="x" * 129), 42014, id="task_id of 129 bytes"),
        pytest.param(buttons(main_title={"desc": "d"}), 41016, id="no title"),
        pytest.param(buttons(button_list=[{"text": "a", "key": "k" * 1025}]), 42039, id="key of 1025 bytes"),
        pytest.param(buttons(button_list=[{"key": "k"}]), 42038, id="button without text"),
        pytest.param(
            buttons(button_selection={"question_key": "q", "option_list": options(11)}), 42037, id="11 options"
        ),
        pytest.param(vote(checkbox={"question_key": "q", "option_list": options(21)}), 42037, id="21 options"),
        pytest.param(vote(checkbox={"question_key": "q", "option_list": options(1) * 2}), 42040, id="option id twice"),
        pytest.param(vote(checkbox={"question_key": "q", "option_list": [{"id": "a"}]}), 42041, id="option text"),
        pytest.param(vote(checkbox={"option_list": options(2)}), 42043, id="no question key"),
        pytest.param(vote(submit_button={"text": "提交"}), 42046, id="submit without key"),
        pytest.param(selects(4), 42047, id="4 selects"),
    ],
)
async def test_a_card_is_refused(wecom: WeComClient, card: dict[str, Any], code: int) -> None:
    assert (await wecom.card("lilei", card))["errcode"] == code


@pytest.mark.parametrize("card", [NOTICE, buttons(6), vote(), selects(3)], ids=lambda card: str(card["card_type"]))
async def test_cards_up_to_the_limit_are_taken(wecom: WeComClient, card: dict[str, Any]) -> None:
    answer = await wecom.card("lilei", card)
    assert answer["errcode"] == 0
    assert ("response_code" in answer) == (card["card_type"] != "text_notice")


async def test_long_words_on_a_card_are_cut_not_refused(sandbox: Sandbox, wecom: WeComClient) -> None:
    await wecom.card("lilei", buttons(1, main_title={"title": "长" * 40}))
    assert sandbox.wecom.shown_to("lilei")[0].startswith("长" * 35 + "…\n")


async def test_a_task_id_is_used_once(wecom: WeComClient) -> None:
    await wecom.card("lilei", buttons())
    assert (await wecom.card("lilei", buttons()))["errcode"] == 42014


async def test_a_card_that_calls_back_needs_a_callback_url(config: SandboxConfig) -> None:
    sandbox = Sandbox(dataclasses.replace(config, bot_url=""))
    async with WeComClient(sandbox) as wecom:
        assert (await wecom.card("lilei", buttons()))["errcode"] == 43012
    await sandbox.close()


async def test_some_receivers_are_wrong_and_the_rest_get_it(sandbox: Sandbox, wecom: WeComClient) -> None:
    answer = await wecom.text("LiLei|Ghost", "早")
    assert (answer["errcode"], answer["invaliduser"]) == (0, "ghost")
    assert sandbox.wecom.shown_to("lilei") == ["早"]


async def test_text_is_cut_at_2048_bytes_between_characters(sandbox: Sandbox, wecom: WeComClient) -> None:
    await wecom.text("lilei", "长" * 700)
    assert sandbox.wecom.shown_to("lilei") == ["长" * 682]


async def test_escaped_characters_and_broken_json(sandbox: Sandbox, wecom: WeComClient) -> None:
    body = {"touser": "lilei", "msgtype": "text", "agentid": sandbox.config.agent_id, "text": {"content": "早"}}
    assert (await wecom.post("message/send", json.dumps(body).encode()))["errcode"] == 40033
    assert (await wecom.post("message/send", b"{"))["errcode"] == 40058
    assert (await wecom.get("message/send")).json()["errcode"] == 40058


async def test_the_31st_message_of_a_minute_vanishes_without_an_error(sandbox: Sandbox, wecom: WeComClient) -> None:
    answers = [await wecom.text("lilei", f"{n}") for n in range(31)]
    assert {answer["errcode"] for answer in answers} == {0}
    assert len(sandbox.wecom.shown_to("lilei")) == 30
    assert "丢弃" in sandbox.wecom.wire[-1]["note"]
    sandbox.world.skip(61)
    await wecom.text("lilei", "later")
    assert sandbox.wecom.shown_to("lilei")[-1] == "later"


async def test_the_same_json_again_is_swallowed_for_the_interval(sandbox: Sandbox, wecom: WeComClient) -> None:
    for _ in range(2):
        answer = await wecom.text("lilei", "早", enable_duplicate_check=1, duplicate_check_interval=60)
        assert answer["errcode"] == 0
    assert sandbox.wecom.shown_to("lilei") == ["早"]
    sandbox.world.skip(61)
    await wecom.text("lilei", "早", enable_duplicate_check=1, duplicate_check_interval=60)
    assert sandbox.wecom.shown_to("lilei") == ["早", "早"]


async def test_repeating_a_card_with_the_check_on_is_safe(sandbox: Sandbox, wecom: WeComClient) -> None:
    sandbox.wecom.fail_next(1, drop_answer_after_doing=True)
    with pytest.raises(httpx.ReadTimeout):
        await wecom.card("lilei", buttons(), enable_duplicate_check=1)
    assert (await wecom.card("lilei", buttons(), enable_duplicate_check=1))["errcode"] == 0
    assert len(sandbox.wecom.cards_of("lilei")) == 1


async def test_recall_works_for_a_day(sandbox: Sandbox, wecom: WeComClient) -> None:
    first, second = await wecom.text("lilei", "错了"), await wecom.text("lilei", "太晚")
    assert (await wecom.post("message/recall", {"msgid": first["msgid"]}))["errcode"] == 0
    assert sandbox.wecom.shown_to("lilei") == ["太晚"]
    assert (await wecom.post("message/recall", {"msgid": "made-up"}))["errcode"] == 40058
    sandbox.world.skip(86401)
    await wecom_again(wecom)
    assert (await wecom.post("message/recall", {"msgid": second["msgid"]}))["errcode"] == 42052


async def wecom_again(wecom: WeComClient) -> None:
    wecom.token = (await wecom.get_token())["access_token"]


async def test_faults_come_as_ordered_and_then_stop(sandbox: Sandbox, wecom: WeComClient) -> None:
    sandbox.wecom.fail_next(1, errcode=-1)
    sandbox.wecom.fail_next(1, status=502)
    assert (await wecom.text("lilei", "a"))["errcode"] == -1
    with pytest.raises(json.JSONDecodeError):
        await wecom.text("lilei", "b")
    sandbox.wecom.fail_next(1, timeout=True)
    with pytest.raises(httpx.ReadTimeout):
        await wecom.text("lilei", "c")
    sandbox.wecom.throttle(60)
    assert (await wecom.text("lilei", "d"))["errcode"] == 45009
    sandbox.world.skip(61)
    assert (await wecom.text("lilei", "e"))["errcode"] == 0
    assert sandbox.wecom.shown_to("lilei") == ["e"]


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        pytest.param("user/get", {"userid": "ghost"}, 60111, id="unknown member"),
        pytest.param("agent/get", {"agentid": "7"}, 301002, id="another app"),
        pytest.param("menu/get", {"agentid": "1000002"}, 46003, id="no menu yet"),
        pytest.param("externalcontact/list", {"userid": "lilei"}, 84061, id="a rep without customers"),
        pytest.param("externalcontact/get", {"external_userid": "wm0"}, 40096, id="unknown customer"),
        pytest.param("media/get", {"media_id": "old"}, 40007, id="unknown media, as JSON"),
    ],
)
async def test_reading_refuses(wecom: WeComClient, path: str, params: dict[str, str], code: int) -> None:
    answer = await wecom.get(path, **params)
    assert (answer.status_code, answer.json()["errcode"]) == (200, code)


async def test_members_are_found_by_mobile_but_show_none(wecom: WeComClient) -> None:
    assert (await wecom.post("user/getuserid", {"mobile": "19900001001"}))["userid"] == "lilei"
    assert (await wecom.post("user/getuserid", {"mobile": "19999999999"}))["errcode"] == 46004
    assert (await wecom.post("user/getuserid", {"mobile": "x"}))["errcode"] == 60103
    member = (await wecom.get("user/get", userid="LILEI")).json()
    assert (member["name"], "mobile" in member) == ("李雷", False)


async def test_a_customer_of_a_rep(sandbox: Sandbox, wecom: WeComClient) -> None:
    sandbox.wecom.people.add_external("wm1", "老李", ["lilei"])
    assert (await wecom.get("externalcontact/list", userid="lilei")).json()["external_userid"] == ["wm1"]
    found = (await wecom.get("externalcontact/get", external_userid="wm1")).json()
    assert found["follow_user"][0]["userid"] == "lilei"


MENU = {"button": [{"type": "click", "name": "客户", "key": "customer"}]}


@pytest.mark.parametrize(
    ("menu", "code"),
    [
        pytest.param(MENU, 0, id="good"),
        pytest.param({"button": MENU["button"] * 4}, 40058, id="4 buttons"),
        pytest.param({"button": [{"type": "click", "name": "客户拜访合同", "key": "k"}]}, 40058, id="name of 18 bytes"),
        pytest.param({"button": [{"type": "click", "name": "a"}]}, 40058, id="no key"),
        pytest.param({"button": [{"type": "view", "name": "a", "url": "crm"}]}, 40055, id="bad url"),
        pytest.param({"button": [{"name": "更多", "sub_button": MENU["button"] * 6}]}, 40058, id="6 below"),
    ],
)
async def test_menus(sandbox: Sandbox, wecom: WeComClient, menu: dict[str, Any], code: int) -> None:
    assert (await wecom.post("menu/create", menu, agentid="1000002"))["errcode"] == code
    assert bool(sandbox.wecom.menu) == (code == 0)


async def test_the_wire_is_logged_without_secrets(sandbox: Sandbox, wecom: WeComClient) -> None:
    await wecom.text("lilei", "hi")
    await sandbox.wecom.says("lilei", "电话199-0000-1001")
    text = json.dumps(sandbox.wecom.wire, ensure_ascii=False)
    assert [entry["direction"] for entry in sandbox.wecom.wire] == ["from_bot", "from_bot", "to_bot"]
    assert "199****1001" in json.dumps(sandbox.wecom.wire[-1])
    for secret in (wecom.token, sandbox.config.wecom_secret, sandbox.config.wecom_aes_key):
        assert secret not in text
