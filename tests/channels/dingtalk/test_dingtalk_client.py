"""Sending, cards, files and contacts against a stand-in of both hosts (protocols/dingtalk.md 1, 5, 6, 8, 10)."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.channels.base import CardHandle, Channel, StoredFile
from bot.channels.dingtalk.client import DingTalkChannel
from bot.channels.dingtalk.contacts import Member
from bot.errors import ChannelMisconfigured, ChannelRejected, ChannelUnavailable, OutcomeUnknown, RateLimited
from bot.messages import (
    Account,
    Button,
    Card,
    CardUpdate,
    ChannelName,
    Content,
    Document,
    Markdown,
    Media,
    OutboundMessage,
    Picture,
    Text,
)
from bot.settings import DingTalkSettings
from tests.channels.dingtalk.platform import TEMPLATE, MemoryFiles, MemoryLimiter, MemoryQuota, MemoryTokens, Platform
from tests.channels.dingtalk.samples import Confirm, card

SETTINGS = DingTalkSettings(enabled=True, client_id="dingapp", client_secret="secret", card_template_id=TEMPLATE)
NOW = datetime(2026, 2, 12, 1, 0, 30, tzinfo=UTC)
OTO, GROUP, CREATE = "batchSend", "groupMessages/send", "createAndDeliver"


def stored(name: str, number: int, content: bytes = b"content", mime: str = "") -> StoredFile:
    return StoredFile(
        attachment_id=number, file_name=name, mime=mime, content=content, sha256=hashlib.sha256(content).hexdigest()
    )


class Company:
    """A channel and everything around it."""

    def __init__(self, settings: DingTalkSettings = SETTINGS) -> None:
        self.platform = Platform()
        self.tokens, self.limiter, self.quota = MemoryTokens(), MemoryLimiter(), MemoryQuota()
        self.files = MemoryFiles(
            stored("月报.xlsx", 1), stored("图.png", 2, b"\x89PNG..", "image/png"), stored("明细.csv", 3, b"a,b")
        )
        self.channel = DingTalkChannel(
            settings, self.platform.http, self.tokens, self.limiter, self.files, self.quota, real_now=lambda: NOW
        )


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    company = Company()
    yield company
    await company.platform.http.aclose()


def to(*users: str, content: Content = Text(text="你好"), **more: Any) -> OutboundMessage:  # noqa: B008 - frozen
    recipients = tuple(Account(ChannelName.DINGTALK, user) for user in users)
    return OutboundMessage(outbox_id=7, recipients=recipients, content=content, **more)


def test_it_is_a_channel(company: Company) -> None:
    channel: Channel = company.channel
    assert channel.name is ChannelName.DINGTALK


# -- robot messages --
async def test_a_text_goes_to_a_person(company: Company) -> None:
    receipt = await company.channel.send(to("u1"))
    [body] = company.platform.sent(OTO)
    assert body == {
        "robotCode": "dingapp",
        "userIds": ["u1"],
        "msgKey": "sampleText",
        "msgParam": '{"content":"你好"}',
    }
    assert receipt.platform_id.startswith("pqk")


async def test_markdown_goes_to_a_group(company: Company) -> None:
    await company.channel.send(to(content=Markdown(text="# 一\n二", title="标题"), conversation_id="cid=="))
    [body] = company.platform.sent(GROUP)
    assert (body["openConversationId"], body["msgKey"]) == ("cid==", "sampleMarkdown")
    assert json.loads(body["msgParam"]) == {"title": "标题", "text": "# 一  \n  二"}


async def test_many_people_are_few_calls_and_each_fate_is_told(company: Company) -> None:
    users = [f"p{number}" for number in range(45)]
    company.platform.unknown, company.platform.slow_people = {"p3", "p41"}, {"p22"}
    receipt = await company.channel.send(to(*users, "p0"))
    assert [len(body["userIds"]) for body in company.platform.sent(OTO)] == [20, 20, 5]
    assert (receipt.invalid, receipt.throttled) == (("p3", "p41"), ("p22",))


async def test_a_failure_half_way_sends_nobody_twice(company: Company) -> None:
    users = [f"p{number}" for number in range(30)]
    company.platform.let_pass(OTO)
    company.platform.fail_new(OTO, "send.too.fast")
    receipt = await company.channel.send(to(*users))
    assert receipt.throttled == tuple(users[20:])
    assert "10 人稍后重发" in receipt.note


async def test_one_wrong_receiver_does_not_cost_the_others_their_message(company: Company) -> None:
    company.platform.fail_new(OTO, "staffId.notExisted")  # for all three
    company.platform.unknown = {"gone"}
    receipt = await company.channel.send(to("u1", "gone", "u2"))
    assert [body["userIds"] for body in company.platform.sent(OTO)] == [["u1", "gone", "u2"], ["u1"], ["gone"], ["u2"]]
    assert receipt.invalid == ("gone",)


async def test_nobody_to_send_to_is_rejected(company: Company) -> None:
    with pytest.raises(ChannelRejected):
        await company.channel.send(to(""))


# -- files --
async def test_a_file_is_uploaded_once_and_sent_twice(company: Company) -> None:
    for _ in range(2):
        await company.channel.send(to("u1", content=Document(attachment_id=1, file_name="月报.xlsx")))
    [upload] = company.platform.uploads
    assert b'name="type"\r\n\r\nfile' in upload.content
    assert b'name="media"; filename="' in upload.content
    assert [json.loads(body["msgParam"]) for body in company.platform.sent(OTO)] == [
        {"mediaId": "@m1", "fileName": "月报.xlsx", "fileType": "xlsx"}
    ] * 2


async def test_a_type_that_robots_cannot_send_travels_in_a_zip(company: Company) -> None:
    await company.channel.send(to("u1", content=Document(attachment_id=3, file_name="明细.csv")))
    content = company.platform.uploads[0].content
    archive = zipfile.ZipFile(io.BytesIO(content[content.index(b"PK\x03\x04") :]))
    assert archive.read("明细.csv") == b"a,b"
    assert json.loads(company.platform.sent(OTO)[0]["msgParam"])["fileType"] == "zip"


async def test_a_picture_and_a_media_id_that_the_platform_forgot(company: Company) -> None:
    picture = to("u1", content=Picture(attachment_id=2))
    await company.channel.send(picture)
    company.platform.fail_new(OTO, "invalidParameter.msgParam.invalid")
    await company.channel.send(picture)
    assert [json.loads(body["msgParam"])["photoURL"] for body in company.platform.sent(OTO)] == ["@m1", "@m1", "@m2"]


async def test_a_downloaded_file_has_a_name_and_a_type(company: Company) -> None:
    company.platform.files["/f1"] = httpx.Response(200, content=b"\xff\xd8\xff...")
    got = await company.channel.download(Media(ref="code1"))
    assert (got.content, got.mime, got.file_name) == (b"\xff\xd8\xff...", "image/jpeg", "dingtalk.jpg")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        pytest.param("http://127.0.0.1/x", "download.private", id="loopback"),
        pytest.param("http://169.254.169.254/latest", "download.private", id="cloud metadata"),
        pytest.param("http://[::ffff:10.0.0.1]/x", "download.private", id="private in IPv6 clothes"),
        pytest.param("file:///etc/passwd", "download.address", id="no web address"),
    ],
)
async def test_a_redirect_into_a_private_network_is_refused(company: Company, address: str, why: str) -> None:
    company.platform.files["/f1"] = httpx.Response(302, headers={"location": address})
    with pytest.raises(ChannelRejected) as caught:
        await company.channel.download(Media(ref="code1"))
    assert caught.value.code == why


async def test_too_large_a_file_is_not_swallowed(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.dingtalk.media.MAX_BYTES", 10)
    company.platform.files["/f1"] = httpx.Response(200, content=b"x" * 11)
    with pytest.raises(ChannelRejected, match="20 MB"):
        await company.channel.download(Media(ref="code1"))


async def test_an_expired_download_code(company: Company) -> None:
    with pytest.raises(ChannelRejected):
        await company.channel.download(Media(ref="old"))


# -- cards --
async def test_a_card_is_created_and_delivered_in_one_call(company: Company) -> None:
    receipt = await company.channel.send(to("u1", content=card(), card_id="card-1"))
    [body] = company.platform.sent(CREATE)
    assert (body["outTrackId"], body["callbackType"], body["userIdType"]) == ("card-1", "STREAM", 1)
    assert body["openSpaceId"] == "dtv1.card//IM_ROBOT.u1"
    assert body["imRobotOpenDeliverModel"] == {"spaceType": "IM_ROBOT", "robotCode": "dingapp", "extension": {}}
    assert set(company.platform.cards["card-1"]) == {"title", "body", "status", "btns"}
    assert receipt.platform_id == "carrier-u1"


async def test_a_card_for_a_group_and_in_http_mode() -> None:
    company = Company(SETTINGS.model_copy(update={"mode": "http"}))
    await company.channel.send(to(content=card(), card_id="card-1", conversation_id="cid=="))
    [body] = company.platform.sent(CREATE)
    assert body["openSpaceId"] == "dtv1.card//IM_GROUP.cid=="
    assert (body["callbackType"], body["callbackRouteKey"]) == ("HTTP", "salesbot")
    assert "imRobotOpenSpaceModel" not in body


async def test_many_people_share_one_card(company: Company) -> None:
    users = [f"employee-{number:04}" for number in range(60)]
    await company.channel.send(to(*users, content=card(), card_id="card-1"))
    assert company.platform.hanging["card-1"] == users
    assert len(company.platform.sent(CREATE)) == 1
    assert len(company.platform.sent("instances/deliver")) >= 1


async def test_a_retry_of_a_card_that_exists_is_a_success(company: Company) -> None:
    message = to("u1", content=card(), card_id="card-1")
    await company.channel.send(message)
    receipt = await company.channel.send(to("u1", content=card(), card_id="card-1", attempt=2))
    assert receipt.note == "existing"
    assert company.platform.hanging["card-1"] == ["u1"]


async def test_the_same_card_for_one_more_person_is_delivered(company: Company) -> None:
    await company.channel.send(to("u1", content=card(), card_id="card-1"))
    await company.channel.send(to("u2", content=card(), card_id="card-1"))
    assert company.platform.hanging["card-1"] == ["u1", "u2"]


async def test_success_is_read_space_by_space(company: Company) -> None:
    company.platform.illegal_spaces = {"wrong"}
    receipt = await company.channel.send(to("u1", "wrong", content=card(), card_id="card-1"))
    assert (receipt.invalid, receipt.platform_id) == (("wrong",), "carrier-u1")


async def test_a_group_card_that_hangs_nowhere_is_an_error(company: Company) -> None:
    company.platform.illegal_spaces = {"cid=="}
    with pytest.raises(ChannelRejected, match="spaceId is illegal"):
        await company.channel.send(to(content=card(), card_id="card-1", conversation_id="cid=="))


async def test_success_true_beside_an_error_code_is_no_success(company: Company) -> None:
    company.platform.fail(CREATE, 200, json={"success": True, "code": "param.contentUnsafe", "message": "x"})
    with pytest.raises(ChannelRejected):
        await company.channel.send(to("u1", content=card(), card_id="card-1"))


async def test_an_update_replaces_every_variable_and_settles_the_card(company: Company) -> None:
    await company.channel.send(to("u1", content=card(), card_id="card-1"))
    settled = Card(title="合同审批", status="王经理已同意 02-12 09:00")
    await company.channel.update_card(to("u1", content=settled), CardHandle(card_id="card-1"), settled)
    shown = company.platform.cards["card-1"]
    assert (shown["btns"], shown["status"]) == ("[]", "王经理已同意 02-12 09:00")


async def test_an_update_of_an_unknown_card_sends_it_anew(company: Company) -> None:
    receipt = await company.channel.send(to("u1", content=CardUpdate(card_id="card-9", card=card())))
    assert receipt.note == "replaced"
    assert company.platform.hanging["card-9"] == ["u1"]


async def test_without_a_template_a_card_is_words_and_commands() -> None:
    company = Company(SETTINGS.model_copy(update={"card_template_id": ""}))
    await company.channel.send(to("u1", content=card(), card_id="card-1"))
    receipt = await company.channel.update_card(to("u1"), CardHandle(card_id="card-1", as_text=True), card())
    assert [body["msgKey"] for body in company.platform.sent(OTO)] == ["sampleMarkdown"] * 2
    assert company.platform.sent(CREATE) == []
    assert "回复「确认 BF1」" in json.loads(company.platform.sent(OTO)[0]["msgParam"])["text"]
    assert receipt.note == "replaced"


async def test_card_ids_over_a_hundred_characters_are_our_mistake(company: Company) -> None:
    with pytest.raises(ChannelRejected):
        await company.channel.send(to("u1", content=card(), card_id="x" * 101))


# -- tokens --
async def test_the_token_is_fetched_once_for_everybody(company: Company) -> None:
    for _ in range(3):
        await company.channel.send(to("u1"))
    assert company.platform.token_calls == 1
    assert company.tokens.lives == {"dingtalk:dingapp": 7200.0}


@pytest.mark.parametrize(
    ("where", "status", "answer"),
    [
        pytest.param(OTO, 400, {"code": "InvalidAuthentication", "message": "不合法的access_token"}, id="new host"),
        pytest.param(OTO, 401, {}, id="a bare 401"),
        pytest.param("getbymobile", 200, {"errcode": 40014, "errmsg": "不合法"}, id="old host"),
        pytest.param("getbymobile", 200, {"errcode": 42001}, id="old host, expired"),
        pytest.param("getbymobile", 200, {"errcode": 88, "sub_code": "40014"}, id="old host, wrapped"),
    ],
)
async def test_a_refused_token_is_dropped_and_the_call_repeated_once(
    company: Company, where: str, status: int, answer: dict[str, Any]
) -> None:
    company.platform.fail(where, status, json=answer)
    if where == OTO:
        await company.channel.send(to("u1"))
    else:
        assert await company.channel.contacts.user_id_by_mobile("13800000001") == "u1"
    assert company.platform.token_calls == 2
    assert len(company.platform.sent(where)) == 2


async def test_a_token_refused_twice_is_a_matter_for_the_operator(company: Company) -> None:
    company.platform.fail(OTO, 400, times=5, json={"code": "InvalidAuthentication"})
    with pytest.raises(ChannelMisconfigured):
        await company.channel.send(to("u1"))
    assert len(company.platform.sent(OTO)) == 2


async def test_a_token_that_was_just_renewed_is_not_hammered(company: Company) -> None:
    company.tokens.may_drop = False
    company.platform.fail(OTO, 400, times=5, json={"code": "InvalidAuthentication"})
    with pytest.raises(RateLimited) as caught:
        await company.channel.send(to("u1"))
    assert caught.value.retry_after_seconds == 30
    assert len(company.platform.sent(OTO)) == 1


async def test_wrong_credentials_are_named() -> None:
    company = Company(SETTINGS.model_copy(update={"client_secret": SecretStr("wrong")}))
    with pytest.raises(ChannelMisconfigured, match="Client Secret") as caught:
        await company.channel.send(to("u1"))
    assert "wrong" not in str(caught.value)


# -- limits and lost calls --
def test_limits_are_per_app_and_api(company: Company) -> None:
    messages = [
        to("u1"),
        to(conversation_id="c"),
        to("u1", content=card()),
        to(content=CardUpdate(card_id="c", card=card())),
    ]
    limits = [company.channel.limits(message) for message in messages]
    assert [limit.key for (limit,) in limits] == [
        "dingtalk:dingapp:oto",
        "dingtalk:dingapp:group",
        "dingtalk:dingapp:card",
        "dingtalk:dingapp:card_update",
    ]
    assert {(limit.count, limit.seconds) for (limit,) in limits} == {(20, 1.0)}


async def test_a_spent_month_stops_everything_that_is_billed(company: Company) -> None:
    company.platform.fail_new(OTO, "Forbidden.AccessDenied.ApiCountLimitForOrg", 403)
    with pytest.raises(RateLimited) as caught:
        await company.channel.send(to("u1"))
    until = datetime(2026, 2, 28, 16, tzinfo=UTC)  # the 1st of March in Shanghai
    assert caught.value.retry_after_seconds == (until - NOW).total_seconds()
    assert company.limiter.pauses["dingtalk:dingapp:card"] == caught.value.retry_after_seconds
    assert "dingtalk:dingapp:contacts" not in company.limiter.pauses


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"text": "<html>blocked</html>"}, id="a page"),
        pytest.param({"json": {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "u"}}, id="1111"),
    ],
)
async def test_a_blocked_address_pauses_all_calls_for_five_minutes(company: Company, answer: dict[str, Any]) -> None:
    company.platform.fail(OTO, 200, **answer)
    with pytest.raises(RateLimited) as caught:
        await company.channel.send(to("u1"))
    assert caught.value.retry_after_seconds == 300
    assert company.limiter.pauses["dingtalk:dingapp:contacts"] == 300


@pytest.mark.parametrize(
    ("error", "text", "as_card"),
    [
        pytest.param(httpx.ReadTimeout("x"), OutcomeUnknown, ChannelUnavailable, id="left us and got lost"),
        pytest.param(httpx.RemoteProtocolError("x"), OutcomeUnknown, ChannelUnavailable, id="cut off"),
        pytest.param(httpx.ConnectError("x"), ChannelUnavailable, ChannelUnavailable, id="never left"),
    ],
)
async def test_a_lost_call_is_unknown_only_where_repeating_would_double(
    company: Company, error: Exception, text: type[Exception], as_card: type[Exception]
) -> None:
    company.platform.break_off(OTO, error)
    company.platform.break_off(CREATE, error)
    with pytest.raises(text) as caught:
        await company.channel.send(to("u1"))
    assert type(caught.value) is text
    with pytest.raises(as_card):
        await company.channel.send(to("u1", content=card(), card_id="c1"))


async def test_calls_are_counted_per_month_except_the_exempt_ones(company: Company) -> None:
    await company.channel.send(to("u1"))
    await company.channel.send(to("u1", content=card(), card_id="card-1"))
    await company.channel.contacts.user_id_by_mobile("13800000001")
    state = await company.channel.quota_state()
    assert (state.api_used, state.api_limit, state.push_used, state.percent) == (2, 5000, 0, 0)


# -- contacts and doctor --
async def test_people_are_found_by_mobile_and_union_id_and_read(company: Company) -> None:
    contacts = company.channel.contacts
    assert await contacts.user_id_by_mobile("13800000002") == "u2"
    assert await contacts.user_id_by_mobile("13900000000") is None
    assert await contacts.user_id_by_union_id("un-u1") == "u1"
    assert await contacts.member("u1") == Member(user_id="u1", name="王", mobile="13800000001", union_id="un-u1")
    assert await contacts.member("nobody") is None


async def test_doctor_is_content(company: Company) -> None:
    findings = await company.channel.check()
    assert [(what, good) for what, good, _ in findings] == [
        ("钉钉令牌", True),
        ("钉钉 Stream", True),
        ("钉钉机器人", True),
        ("钉钉卡片", True),
        ("钉钉通讯录", True),
        ("钉钉额度", True),
    ]


async def test_doctor_names_what_is_missing(company: Company) -> None:
    denied = {"code": "Forbidden.AccessDenied.AccessTokenPermissionDenied", "message": "no"}
    company.platform.fail(
        "download", 403, json={**denied, "accessdenieddetail": {"requiredScopes": ["qyapi_robot_sendmsg"]}}
    )
    company.platform.fail(
        "card/instances", 403, json={**denied, "AccessDeniedDetail": {"requiredScopes": ["Card.Instance.Write"]}}
    )
    company.platform.fail(
        "getbymobile", 200, json={"errcode": 88, "sub_code": "60011", "sub_msg": "没有调用该接口的权限"}
    )
    company.platform.fail_new("connections/open", "param.error")
    bad = {what: words for what, good, words in await company.channel.check() if not good}
    assert set(bad) == {"钉钉 Stream", "钉钉机器人", "钉钉卡片", "钉钉通讯录"}
    assert "qyapi_robot_sendmsg" in bad["钉钉机器人"]
    assert "Card.Instance.Write" in bad["钉钉卡片"]


async def test_doctor_with_wrong_credentials_asks_no_further() -> None:
    company = Company(SETTINGS.model_copy(update={"client_secret": SecretStr("wr0ng")}))
    [(what, good, words)] = await company.channel.check()
    assert (what, good) == ("钉钉令牌", False)
    assert "wr0ng" not in words


async def test_buttons_reach_the_card_as_the_interface_says(company: Company) -> None:
    button = Button(text="确认", action=Confirm(visit_no="BF1"))
    await company.channel.send(to("u1", content=Card(title="t", buttons=(button,)), card_id="card-1"))
    assert json.loads(company.platform.cards["card-1"]["btns"])[0]["event"]["params"] == {
        "actionId": "visit.confirm",
        "params": {"visit_no": "BF1"},
    }
