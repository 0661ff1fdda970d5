"""The short way for JSON calls, against a server that does what servers do; httpx's own transport is the yardstick."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.channels import http as short
from bot.channels.http import JsonCalls, platform_client

pytest.importorskip("httptools")

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"errcode":0}'
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Answers the n-th call with the n-th of `answers` (the last one for ever): bytes, or something to do."""

    def __init__(self) -> None:
        self.answers: list[bytes | Answer] = [OK]
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
                self.bodies.append(await reader.readexactly(length))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if isinstance(answer, bytes):
                    writer.write(answer)
                else:
                    await answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def _certificate_for(name: str, folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate that nobody has signed but itself, kept as `both.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    both = folder / "both.pem"
    both.write_bytes(key.private_bytes(*form) + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/cgi-bin/message/send?access_token=t"
    async with listening:
        yield made


@asynccontextmanager
async def client(connections: int = 64) -> AsyncIterator[httpx.AsyncClient]:
    tls = ssl.create_default_context()
    async with httpx.AsyncClient(
        transport=JsonCalls(tls, httpx.AsyncHTTPTransport(verify=tls), connections=connections),
        timeout=httpx.Timeout(0.5, connect=0.5),
    ) as made:
        yield made


async def hangs_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def says_nothing(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def answers_and_hangs_up(writer: asyncio.StreamWriter) -> None:
    writer.write(OK)
    writer.close()


async def dribbles(writer: asyncio.StreamWriter) -> None:
    for position in range(len(OK)):
        writer.write(OK[position : position + 1])
        await writer.drain()


async def test_a_call_is_what_httpx_would_have_sent_and_the_next_goes_over_the_same_connection(server: Server) -> None:
    async with client() as ours, httpx.AsyncClient(timeout=2) as theirs:
        for http in (ours, ours, theirs):
            answer = await http.post(server.url, json={"content": "好"})
            assert (answer.status_code, answer.json()) == (200, {"errcode": 0})
    assert server.bodies == [server.bodies[2]] * 3
    lines = [{line.lower() for line in head.split(b"\r\n")} for head in server.heads]
    assert lines[0] == lines[1] == lines[2]
    assert server.connections == 2


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        pytest.param(dribbles, 200, '{"errcode":0}', id="one byte at a time"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 200, "{}", id="in chunks"
        ),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, '{"errcode":0}', id="continue first"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", 204, "", id="no body"),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            302,
            "",
            id="a redirect is shown, not followed",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
            % (len(gzip.compress(b"{}")), gzip.compress(b"{}")),
            200,
            "{}",
            id="compressed",
        ),
        pytest.param(answers_and_hangs_up, 200, '{"errcode":0}', id="closed behind the answer"),
    ],
)
async def test_whatever_way_it_comes_the_answer_is_read_and_the_next_call_works(
    server: Server, answer: bytes | Answer, status: int, text: str
) -> None:
    server.answers = [answer, OK]
    async with client() as http:
        got = await http.post(server.url, json={})
        assert (got.status_code, got.text) == (status, text)
        assert (await http.post(server.url, json={})).json() == {"errcode": 0}


async def test_an_answer_without_a_length_ends_with_its_connection(server: Server) -> None:
    async def until_closed(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server.answers = [until_closed]
    async with client() as http:
        assert (await http.post(server.url, json={})).text == "{}"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(hangs_up, httpx.RemoteProtocolError, id="closed without an answer"),
        pytest.param(says_nothing, httpx.ReadTimeout, id="silent"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", httpx.ReadTimeout, id="half an answer"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", httpx.RemoteProtocolError, id="not HTTP"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (2**23, b" " * 2**23),
            httpx.RemoteProtocolError,
            id="too long",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
            httpx.RemoteProtocolError,
            id="not what it says it is",
        ),
    ],
)
async def test_what_goes_wrong_is_told_in_httpx_words_sent_once_and_forgotten_by_the_next_call(
    server: Server, answer: bytes | Answer, error: type[httpx.TransportError]
) -> None:
    server.answers = [answer, OK]
    async with client() as http:
        with pytest.raises(error):
            await http.post(server.url, json={})
        assert len(server.bodies) == 1
        assert (await http.post(server.url, json={})).json() == {"errcode": 0}
    assert server.connections == 2


async def test_nobody_there_means_that_nothing_was_sent(server: Server) -> None:
    async with client() as http:
        with pytest.raises(httpx.ConnectError):
            await http.post("http://127.0.0.1:1/", json={})
        with pytest.raises(httpx.ConnectTimeout):  # no TLS over there, only patience
            await http.post(server.url.replace("http:", "https:"), json={})
    assert server.bodies == []


async def test_over_tls_only_to_whom_the_certificate_names(tmp_path: Path) -> None:
    server = Server()
    listening = await asyncio.start_server(server.serve, "localhost", 0, ssl=_certificate_for("localhost", tmp_path))
    url = f"https://localhost:{listening.sockets[0].getsockname()[1]}/"
    trusting = ssl.create_default_context(cafile=tmp_path / "both.pem")
    async with (
        listening,
        httpx.AsyncClient(transport=JsonCalls(trusting, httpx.AsyncHTTPTransport(verify=trusting))) as known,
        client() as stranger,
    ):
        for _ in range(2):
            assert (await known.post(url, json={})).json() == {"errcode": 0}
        with pytest.raises(httpx.ConnectError):
            await known.post(url.replace("localhost", "127.0.0.1"), json={})
        with pytest.raises(httpx.ConnectError):
            await stranger.post(url, json={})
    assert len(server.bodies) == 2


async def test_no_more_connections_than_allowed_and_waiting_for_one_ends(server: Server) -> None:
    server.answers = [says_nothing]
    async with client(connections=2) as http:
        waits = httpx.Timeout(1.0, pool=0.1)
        calls = [http.post(server.url, json={}, timeout=waits) for _ in range(3)]
        errors = await asyncio.gather(*calls, return_exceptions=True)
    assert sorted(type(error).__name__ for error in errors) == ["PoolTimeout", "ReadTimeout", "ReadTimeout"]
    assert server.connections == 2


async def test_a_connection_that_lies_idle_is_closed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short, "IDLE_SECONDS", 0.05)
    async with client() as http:
        await http.post(server.url, json={})
        await asyncio.sleep(0.2)
        await http.post(server.url, json={})
    assert server.connections == 2


async def test_a_call_that_is_given_up_does_not_leave_its_answer_to_the_next(server: Server) -> None:
    async def slowly(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(OK.replace(b'"errcode":0', b'"errcode":9'))

    server.answers = [slowly, OK]
    async with client() as http:
        call = asyncio.create_task(http.post(server.url, json={}))
        await asyncio.sleep(0.05)
        call.cancel()
        await asyncio.sleep(0.1)
        assert (await http.post(server.url, json={})).json() == {"errcode": 0}


async def test_downloads_and_uploads_go_the_usual_way(server: Server) -> None:
    async with client() as http:
        async with http.stream("GET", server.url) as answer:
            assert b"".join([piece async for piece in answer.aiter_bytes()]) == b'{"errcode":0}'
        await http.post(server.url, files={"media": b"picture"})
    assert [head.split(b" ")[0] for head in server.heads] == [b"GET", b"POST"]


async def test_a_proxy_of_the_system_is_obeyed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    async with platform_client() as http:
        await http.post("http://qyapi.example/cgi-bin/message/send", json={})
    assert server.heads[0].startswith(b"POST http://qyapi.example/cgi-bin/message/send HTTP/1.1")
