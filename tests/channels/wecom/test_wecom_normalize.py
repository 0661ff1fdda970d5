"""What the platform posts, and what we make of it (protocols/wecom.md 2)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wecom.normalize import normalize
from bot.channels.wecom.xml import parse_xml
from bot.errors import ForgedCallback
from bot.messages import InboundMessage, Kind, Location, Media

NOW = datetime(2026, 2, 12, tzinfo=UTC)
HEAD = (
    "<ToUserName><![CDATA[ww1]]></ToUserName><FromUserName><![CDATA[ZhangSan]]></FromUserName>"
    "<CreateTime>1700000000</CreateTime><AgentID>1000002</AgentID>"
)


def read(body: str) -> InboundMessage:
    return normalize(f"<xml>{body}</xml>".encode(), app_id="1000002", received_at=NOW)


def said(kind: str, body: str = "", msg_id: str = "7301234567890123456") -> InboundMessage:
    return read(f"{HEAD}<MsgType><![CDATA[{kind}]]></MsgType>{body}<MsgId>{msg_id}</MsgId>")


def event(name: str, body: str = "", *, head: str = HEAD) -> InboundMessage:
    return read(f"{head}<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{name}]]></Event>{body}")


def test_text() -> None:
    message = said("text", "<Content><![CDATA[ 拜访 星河 👨‍👩‍👧 & <b> ]]></Content>")
    assert (message.kind, message.text) == (Kind.TEXT, " 拜访 星河 👨‍👩‍👧 & <b> ")
    assert (message.message_id, message.sender.user_id, message.conversation_id) == (
        "7301234567890123456",
        "ZhangSan",
        "ZhangSan",
    )
    assert message.sent_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert message.app_id == "1000002"
    assert not message.in_group


def test_image_voice_and_video_bring_their_media_id() -> None:
    assert said("image", "<PicUrl>https://p</PicUrl><MediaId>M1</MediaId>").media == (Media(ref="M1"),)
    voice = said("voice", "<MediaId>M2</MediaId><Format>amr</Format>")
    assert (voice.kind, voice.media) == (Kind.VOICE, (Media(ref="M2", mime="amr"),))
    video = said("video", "<MediaId>M3</MediaId><ThumbMediaId>T</ThumbMediaId>")
    assert (video.kind, video.media, video.fields["ThumbMediaId"]) == (Kind.VIDEO, (Media(ref="M3"),), "T")


def test_location_x_is_the_latitude() -> None:
    message = said(
        "location",
        "<Location_X>31.23</Location_X><Location_Y>121.47</Location_Y><Scale>16</Scale><Label>人民广场</Label>",
    )
    assert message.location == Location(latitude=31.23, longitude=121.47, label="人民广场")


@pytest.mark.parametrize("x", ["", "here", "nan", "inf", "121.47"])
def test_a_place_that_is_none(x: str) -> None:
    message = said("location", f"<Location_X>{x}</Location_X><Location_Y>31</Location_Y>")
    assert (message.kind, message.location) == (Kind.LOCATION, None)


def test_link() -> None:
    message = said("link", "<Title>报价</Title><Description>d</Description><Url>https://x</Url>")
    assert (message.kind, message.text, message.fields["Url"]) == (Kind.LINK, "报价", "https://x")


@pytest.mark.parametrize("kind", ["file", "shortvideo", "something_new", ""])
def test_an_unknown_type_is_passed_on_for_an_apology(kind: str) -> None:
    assert said(kind, "<MediaId>M</MediaId>").kind is Kind.UNSUPPORTED


@pytest.mark.parametrize(
    ("name", "body", "kind", "text", "event_name"),
    [
        ("click", "<EventKey>拜访</EventKey>", Kind.MENU, "拜访", "click"),
        ("view", "<EventKey>https://x</EventKey>", Kind.MENU, "https://x", "view"),
        ("CLICK", "<EventKey>待办</EventKey>", Kind.MENU, "待办", "click"),
        ("scancode_waitmsg", "<EventKey>s</EventKey><ScanCodeInfo><ScanResult>1</ScanResult></ScanCodeInfo>",
         Kind.MENU, "s", "scancode_waitmsg"),
        ("enter_agent", "<EventKey></EventKey>", Kind.ENTER, "", "enter_agent"),
        ("subscribe", "", Kind.EVENT, "", "subscribe"),
        ("unsubscribe", "", Kind.EVENT, "", "unsubscribe"),
        ("something_new", "", Kind.EVENT, "", "something_new"),
    ],
)  # fmt: skip
def test_menu_and_session_events(name: str, body: str, kind: Kind, text: str, event_name: str) -> None:
    message = event(name, body)
    assert (message.kind, message.text, message.event) == (kind, text, event_name)


def test_places_reported_by_the_client() -> None:
    here = event("LOCATION", "<Latitude>31.2</Latitude><Longitude>121.4</Longitude><Precision>10</Precision>")
    assert (here.kind, here.event, here.location) == (Kind.EVENT, "location", Location(latitude=31.2, longitude=121.4))
    picked = event(
        "location_select",
        "<EventKey>loc</EventKey><SendLocationInfo><Location_X>31</Location_X><Location_Y>121</Location_Y>"
        "<Label>人民广场</Label></SendLocationInfo>",
    )
    assert picked.location == Location(latitude=31, longitude=121, label="人民广场")


CARD = "<TaskId>c-1</TaskId><CardType>button_interaction</CardType><ResponseCode>RC1</ResponseCode>"


def test_a_tap_says_which_card_which_button_and_brings_a_code() -> None:
    message = event(
        "template_card_event", f"<EventKey><![CDATA[visit.confirm?visit_no=BF1&x=%E6%98%9F]]></EventKey>{CARD}"
    )
    tap = message.tap
    assert tap is not None
    assert (message.kind, tap.card_id, tap.action) == (Kind.TAP, "c-1", "visit.confirm")
    assert (dict(tap.params), tap.response_code) == ({"visit_no": "BF1", "x": "星"}, "RC1")
    assert "RC1" not in str(message.raw) + str(message.fields)


def test_a_tap_on_a_card_that_replaced_ours_leads_to_ours() -> None:
    tap = event("template_card_event", f"<EventKey>a</EventKey>{CARD.replace('c-1', 'c-1@12-1')}").tap
    assert tap is not None
    assert tap.card_id == "c-1"


@pytest.mark.parametrize(
    ("items", "params"),
    [
        pytest.param("", {}, id="none"),
        pytest.param(
            "<SelectedItem><QuestionKey>q1</QuestionKey><OptionIds><OptionId>a</OptionId></OptionIds></SelectedItem>",
            {"q1": "a"},
            id="one of one",
        ),
        pytest.param(
            "<SelectedItem><QuestionKey>q1</QuestionKey><OptionIds><OptionId>a</OptionId><OptionId>b</OptionId>"
            "</OptionIds></SelectedItem><SelectedItem><QuestionKey>q2</QuestionKey><OptionIds><OptionId>c</OptionId>"
            "</OptionIds></SelectedItem>",
            {"q1": "a,b", "q2": "c"},
            id="several of several",
        ),
        pytest.param(
            "<SelectedItem><QuestionKey>q1</QuestionKey><OptionIds></OptionIds></SelectedItem>",
            {"q1": ""},
            id="nothing",
        ),
    ],
)
def test_what_was_selected_joins_the_params(items: str, params: dict[str, str]) -> None:
    body = f"<EventKey>submit</EventKey>{CARD}<SelectedItems>\n{items}\n</SelectedItems>"
    tap = event("template_card_event", body).tap
    assert tap is not None
    assert dict(tap.params) == params


SYS = HEAD.replace("ZhangSan", "sys")


def test_external_contact_events_name_their_change_and_have_no_sender() -> None:
    message = event(
        "change_external_contact",
        "<ChangeType>add_external_contact</ChangeType><UserID>ZhangSan</UserID><ExternalUserID>wm1</ExternalUserID>"
        "<WelcomeCode>WC</WelcomeCode>",
        head=SYS,
    )
    assert message.event == "change_external_contact.add_external_contact"
    assert (message.kind, message.sender.user_id) == (Kind.EVENT, "")
    assert (message.fields["UserID"], message.fields["WelcomeCode"]) == ("ZhangSan", "WC")
    assert "WC" not in str(message.raw)
    chat = event("change_external_chat", "<ChatId>wr1</ChatId><ChangeType>update</ChangeType>", head=SYS)
    assert chat.event == "change_external_chat.update"


def test_approval_events_keep_every_node() -> None:
    one = "<SpRecord><SpStatus>2</SpStatus><Details><Approver><UserId>u1</UserId></Approver></Details></SpRecord>"
    for count in (1, 2):
        message = event("sys_approval_change", f"<ApprovalInfo><SpNo>2026</SpNo>{one * count}</ApprovalInfo>", head=SYS)
        records = message.fields["ApprovalInfo"]["SpRecord"]
        assert [record["Details"][0]["Approver"]["UserId"] for record in records] == ["u1"] * count


def test_the_two_elements_that_are_spelled_two_ways() -> None:
    message = event(
        "open_approval_change",
        "<ApprovalInfo><ApprovalNodes><ApprovalNode><Items><Item><ItemUserid>u1</ItemUserid></Item></Items>"
        "</ApprovalNode></ApprovalNodes><approverstep>0</approverstep></ApprovalInfo>",
        head=SYS,
    )
    info = message.fields["ApprovalInfo"]
    assert info["ApprovalNodes"]["ApprovalNode"][0]["Items"]["Item"][0]["ItemUserId"] == "u1"
    assert info["ApproverStep"] == "0"


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("template_card_event", "<ResponseCode>1</ResponseCode>", "<ResponseCode>2</ResponseCode>"),
        ("click", "<EventKey>a</EventKey>", "<EventKey>b</EventKey>"),
        ("click", "<EventKey>a</EventKey>", ""),
        ("change_external_contact", "<ChangeType>del_follow_user</ChangeType><ExternalUserID>a</ExternalUserID>",
         "<ChangeType>del_follow_user</ChangeType><ExternalUserID>b</ExternalUserID>"),
        ("sys_approval_change", "<ApprovalInfo><SpNo>1</SpNo></ApprovalInfo>",
         "<ApprovalInfo><SpNo>2</SpNo></ApprovalInfo>"),
        ("LOCATION", "<Latitude>1</Latitude>", "<Latitude>2</Latitude>"),
    ],
)  # fmt: skip
def test_events_of_one_second_stay_apart_and_a_retry_is_the_same(name: str, one: str, other: str) -> None:
    assert event(name, one).message_id == event(name, one).message_id
    assert event(name, one).message_id != event(name, other).message_id


def test_layout_of_the_xml_does_not_make_a_retry_new() -> None:
    assert event("click", "<EventKey>a</EventKey>") == event("click", "\n <EventKey><![CDATA[a]]></EventKey>\n")


def test_what_people_paste_out_of_word_is_read_all_the_same() -> None:
    assert said("text", "<Content><![CDATA[第一行\x0b第二行\x00]]></Content>").text == "第一行第二行"


@pytest.mark.parametrize("seconds", ["", "soon", "9" * 30])
def test_a_time_that_cannot_be_read(seconds: str) -> None:
    assert read(f"<CreateTime>{seconds}</CreateTime><MsgType>text</MsgType>").sent_at == NOW


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: f"<xml><MsgType>{text}</MsgType></xml>".encode()))
def test_anything_is_a_message_or_refused(xml: bytes) -> None:
    try:
        message = normalize(xml, app_id="1", received_at=NOW)
    except ForgedCallback:
        return
    assert message.message_id


def test_repeated_elements_become_lists_and_attributes_are_ignored() -> None:
    assert parse_xml(b'<xml><a x="1">1</a><a>2</a><a/><b><c>3</c></b></xml>') == {"a": ["1", "2", ""], "b": {"c": "3"}}
