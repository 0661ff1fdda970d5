"""Files both ways, checked byte by byte on the wire."""

from __future__ import annotations

import httpx
import pytest

from bot.channels.base import StoredFile
from bot.channels.wecom.media import file_name_of, multipart
from bot.errors import ChannelRejected, ChannelUnavailable
from bot.messages import Document, Media, Picture
from tests.channels.wecom.wecom_stand_in import Bench, message

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
UPLOAD, SEND, GET = "media/upload", "message/send", "media/get"


def keep(bench: Bench, content: bytes, name: str = "对账单.xlsx", number: int = 1) -> None:
    bench.memory.stored[number] = StoredFile(
        attachment_id=number, file_name=name, mime="application/x", content=content, sha256=str(hash(content))
    )


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    keep(bench, b"hello there")
    return bench


async def test_the_name_travels_as_raw_utf8_with_its_length(bench: Bench) -> None:
    await bench.channel.send(message(Document(attachment_id=1, file_name="对账单 2月.xlsx")))
    (request,) = [request for path, request in bench.server.calls if path == UPLOAD]
    boundary = request.headers["content-type"].removeprefix("multipart/form-data; boundary=")
    assert request.url.params["type"] == "file"
    assert (
        request.content
        == (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="media"; filename="对账单 2月.xlsx"; filelength=11\r\n'
            "Content-Type: application/x\r\n\r\n"
            f"hello there\r\n--{boundary}--\r\n"
        ).encode()
    )
    assert bench.server.delivered[0]["file"] == {"media_id": "M1"}


@pytest.mark.parametrize(
    ("name", "sent"),
    [('a"b\r\nX: y.txt', "a_b__X: y.txt"), ("", "file"), ("../../etc/passwd", ".._.._etc_passwd")],
)
def test_a_name_cannot_break_out_of_its_header(name: str, sent: str) -> None:
    assert f'filename="{sent}";' in multipart(name, "", b"123456")[0].decode()


async def test_the_same_file_is_uploaded_once_but_a_new_name_is_a_new_upload(bench: Bench) -> None:
    for number, name in enumerate(["a.xlsx", "a.xlsx", "b.xlsx"]):
        await bench.channel.send(message(Document(attachment_id=1, file_name=name), outbox_id=number))
    assert (bench.server.count(UPLOAD), bench.server.count(SEND)) == (2, 3)


async def test_a_media_id_that_expired_is_replaced_once(bench: Bench) -> None:
    document = Document(attachment_id=1, file_name="a.xlsx")
    await bench.channel.send(message(document))
    bench.server.script[SEND] = [{"errcode": 40007, "errmsg": "x"}]
    await bench.channel.send(message(document, outbox_id=8))
    assert (bench.server.count(UPLOAD), bench.server.delivered[-1]["file"]["media_id"]) == (2, "M2")
    bench.server.script[SEND] = [{"errcode": 40007, "errmsg": "x"}] * 9
    with pytest.raises(ChannelRejected):
        await bench.channel.send(message(document, outbox_id=9))
    assert bench.server.count(UPLOAD) == 3


async def test_pictures_the_platform_would_not_show_go_out_as_files(bench: Bench) -> None:
    keep(bench, PNG, number=2)
    keep(bench, b"GIF89a" + b"0" * 50, number=3)
    keep(bench, PNG + b"0" * (5 * 1024 * 1024), number=4)
    for number in (2, 3, 4):
        await bench.channel.send(message(Picture(attachment_id=number), outbox_id=number))
    assert [body["msgtype"] for body in bench.server.delivered] == ["image", "file", "file"]


@pytest.mark.parametrize(
    ("size", "code"),
    [pytest.param(5, "too_small", id="5 bytes"), pytest.param(20 * 1024 * 1024 + 1, "too_big", id="20 MB")],
)
async def test_sizes_the_platform_refuses(bench: Bench, size: int, code: str) -> None:
    keep(bench, b"x" * size)
    with pytest.raises(ChannelRejected) as failure:
        await bench.channel.send(message(Document(attachment_id=1, file_name="a")))
    assert (failure.value.code, bench.server.calls) == (code, [])


async def test_an_upload_that_times_out_may_simply_be_repeated(bench: Bench) -> None:
    bench.server.script[UPLOAD] = [httpx.ReadTimeout("x")]
    with pytest.raises(ChannelUnavailable):
        await bench.channel.send(message(Document(attachment_id=1, file_name="a")))


# -- downloads --------------------------------------------------------------------------------------------------------
def file_answer(
    content: bytes, disposition: bytes = b'attachment; filename="x"', mime: bytes = b"image/jpeg"
) -> httpx.Response:
    return httpx.Response(
        200, content=content, headers=[(b"content-type", mime), (b"content-disposition", disposition)]
    )


async def test_a_photo_is_fetched_with_its_name(bench: Bench) -> None:
    bench.server.script[GET] = [file_answer(b"\xff\xd8jpeg", 'attachment; filename="现场.jpg"'.encode())]
    photo = await bench.channel.download(Media(ref="M9"))
    assert (photo.content, photo.file_name, photo.mime) == (b"\xff\xd8jpeg", "现场.jpg", "image/jpeg")
    assert bench.server.calls[-1][1].url.params["media_id"] == "M9"


async def test_an_error_comes_as_json_with_status_200(bench: Bench) -> None:
    bench.server.script[GET] = [httpx.Response(200, json={"errcode": 40007, "errmsg": "invalid"})]
    with pytest.raises(ChannelRejected) as failure:
        await bench.channel.download(Media(ref="M9"))
    assert failure.value.code == "40007"


async def test_a_json_file_is_a_file(bench: Bench) -> None:
    bench.server.script[GET] = [file_answer(b'{"rows": [1]}', mime=b"application/json")]
    assert (await bench.channel.download(Media(ref="M9"))).content == b'{"rows": [1]}'


async def test_a_refused_token_is_renewed_once_for_downloads_too(bench: Bench) -> None:
    bench.server.script[GET] = [{"errcode": 42001, "errmsg": "x"}, file_answer(b"content")]
    assert (await bench.channel.download(Media(ref="M9"))).content == b"content"
    bench.server.script[GET] = [{"errcode": 42001, "errmsg": "x"}] * 9  # however often it is said
    with pytest.raises(ChannelUnavailable):
        await bench.channel.download(Media(ref="M9"))
    assert bench.server.count(GET) == 4


async def test_a_download_ends_at_20_mb(bench: Bench) -> None:
    bench.server.script[GET] = [file_answer(b"x" * (20 * 1024 * 1024 + 1))]
    with pytest.raises(ChannelRejected, match="20 MB"):
        await bench.channel.download(Media(ref="M9"))


@pytest.mark.parametrize("answer", [httpx.Response(503), httpx.ReadTimeout("x")])
async def test_a_download_that_fails_can_be_repeated(bench: Bench, answer: object) -> None:
    bench.server.script[GET] = [answer]
    with pytest.raises(ChannelUnavailable):
        await bench.channel.download(Media(ref="M9"))


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="现场.jpg"', "现场.jpg"),
        ("attachment; filename=a.amr", "a.amr"),
        ("attachment; filename*=utf-8''%E7%8E%B0%E5%9C%BA.jpg", "现场.jpg"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\temp\\a.doc"', "a.doc"),
        ("", ""),
    ],
)
def test_file_names(header: str, name: str) -> None:
    assert file_name_of(header) == name
