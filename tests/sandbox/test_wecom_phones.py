"""People with WeCom phones: callbacks that are really signed, retried and answered, cards that change once a code."""

from __future__ import annotations

import asyncio
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bot.sandbox.app import Sandbox
from bot.sandbox.faults import CannotTap
from bot.sandbox.wecom_media import silent_amr
from tests.sandbox.bots import CallbackBot, WeComClient
from tests.sandbox.test_wecom_api import buttons, options, selects

JPEG = b"\xff\xd8\xff\xe0 a picture"


async def test_what_somebody_types_arrives_encrypted_and_signed(sandbox: Sandbox, bot: CallbackBot) -> None:
    said = await sandbox.wecom.says("lilei", "拜访 ]]> 星河 & <b>")
    assert (said.state, bot.field("Content"), bot.field("FromUserName")) == ("sent", "拜访 ]]> 星河 & <b>", "lilei")
    assert bot.field("AgentID") == str(sandbox.config.agent_id)
    assert (bot.field("MsgId") or "").isdigit()


async def test_a_refused_callback_comes_three_times_more_with_the_same_plaintext(
    sandbox: Sandbox, bot: CallbackBot
) -> None:
    bot.answers = [(500, 0)] * 4
    said = await sandbox.wecom.says("lilei", "hi")
    assert said.state == "failed"
    assert (len(bot.heard), len(set(bot.heard)), len(set(bot.encrypted))) == (4, 1, 4)
    assert [entry["attempt"] for entry in sandbox.wecom.wire] == [1, 2, 3, 4]


async def test_a_slow_answer_is_cut_off_and_the_callback_comes_again(sandbox: Sandbox, bot: CallbackBot) -> None:
    bot.answers = [(200, 1.0)]
    assert (await sandbox.wecom.says("lilei", "hi")).state == "sent"
    assert [entry["status"] for entry in sandbox.wecom.wire] == ["timeout", "200"]


async def test_repeats_reordering_and_delay(sandbox: Sandbox, bot: CallbackBot) -> None:
    await sandbox.wecom.says("lilei", "twice", repeat=2)
    assert bot.heard[0] == bot.heard[1]
    sandbox.wecom.callback_reorder(3)
    await asyncio.gather(*(sandbox.wecom.says("lilei", word) for word in ("a", "b", "c")))
    assert [bot.field("Content", index) for index in (-3, -2, -1)] == ["c", "b", "a"]
    await sandbox.wecom.misbehave("callback_repeat", {"times": 3})
    await sandbox.wecom.says("lilei", "thrice")
    assert bot.heard[-1] == bot.heard[-2] == bot.heard[-3]


async def test_messages_of_one_person_keep_their_order(sandbox: Sandbox, bot: CallbackBot) -> None:
    bot.answers = [(500, 0)]
    words = [f"{n}" for n in range(5)]
    await asyncio.gather(*(sandbox.wecom.says("lilei", word) for word in words))
    assert list(dict.fromkeys(bot.field("Content", n) for n in range(len(bot.heard)))) == words


async def test_the_url_is_verified_by_the_exact_bytes(sandbox: Sandbox, bot: CallbackBot) -> None:
    assert await sandbox.wecom.verify_url()
    bot.raw_reply = b'"1616140317555161061"'
    assert not await sandbox.wecom.verify_url()


async def test_a_passive_reply_is_shown_and_rubbish_is_noted(sandbox: Sandbox, bot: CallbackBot) -> None:
    bot.reply = "<xml><MsgType>text</MsgType><Content><![CDATA[收到]]></Content></xml>"
    await sandbox.wecom.says("lilei", "hi")
    bot.raw_reply = b"success"
    await sandbox.wecom.says("lilei", "hi")
    assert sandbox.wecom.shown_to("lilei") == ["收到"]
    assert "被动回复无效" in sandbox.wecom.wire[-1]["note"]


async def test_pictures_voice_and_places(sandbox: Sandbox, bot: CallbackBot, wecom: WeComClient) -> None:
    await sandbox.wecom.sends_image("lilei", JPEG, "门头.jpg")
    picture = await wecom.get("media/get", media_id=bot.field("MediaId") or "")
    assert (picture.content, picture.headers["content-type"]) == (JPEG, "image/jpeg")
    await sandbox.wecom.sends_voice("lilei", None, 3)
    voice = await wecom.get("media/get", media_id=bot.field("MediaId") or "")
    assert voice.content.startswith(b"#!AMR\n")
    await sandbox.wecom.sends_location("lilei", 31.2, 121.4, "人民广场")
    assert (bot.field("Location_X"), bot.field("Location_Y"), bot.field("Label")) == ("31.2", "121.4", "人民广场")
    sandbox.world.skip(3 * 86400 + 1)
    wecom.token = (await wecom.get_token())["access_token"]
    late = await wecom.get("media/get", media_id=bot.field("MediaId", 0) or "")
    assert late.json()["errcode"] == 40007


