"""Robot messages and files, against a stand-in of both hosts (protocols/dingtalk.md 4.1, 5)."""

from __future__ import annotations

import io
import json
import zipfile

import httpx
import pytest

from bot.channels.base import Channel
from bot.errors import ChannelRejected
from bot.messages import (
    ChannelName,
    Document,
    Markdown,
    Media,
    Picture,
    Text,
)
from tests.channels.dingtalk.company import GROUP, OTO, Company, to
from tests.channels.dingtalk.samples import card


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


async def test_further_calls_of_one_send_are_paced_too(company: Company) -> None:
    users = [f"p{number}" for number in range(30)]
    company.limiter.wait = 0.4
    receipt = await company.channel.send(to(*users))
    assert receipt.throttled == tuple(users[20:])
    assert len(company.platform.sent(OTO)) == 1


async def test_one_wrong_receiver_does_not_cost_the_others_their_message(company: Company) -> None:
    company.platform.fail_new(OTO, "staffId.notExisted")  # for all three
    company.platform.unknown = {"gone"}
    receipt = await company.channel.send(to("u1", "gone", "u2"))
    assert [body["userIds"] for body in company.platform.sent(OTO)] == [["u1", "gone", "u2"], ["u1"], ["gone"], ["u2"]]
    assert receipt.invalid == ("gone",)


async def test_nobody_to_send_to_is_rejected(company: Company) -> None:
    for content in (Text(text="x"), card()):
        with pytest.raises(ChannelRejected):
            await company.channel.send(to("", content=content))
    assert company.platform.calls == []


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
