"""Platform payloads become our values (protocols/dingtalk.md 2.3, 4, 6.6, 8.5)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.dingtalk import normalize
from bot.channels.dingtalk.taps import DoubleTaps
from bot.errors import BadInput
from bot.messages import ChannelName, InboundMessage, Kind, Media
from tests.channels.dingtalk.gateway import said, tapped

NOW = datetime(2026, 2, 12, 1, tzinfo=UTC)


def robot(**more: Any) -> InboundMessage:
    return normalize.robot_message(said(**more), app_id="dingapp", received_at=NOW)


def group(**more: Any) -> InboundMessage:
    return robot(conversationType="2", conversationId="cidgroup==", conversationTitle="华东群", **more)


def tap(data: dict[str, Any], push_id: str = "f1", corp_id: str = "") -> InboundMessage:
    return normalize.card_tap(data, app_id="dingapp", push_id=push_id, received_at=NOW, corp_id=corp_id)


# -- robot messages --
def test_a_text_in_a_one_to_one_chat() -> None:
    message = robot(text=" 客户\u00a0绿源 ", msg_id="m1")
    assert (message.message_id, message.channel, message.app_id) == ("m1", ChannelName.DINGTALK, "dingapp")
    assert (message.sender.user_id, message.conversation_id, message.in_group) == ("manager01", "manager01", False)
    assert (message.kind, message.text, message.sender_name) == (Kind.TEXT, "客户 绿源", "王经理")
    assert message.sent_at == datetime(2024, 2, 19, 7, 20, 4, 136000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(" 待办", "待办", id="the platform took the mention out"),
        pytest.param("@销售助手\u2005待办", "待办", id="it left the mention and its odd blank"),
        pytest.param("@销售助手", "", id="only the mention"),
        pytest.param("同意 HT-1 抄送 @张三", "同意 HT-1 抄送 @张三", id="a mention further on stays"),
    ],
)
def test_a_group_message_without_its_mention(content: str, text: str) -> None:
    message = group(text=content)
    assert (message.text, message.in_group, message.conversation_id) == (text, True, "cidgroup==")


def test_in_a_one_to_one_chat_nothing_is_taken_for_a_mention() -> None:
    assert robot(text="@张三 在吗").text == "@张三 在吗"


@pytest.mark.parametrize("created", [1708327204136, "1708327204136"], ids=["number", "text"])
def test_the_time_comes_as_number_or_text(created: Any) -> None:
    assert robot(createAt=created).sent_at.year == 2024


@pytest.mark.parametrize("created", [None, "", "soon", -1, 10**30, True, [1]])
def test_a_time_that_is_none_is_now(created: Any) -> None:
    assert robot(createAt=created).sent_at == NOW


@pytest.mark.parametrize(
    ("msgtype", "content", "kind", "text", "media"),
    [
        pytest.param(
            "richText",
            {"richText": [{"text": "看 "}, {"type": "picture", "downloadCode": "d1"}, {"text": "这里"}]},
            Kind.TEXT,
            "看 这里",
            (Media(ref="d1"),),
            id="rich text with a picture",
        ),
        pytest.param(
            "richText",
            {"richText": [{"type": "picture", "downloadCode": "d1"}, {"pictureDownloadCode": "d2", "type": "picture"}]},
            Kind.IMAGE,
            "",
            (Media(ref="d1"), Media(ref="d2")),
            id="only pictures",
        ),
        pytest.param("picture", {"downloadCode": "d", "pictureDownloadCode": "p"}, Kind.IMAGE, "", (Media(ref="d"),)),
        pytest.param(
            "audio",
            {"duration": 4000, "downloadCode": "d", "recognition": "今天去了绿源"},
            Kind.VOICE,
            "今天去了绿源",
            (Media(ref="d", duration_ms=4000, recognition="今天去了绿源"),),
        ),
        pytest.param(
            "video",
            {"duration": "4000", "downloadCode": "d", "videoType": "mp4"},
            Kind.VIDEO,
            "",
            (Media(ref="d", mime="mp4", duration_ms=4000),),
            id="a duration as text",
        ),
        pytest.param(
            "file", {"downloadCode": "d", "fileName": "a.pdf"}, Kind.FILE, "", (Media(ref="d", file_name="a.pdf"),)
        ),
        pytest.param("unknownMsgType", {"unknownMsgType": "dingMessage"}, Kind.UNSUPPORTED, "", ()),
        pytest.param("hologram", None, Kind.UNSUPPORTED, "", (), id="a type nobody knows yet"),
        pytest.param("audio", {}, Kind.VOICE, "", (), id="an audio without anything"),
    ],
)
def test_kinds(msgtype: str, content: Any, kind: Kind, text: str, media: tuple[Media, ...]) -> None:
    message = robot(msgtype=msgtype, content=content)
    assert (message.kind, message.text, message.media) == (kind, text, media)


@pytest.mark.parametrize("key", ["errorCode", "errCode"])
@pytest.mark.parametrize("code", [20001, "20001"])
def test_a_spent_push_quota_is_an_event_not_an_empty_question(key: str, code: Any) -> None:
    data = said()
    del data["text"]
    message = normalize.robot_message({**data, key: code}, app_id="dingapp", received_at=NOW)
    assert (message.kind, message.event, message.text) == (Kind.EVENT, "push_quota_exhausted", "")


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"senderStaffId": ""}, id="empty"),
        pytest.param({"senderStaffId": None}, id="missing"),
        pytest.param({"senderCorpId": "dingother"}, id="somebody of another corp"),
    ],
)
def test_an_outsider_has_no_user_id_and_never_becomes_the_nickname(more: dict[str, Any]) -> None:
    assert robot(**more).sender.user_id == ""


@pytest.mark.parametrize(
    ("webhook", "kept"),
    [
        ("https://oapi.dingtalk.com/robot/sendBySession?session=s3cr3t", True),
        ("http://oapi.dingtalk.com/robot/sendBySession?session=s3cr3t", False),
        ("https://oapi.dingtalk.com.evil.example/robot?session=s3cr3t", False),
        ("https://oapi.dingtalk.com@evil.example/robot?session=s3cr3t", False),
        ("http://127.0.0.1:9100/dingtalk/robot/sendBySession?session=s3cr3t", True),
        ("http://127.0.0.1:9101/robot?session=s3cr3t", False),
        ("http://[::1", False),
    ],
)
def test_a_session_webhook_is_a_secret_and_only_kept_for_known_hosts(webhook: str, kept: bool) -> None:
    message = normalize.robot_message(
        said(sessionWebhook=webhook), app_id="a", received_at=NOW, oapi_base="http://127.0.0.1:9100/dingtalk"
    )
    assert message.fields.get("session_webhook") == (webhook if kept else None)
    assert "s3cr3t" not in repr(message)
    assert "s3cr3t" not in json.dumps(dict(message.raw))


def test_mentioned_people_and_quoted_messages_are_told() -> None:
    message = group(
        atUsers=[{"dingtalkId": "$:LWCP_v1:$bot"}, {"dingtalkId": "$:x", "staffId": "zhangsan"}],
        originalMsgId="msg0",
    )
    assert message.fields["mentioned"] == ["zhangsan"]
    assert message.fields["quoted"] == "msg0"


def test_a_message_without_id_cannot_be_taken() -> None:
    with pytest.raises(BadInput):
        robot(msg_id="")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(
    st.dictionaries(st.sampled_from(sorted(said())), json_values, max_size=8),
    st.sampled_from(["text", "richText", "picture", "audio", "video", "file"]),
    json_values,
)
def test_no_field_of_a_wrong_type_breaks_a_message(wrong: dict[str, Any], msgtype: str, content: Any) -> None:
    data = {**said(), **wrong, "msgId": "m1", "msgtype": msgtype, "content": content}
    assert normalize.robot_message(data, app_id="a", received_at=NOW).message_id == "m1"


# -- taps --
def test_a_tap_brings_card_action_params_and_typed_text() -> None:
    message = tap(tapped("card-1", "approval.reject", approval_id="HT-1", text=" 太便宜 "))
    assert message.tap is not None
    assert (message.tap.card_id, message.tap.action, message.tap.text) == ("card-1", "approval.reject", "太便宜")
    assert message.tap.params["approval_id"] == "HT-1"
    assert (message.kind, message.sender.user_id, message.conversation_id) == (Kind.TAP, "manager01", "manager01")


PRIVATE = {"actionIds": ["a"], "params": {"x": "1", "n": 2, "none": None}}


@pytest.mark.parametrize(
    "callback",
    [
        pytest.param({"content": json.dumps({"cardPrivateData": PRIVATE})}, id="content as JSON text"),
        pytest.param({"content": {"cardPrivateData": PRIVATE}}, id="content as an object"),
        pytest.param({"value": json.dumps({"cardPrivateData": PRIVATE})}, id="the older name"),
        pytest.param(
            {"value": json.dumps({"cardPrivateData": {"actionIds": ["a"]}, "params": PRIVATE["params"]})},
            id="params beside cardPrivateData",
        ),
        pytest.param({"content": json.dumps({"actionIds": ["a"], "params": PRIVATE["params"]})}, id="flat"),
    ],
)
def test_every_shape_of_a_tap_that_was_seen(callback: dict[str, Any]) -> None:
    message = tap({"outTrackId": "card-1", "userId": "u1", **callback})
    assert message.tap is not None
    assert (message.tap.action, message.tap.params) == ("a", {"x": "1", "n": "2", "none": ""})


@pytest.mark.parametrize(
    "form",
    [{"text": "太便宜"}, {"text": {"value": "太便宜"}}, json.dumps({"text": "太便宜"})],
    ids=["plain", "value", "json"],
)
def test_what_was_typed_into_a_form_component_is_found(form: Any) -> None:
    message = tap(tapped(form=form))
    assert message.tap is not None
    assert message.tap.text == "太便宜"


def test_a_tap_in_a_group_is_answered_there() -> None:
    for space in ("cidgroup==", "dtv1.card//IM_GROUP.cidgroup=="):
        message = tap({**tapped(), "spaceType": "IM_GROUP", "spaceId": space})
        assert (message.in_group, message.conversation_id) == (True, "cidgroup==")


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"userIdType": 2}, id="a unionId is no user id"),
        pytest.param({"corpId": "dingother"}, id="another corp"),
    ],
)
def test_a_tap_of_somebody_we_cannot_name_has_no_sender(more: dict[str, Any]) -> None:
    assert tap({**tapped(), **more}, corp_id="dingcorp").sender.user_id == ""


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"type": "dynamicDataCallback"}, id="not a tap"),
        pytest.param({"outTrackId": ""}, id="no card"),
        pytest.param({"content": "{}"}, id="no action"),
        pytest.param({"content": "{"}, id="broken content"),
    ],
)
def test_what_is_no_tap_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        tap({**tapped(), **more})


def test_a_second_delivery_of_a_tap_is_known_and_a_second_tap_is_not() -> None:
    assert tap(tapped(), "f1").message_id == tap(tapped(), "f1").message_id
    assert tap(tapped(), "f1").message_id != tap(tapped(), "f2").message_id


def test_impatience_is_told_from_intention_without_edges() -> None:
    now = [0.0]
    double_taps = DoubleTaps(lambda: now[0], within_seconds=3)
    ids = []
    for moment in (9.9, 10.1, 12.8, 13.0, 13.1):  # a bucket of ten seconds would split the first two
        now[0] = moment
        ids.append(double_taps.same_id(tap(tapped(), f"f{moment}")).message_id)
    assert ids[0] == ids[1] == ids[2]
    assert ids[3] == ids[4] != ids[0]
    assert double_taps.same_id(tap(tapped(user="other"), "f9")).message_id not in ids


# -- events --
def event(data: dict[str, Any], **headers: Any) -> InboundMessage:
    return normalize.event(data, headers, app_id="dingapp", received_at=NOW)


def test_an_event_has_its_name_its_fields_and_nobody_who_asked() -> None:
    message = event(
        {"timeStamp": "1685501863357", "userId": ["u1"]},
        topic="*",
        eventType="USER_LEAVE_ORG",
        eventId="e1",
        eventBornTime="1685501863000",
    )
    assert (message.message_id, message.kind, message.event) == ("e1", Kind.EVENT, "user_leave_org")
    assert (message.sender.user_id, message.fields["userId"]) == ("", ["u1"])
    assert message.sent_at == datetime.fromtimestamp(1685501863, UTC)


def test_the_flat_form_of_http_mode_is_read_too() -> None:
    message = event({"EventType": "bpms_instance_change", "EventTime": 1783610512000, "eventId": "evt-0001"})
    assert (message.event, message.message_id, message.sent_at.year) == ("bpms_instance_change", "evt-0001", 2026)


def test_an_event_without_id_is_known_by_its_contents() -> None:
    """Two different events of one second must both count."""
    first, second = event({"UserId": "a"}, eventType="x"), event({"UserId": "b"}, eventType="x")
    assert first.message_id == event({"UserId": "a"}, eventType="x").message_id != second.message_id


@pytest.mark.parametrize(
    ("name", "counts"),
    [("user_add_org", False), ("org_dept_create", False), ("bpms_task_change", True), ("robot_msg_read", True)],
)
def test_directory_events_are_exempt_from_the_push_quota(name: str, counts: bool) -> None:
    assert normalize.counts_as_push(event({}, eventType=name)) is counts