@pytest.mark.parametrize(
    ("kind", "name", "body", "code"),
    [
        pytest.param("poem", "a.txt", b"words", 40004, id="type"),
        pytest.param("image", "a.gif", b"GIF89a........", 40005, id="a GIF"),
        pytest.param("voice", "a.mp3", b"ID3.........", 40005, id="no AMR"),
        pytest.param("voice", "a.amr", silent_amr(61), 45007, id="61 seconds"),
        pytest.param("file", "a.txt", b"12345", 40006, id="5 bytes"),
        pytest.param("file", "a.txt", b"", 44001, id="nothing"),
        pytest.param("image", "a.jpg", JPEG + bytes(10 << 20), 40009, id="over 10 MB"),
    ],
)
async def test_uploads_are_refused(wecom: WeComClient, kind: str, name: str, body: bytes, code: int) -> None:
    assert (await wecom.upload(kind, name, body))["errcode"] == code


async def test_an_upload_without_a_plain_filename_is_empty(wecom: WeComClient) -> None:
    head = b"--b\r\nContent-Disposition: form-data; name=\"media\"; filename*=utf-8''a.txt\r\n\r\n"
    answer = await wecom.http.post(
        "/cgi-bin/media/upload",
        params={"access_token": wecom.token, "type": "file"},
        content=head + b"some content\r\n--b--\r\n",
        headers={"content-type": "multipart/form-data; boundary=b"},
    )
    assert answer.json()["errcode"] == 44001


async def test_a_file_goes_up_down_in_pieces_and_to_a_phone(sandbox: Sandbox, wecom: WeComClient) -> None:
    uploaded = await wecom.upload("file", "报价单.xlsx", b"0123456789")
    answer = await wecom.send("lilei", "file", {"media_id": uploaded["media_id"]})
    assert answer["errcode"] == 0
    assert sandbox.wecom.shown_to("lilei") == ["[文件] 报价单.xlsx"]
    params = {"access_token": wecom.token, "media_id": uploaded["media_id"]}
    piece = await wecom.http.get("/cgi-bin/media/get", params=params, headers={"range": "bytes=2-4"})
    assert (piece.status_code, piece.content) == (206, b"234")
    assert (await wecom.send("lilei", "image", {"media_id": uploaded["media_id"]}))["errcode"] == 40007


async def test_menu_and_entering(sandbox: Sandbox, bot: CallbackBot, wecom: WeComClient) -> None:
    menu = {"button": [{"name": "更多", "sub_button": [{"type": "click", "name": "待办", "key": "todo"}]}]}
    await wecom.post("menu/create", menu, agentid="1000002")
    await sandbox.wecom.clicks_menu("lilei", "待办")
    assert (bot.field("Event"), bot.field("EventKey"), bot.field("MsgId")) == ("click", "todo", None)
    await sandbox.wecom.enters("lilei")
    assert bot.field("Event") == "enter_agent"
    with pytest.raises(CannotTap):
        await sandbox.wecom.clicks_menu("lilei", "合同")


async def test_a_tap_carries_key_task_and_a_code_that_greys_once(
    sandbox: Sandbox, bot: CallbackBot, wecom: WeComClient
) -> None:
    await wecom.card("lilei|wangfang", buttons())
    await sandbox.wecom.taps("lilei", "按钮0")
    assert (bot.field("EventKey"), bot.field("TaskId")) == ("k0", "appr-7")
    code = bot.field("ResponseCode") or ""
    change = {"userids": ["lilei", "WangFang"], "agentid": sandbox.config.agent_id, "response_code": code}
    grey = {**change, "button": {"replace_name": "李雷已同意"}}
    assert (await wecom.post("message/update_template_card", grey))["invaliduser"] == []
    assert (await wecom.post("message/update_template_card", grey))["errcode"] == 42022
    for user in ("lilei", "wangfang"):
        assert sandbox.wecom.shown_to(user) == ["批准折扣？\n(李雷已同意)"]
        with pytest.raises(CannotTap):
            await sandbox.wecom.taps(user, "k0")


