"""The HTTP client of both platforms: httpx for everyone who calls, with a short way below it for JSON calls.

httpcore costs four times what the rest of a call costs (docs/decisions/price-of-a-message.md), and every message makes
one: POST with a JSON body, a small answer, over a connection that stays open. Those go by `JsonCalls`; downloads,
uploads, other methods, proxies and systems without httptools go httpcore's way. Either raises httpx's own errors.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections import deque
from typing import Any
from urllib.request import getproxies

import httpx

try:
    import httptools
except ImportError:  # no wheel for this system
    httptools = None  # type: ignore[assignment]

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=32)
IDLE_SECONDS = 5.0  # a connection unused for so long is closed, as httpx does: servers close theirs without a word
MAX_ANSWER = 4 * 2**20  # bytes; the platforms answer JSON calls with a few hundred

Origin = tuple[str, str, int]


def platform_client() -> httpx.AsyncClient:
    """One per process; close it at the end. Redirects are never followed unless a call asks for it."""
    transport: httpx.AsyncBaseTransport | None = None
    if httptools is not None and not {"http", "https", "all"} & getproxies().keys():
        tls = httpx.create_ssl_context()
        transport = JsonCalls(tls, httpx.AsyncHTTPTransport(verify=tls, limits=LIMITS))
    headers = {"user-agent": "salesbot/0.1"}
    return httpx.AsyncClient(transport=transport, timeout=TIMEOUT, limits=LIMITS, headers=headers)


class JsonCalls(httpx.AsyncBaseTransport):
    """POSTs with a JSON body over kept HTTP/1.1 connections; everything else is `others`' business.

    Nothing is sent twice: whether a call whose connection broke may be repeated is for the caller to know.
    """

    def __init__(self, tls: ssl.SSLContext, others: httpx.AsyncBaseTransport, *, connections: int = 64) -> None:
        self._tls = tls
        self._tls.set_alpn_protocols(["http/1.1"])
        self._others = others
        self._room = asyncio.Semaphore(connections)
        self._idle: dict[Origin, deque[_Connection]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The whole answer has to be there within the read time-out.

        Raises:
            httpx.TransportError: as httpcore would. Of its kinds ConnectError, ConnectTimeout and PoolTimeout mean
                that nothing was sent.
        """
        if request.method != "POST" or not request.headers.get("content-type", "").startswith("application/json"):
            return await self._others.handle_async_request(request)
        patience = request.extensions.get("timeout", {})
        if self._room.locked():
            await _within(patience.get("pool"), self._room.acquire(), httpx.PoolTimeout("no connection is free"))
        else:
            await self._room.acquire()
        try:
            connection = await self._connect(request.url, patience.get("connect"))
            return await connection.call(request, patience.get("read"))
        finally:
            self._room.release()

    async def aclose(self) -> None:
        for connection in [each for idle in self._idle.values() for each in idle]:
            connection.close()
        await self._others.aclose()

    async def _connect(self, url: httpx.URL, seconds: float | None) -> _Connection:
        host, port = url.raw_host.decode(), url.port or (443 if url.scheme == "https" else 80)
        idle = self._idle.setdefault((url.scheme, host, port), deque())
        while idle:
            connection = idle.pop()  # the one used last, so that the others can grow old
            if connection.usable():
                return connection
            connection.close()
        tls = self._tls if url.scheme == "https" else None
        loop = asyncio.get_running_loop()
        opening = loop.create_connection(lambda: _Connection(idle), host, port, ssl=tls)
        try:
            opened: _Connection = (await _within(seconds, opening, httpx.ConnectTimeout("too long")))[1]
        except OSError as error:  # also what TLS found wrong
            raise httpx.ConnectError(str(error)) from error
        return opened


class _Connection(asyncio.Protocol):
    """One connection, one call at a time; between calls it lies in `idle` for as long as it can be used."""

    def __init__(self, idle: deque[_Connection]) -> None:
        self._idle = idle
        self._transport: Any = None
        self._closed = False
        self._kept = False  # the server will leave it open after this answer
        self._old: asyncio.TimerHandle | None = None  # closes it when nobody has used it for a while
        self._answer: asyncio.Future[httpx.Response] | None = None
        self._parser: Any = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._size = 0

    async def call(self, request: httpx.Request, seconds: float | None) -> httpx.Response:
        if self._old is not None:
            self._old.cancel()
            self._old = None
        body = await request.aread()
        self._answer = asyncio.get_running_loop().create_future()
        self._expect()
        head = [b"POST ", request.url.raw_path, b" HTTP/1.1\r\n"]
        for name, value in request.headers.raw:
            head += (name, b": ", value, b"\r\n")
        self._transport.write(b"".join((*head, b"\r\n", body)))
        try:
            answer: httpx.Response = await _within(seconds, self._answer, httpx.ReadTimeout("no answer in time"))
        except BaseException:
            self.close()  # an answer that still comes must not be taken for the next call's
            raise
        self._rest()
        return answer

    def usable(self) -> bool:
        """Whether the server has left it open; anything readable now is its farewell."""
        if self._closed or self._transport.is_closing():
            return False
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        self._leave()
        self._transport.abort()

    # -- asyncio.Protocol ---------------------------------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        if self._answer is None or self._answer.done() or self._size > MAX_ANSWER:
            self._fail(httpx.RemoteProtocolError("more than an answer to the call"))
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(httpx.RemoteProtocolError(f"not HTTP/1.1: {type(error).__name__}"))

    def connection_lost(self, error: Exception | None) -> None:
        self._leave()
        if error is None and self._ends_with_connection():
            self.on_message_complete()
        self._fail(httpx.ReadError(str(error)) if error else httpx.RemoteProtocolError("closed without an answer"))

    # -- httptools ----------------------------------------------------------------------------------------------------
    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_body(self, piece: bytes) -> None:
        self._body.append(piece)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if 100 <= status < 200:  # "continue", "early hints": the answer itself follows
            self._headers, self._body = [], []
            return
        if self._answer is None or self._answer.done():
            self.close()  # two answers to one call: what comes next cannot be told apart
            return
        self._kept = self._parser.should_keep_alive() and not self._closed
        try:
            self._answer.set_result(httpx.Response(status, headers=self._headers, content=b"".join(self._body)))
        except httpx.DecodingError as error:
            self._answer.set_exception(httpx.RemoteProtocolError(str(error)))

    # -- inside -------------------------------------------------------------------------------------------------------
    def _expect(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers, self._body, self._size = [], [], 0

    def _ends_with_connection(self) -> bool:
        names = {name.lower() for name, _ in self._headers}
        return bool(self._body) and not names & {b"content-length", b"transfer-encoding"}

    def _rest(self) -> None:
        if self._closed or not self._kept or len(self._idle) >= (LIMITS.max_keepalive_connections or 0):
            self.close()
        else:
            self._idle.append(self)
            self._old = asyncio.get_running_loop().call_later(IDLE_SECONDS, self.close)

    def _leave(self) -> None:
        self._closed = True
        if self._old is not None:
            self._old.cancel()
        if self in self._idle:
            self._idle.remove(self)

    def _fail(self, error: httpx.TransportError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        if not self._closed:
            self.close()


async def _within(seconds: float | None, what: Any, late: httpx.TimeoutException) -> Any:
    try:
        async with asyncio.timeout(seconds):
            return await what
    except TimeoutError as error:
        raise late from error
