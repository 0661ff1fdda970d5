"""Open call and handshake of Stream mode: a fresh ticket for every connection (protocols/dingtalk.md 2.1, 2.2)."""

from __future__ import annotations

import ipaddress
import logging
from urllib.parse import quote, urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect

from bot.channels.dingtalk.answers import error_for, read_answer, unreachable
from bot.channels.dingtalk.frames import SUBSCRIPTIONS
from bot.errors import ChannelMisconfigured, ChannelUnavailable
from bot.settings import DingTalkSettings

USER_AGENT = "salesbot-sdk-python/0.1.0"  # name-sdk-lang/version; others may be refused (2.1)
MAX_FRAME_BYTES = 4 * 1024 * 1024
CLOSE_WITHIN_SECONDS = 2.0

# At DEBUG the library prints the request line, and the request line holds the ticket.
_quiet = logging.getLogger("bot.channels.dingtalk.websocket")
_quiet.setLevel(logging.WARNING)


async def open_connection(settings: DingTalkSettings, http: httpx.AsyncClient, *, timeout: float) -> str:  # noqa: ASYNC109
    """The address to connect to, ticket inside: good for 90 s and one connection; never log it.

    Raises:
        ChannelMisconfigured: credentials refused (401 authFailed).
        ChannelUnavailable, ChannelRejected: anything else, all of it worth another try later.
    """
    try:
        response = await http.post(
            f"{settings.api_base}/v1.0/gateway/connections/open",
            headers={"Accept": "application/json"},  # else the answer may be XML
            json={
                "clientId": settings.client_id,
                "clientSecret": settings.client_secret.get_secret_value(),
                "subscriptions": list(SUBSCRIPTIONS),
                "ua": USER_AGENT,
            },
            timeout=timeout,
        )
    except httpx.TransportError as error:
        raise unreachable(error, idempotent=True) from error
    answer = read_answer(response)
    if answer.problem is not None:
        raise error_for(answer.problem, idempotent=True)
    endpoint, ticket = str(answer.data.get("endpoint") or ""), str(answer.data.get("ticket") or "")
    if not endpoint or not ticket:
        raise ChannelUnavailable("钉钉 Stream 网关的应答里没有连接地址")
    allowed = {"wss"} if settings.api_base.startswith("https:") else {"wss", "ws"}
    if urlsplit(endpoint).scheme not in allowed:
        raise ChannelMisconfigured("钉钉 Stream 网关给出的地址不是 wss，可能被代理改写", code="endpoint")
    return f"{endpoint}{'&' if '?' in endpoint else '?'}ticket={quote(ticket, safe='')}"


async def handshake(address: str, *, timeout: float) -> ClientConnection:  # noqa: ASYNC109
    """Connect. Pings are ours (`Link`), not the library's: it would wait for a closing handshake on a dead socket."""
    return await connect(
        address,
        open_timeout=timeout,
        close_timeout=CLOSE_WITHIN_SECONDS,
        ping_interval=None,
        compression=None,  # 2.2: nothing beyond a plain WebSocket is spoken of
        max_size=MAX_FRAME_BYTES,
        logger=_quiet,
        proxy=None if _is_loopback(address) else True,
    )


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