async def test_a_double_tap_brings_two_codes_that_both_work(
    sandbox: Sandbox, bot: CallbackBot, wecom: WeComClient
) -> None:
    await wecom.card("lilei", buttons())
    await sandbox.wecom.taps("lilei", "k0")
    await sandbox.wecom.taps("lilei", "k0")
    codes = [bot.field("ResponseCode", index) for index in (0, 1)]
    assert codes[0] != codes[1]
    for code in codes:
        change = {"userids": ["lilei"], "agentid": sandbox.config.agent_id, "response_code": code}
        answer = await wecom.post("message/update_template_card", {**change, "template_card": buttons(1, task_id="")})
        assert answer["errcode"] == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"agentid": 7}, 42015, id="another app"),
        pytest.param({"userids": "lilei"}, 40058, id="a string instead of a list"),
        pytest.param({"userids": []}, 82001, id="nobody"),
        pytest.param({"response_code": "made-up"}, 40058, id="unknown code"),
        pytest.param({"button": None}, 40063, id="nothing to do"),
        pytest.param({"template_card": buttons(7)}, 42017, id="7 buttons"),
    ],
)
async def test_an_update_is_refused_and_leaves_the_code_alive(
    sandbox: Sandbox, wecom: WeComClient, changes: dict[str, Any], code: int
) -> None:
    sent = await wecom.card("lilei", buttons())
    good = {"userids": ["lilei"], "agentid": sandbox.config.agent_id, "response_code": sent["response_code"]}
    good |= {"button": {"replace_name": "好"}}
    assert (await wecom.post("message/update_template_card", {**good, **changes}))["errcode"] == code
    answer = await wecom.post("message/update_template_card", {**good, "userids": ["lilei", "Zhao"]})
    assert (answer["errcode"], answer["invaliduser"]) == (0, ["zhao"])


async def test_a_code_lives_72_hours(sandbox: Sandbox, wecom: WeComClient) -> None:
    sent = await wecom.card("lilei", buttons())
    sandbox.world.skip(72 * 3600 + 1)
    wecom.token = (await wecom.get_token())["access_token"]
    change = {"userids": ["lilei"], "agentid": sandbox.config.agent_id, "response_code": sent["response_code"]}
    answer = await wecom.post("message/update_template_card", {**change, "button": {"replace_name": "好"}})
    assert answer["errcode"] == 40058


async def test_choices_travel_with_the_submit_button(sandbox: Sandbox, bot: CallbackBot, wecom: WeComClient) -> None:
    await wecom.card("lilei", selects(2))
    await sandbox.wecom.taps("lilei", "保存", selected={"q0": ["o1"], "q1": ["o0"]})
    items = ET.fromstring(bot.heard[-1]).findall("SelectedItems/SelectedItem")
    assert [(item.findtext("QuestionKey"), item.findtext("OptionIds/OptionId")) for item in items] == [
        ("q0", "o1"),
        ("q1", "o0"),
    ]
    with pytest.raises(CannotTap):
        await sandbox.wecom.taps("lilei", "保存", selected={"q0": ["o9"]})


async def test_a_passive_reply_changes_the_tapped_card(sandbox: Sandbox, bot: CallbackBot, wecom: WeComClient) -> None:
    await wecom.card("lilei", buttons(button_selection={"question_key": "q", "option_list": options(2)}))
    bot.reply = (
        "<xml><MsgType>update_template_card</MsgType><TemplateCard><CardType>button_interaction</CardType>"
        "<MainTitle><Title>已批准</Title></MainTitle><ButtonList><Text>好</Text><Style>1</Style><Key>k</Key></ButtonList>"
        "<ReplaceText>完成</ReplaceText></TemplateCard></xml>"
    )
    await sandbox.wecom.taps("lilei", "k0")
    assert sandbox.wecom.shown_to("lilei") == ["已批准\n(完成)"]


async def test_a_customer_was_added(sandbox: Sandbox, bot: CallbackBot) -> None:
    await sandbox.wecom.external_contact_event("add_external_contact", "lilei", "wm1", State="qr1")
    assert (bot.field("FromUserName"), bot.field("ChangeType"), bot.field("ExternalUserID"), bot.field("AgentID")) == (
        "sys",
        "add_external_contact",
        "wm1",
        None,
    )
