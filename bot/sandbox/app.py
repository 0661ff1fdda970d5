"""Both platforms and the page of phones as one ASGI app.

The platforms answer at the root: /cgi-bin/… is WeCom; /v1.0/…, /topapi/…, /gettoken, /media/upload,
/robot/sendBySession, /call_back/… and the WebSocket /connect are DingTalk. `/` is the page
(bot/sandbox/page/index.html, /page/* its files), which calls:

GET /sandbox/state -> {
    "people": [{"employee_no", "name", "role", "region", "wecom", "dingtalk"}],
    "groups": [{"id", "title", "members": [staffId]}],
    "phones": {"wecom:<userid, lower case>" | "dingtalk:<staffId>": [the last 500 messages]},
    "oa": [the last 200 approvals of DingTalk], "wire": [the last 200 entries],
    "menus": {"wecom": [menu as the bot made it]},
    "clock": {"now": ISO, "offset_seconds"} | null, "bot": {"reachable": bool, "connections": n}}
GET /sandbox/stream -> Server-Sent Events, data is JSON:
    message (a new message), update (the same message, changed), wire (entry), clock, menu ({"wecom": […]}), bot,
    oa (an approval, new or changed)
GET /sandbox/files/{id}

POST, JSON, answers 200 at once; what follows comes over the stream. Errors: 404/409/422 {"detail": "中文一句话"}
    /sandbox/say      {platform, user, text, group?}      group = title or id, DingTalk only
    /sandbox/tap      {platform, user, message_id, key | action, selected?, params?, text?}
                      WeCom: key of a button, submit button or menu item; selected = {question_key: [option ids]}
                      DingTalk: action = actionId (or the button's text), params to tell buttons of one actionId apart,
                      text = what stands in the card's input
    /sandbox/menu     {user, key}
    /sandbox/enter    {platform, user}                    the app is opened (WeCom only tells the bot)
    /sandbox/location {platform, user, lat, lng, label}
    /sandbox/voice    {platform, user, seconds, text}     text is what was said
    /sandbox/decide   {user, instance_id, agree, remark?}             these three on DingTalk's own approval pages
    /sandbox/transfer {user, instance_id, to_user, remark?}
    /sandbox/revoke   {user, instance_id}
    /sandbox/clock    {to: ISO} | {plus_seconds: n}       moves the bot's business clock
    /sandbox/fault    {platform, what, …}                 for training; `what` is a method name of the fault knobs:
                      wecom: expire_tokens, fail_next {n, errcode | status | timeout | drop_answer_after_doing},
                      throttle {seconds}, block_ip, allow_ip, callback_repeat {times}, callback_reorder {n},
                      callback_delay {seconds}
                      dingtalk: expire_tokens, fail_next {n, code | status | timeout | drop_answer_after_doing},
                      throttle {seconds}, drop_connections, disconnect, silent_death, redeliver
POST, multipart: /sandbox/photo, /sandbox/file {platform, user, file}

message = {"id", "platform", "user", "from": "user" | "bot", "at": ISO UTC, "state": "sending|sent|failed|recalled",
    "kind": "text|markdown|card|textcard|news|link|image|voice|video|location|file|system", "text"?, "group"?: title,
    "card"?, "file"?: {"url", "name", "size"}, "voice"?: {"seconds", "text"}, "location"?: {"lat", "lng", "label"}}
    kind image, voice, video and file carry "file"; textcard, news and link carry
    "card": {"title", "description", "url", "btntxt"} or {"articles": […]}.
WeCom card = {"task_id", "face": <template_card as sent>, "disabled": bool, "replace_text", "chosen": key or ""}
DingTalk card = {"out_track_id", "vars": {"title", "body", "status", "btns": [parsed list], …}, "pending": bool,
    "error"?: a sentence}
approval = {"instance_id", "process_code", "business_id", "title", "originator": staffId,
    "status": "RUNNING|COMPLETED|TERMINATED", "result": "|agree|refuse", "created_at", "finished_at",
    "form": {label: text}, "steps": [{"action_type": "AND|OR|NONE", "users": [staffId]}],
    "tasks": [{"task_id", "user", "step", "status": "RUNNING|COMPLETED|CANCELED|TERMINATED",
        "result": "|AGREE|REFUSE|REDIRECTED", "remark", "created_at", "finished_at"}],
    "comments": [{"user", "text", "at"}]}
wire entry = {"id", "at", "platform", "direction": "to_bot" | "from_bot", "what", "status", "ms", "attempt", "note",
    "detail": {"request", "response"}}, secrets, tokens and mobile numbers masked.

/speech/… is a speech service (Baidu's on the wire) that hears what the page says was spoken.

The page and its API are for this machine only: requests whose Host or Origin is foreign are refused with 403.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.requests import Request
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.sandbox.config import SandboxConfig
from bot.sandbox.dingtalk_server import SandboxDingTalk
from bot.sandbox.page_api import bot_reachable, page_routes
from bot.sandbox.speech import speech_routes
from bot.sandbox.wecom_server import SandboxWeCom
from bot.sandbox.wire import InProcess, NoAnswer, leave_unanswered
from bot.sandbox.world import World

_PAGE = Path(__file__).parent / "page"
_DINGTALK_PATHS = ("/v1.0/", "/topapi/", "/gettoken", "/media/upload", "/robot/", "/call_back/", "/connect")
_POLICY = "default-src 'self'; img-src 'self' data: blob: http: https:; frame-ancestors 'none'; base-uri 'none'"
_log = logging.getLogger(__name__)


class Sandbox:
    """Both platforms, the page, and what they share.

    Args:
        bot: how callbacks reach the bot; None = over the network at `config.bot_url`.
    """

    def __init__(self, config: SandboxConfig | None = None, *, bot: httpx.AsyncBaseTransport | None = None) -> None:
        self.config = config or SandboxConfig()
        self.world = World(self.config)
        # no timeout of its own: every callback sets its deadline
        self.bot = httpx.AsyncClient(transport=bot, verify=_tls(), timeout=None, trust_env=False)  # noqa: S113
        self.http = httpx.AsyncClient(verify=_tls(), timeout=5, trust_env=False)
        self.wecom = SandboxWeCom(self.world, self.bot)
        self.dingtalk = SandboxDingTalk(self.world, self.bot)
        self.dingtalk.gateway.on_change = self._connections_changed
        self.closing = asyncio.Event()
        self.url = "http://127.0.0.1"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One app for everything; NoAnswer comes out when a fault swallows the answer (see `over_a_port`)."""
        if scope["type"] == "lifespan":
            await self._page(scope, receive, send)
        elif scope["path"].startswith("/cgi-bin"):
            await self.wecom(scope, receive, send)
        elif scope["path"].startswith(_DINGTALK_PATHS):
            await self.dingtalk(scope, receive, send)
        else:
            await self._page(scope, receive, send)

    @cached_property
    def _page(self) -> FastAPI:
        return _page_app(self)

    @property
    def transport(self) -> InProcess:
        """For an httpx client that calls both platforms without a port."""
        return InProcess(self)

    async def over_a_port(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The same app for a real server, where an answer that never comes is a silent or a broken line."""
        try:
            await self(scope, receive, send)
        except NoAnswer as error:
            await leave_unanswered(error, scope, receive, self.dingtalk.sockets)

    def _connections_changed(self) -> None:
        if not self.closing.is_set():
            self.dingtalk.spawn(self._tell_about_bot())

    async def _tell_about_bot(self) -> None:
        reachable = await bot_reachable(self)
        self.world.tell("bot", {"reachable": reachable, "connections": self.dingtalk.connections})

    async def close(self) -> None:
        """Stop deliveries, close every connection and the data file."""
        self.closing.set()
        self.world.tell("close", None)
        await self.wecom.close()
        await self.dingtalk.close()
        await self.bot.aclose()
        await self.http.aclose()
        self.world.notebook.close()


class LocalOnly:
    """Refuses the page and its API to foreign hosts and origins, so that no website can act through a browser here."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self._app = app
        self._hosts = {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._foreign(Request(scope)):
            await JSONResponse({"detail": "只能从本机打开"}, status_code=403)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _foreign(self, request: Request) -> bool:
        netloc = request.headers.get("host", "")
        origin = request.headers.get("origin")
        host = urlsplit(f"//{netloc}").hostname or ""
        return host.lower() not in self._hosts or (origin is not None and urlsplit(origin).netloc != netloc)


class _Server(uvicorn.Server):
    """Leaves the signals to whoever started the sandbox."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@cache
def _tls() -> ssl.SSLContext:
    """Loading the certificates takes longer than everything else here."""
    return httpx.create_ssl_context()


def _page_app(sandbox: Sandbox) -> FastAPI:
    app = FastAPI(title="salesbot sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(page_routes(sandbox))
    app.include_router(speech_routes(sandbox.world.spoken))

    @app.get("/", response_model=None)
    async def index() -> Response:
        page = _PAGE / "index.html"
        if not page.exists():
            return JSONResponse({"detail": "页面没有安装"}, status_code=404)
        return FileResponse(page, headers={"content-security-policy": _POLICY, "cache-control": "no-cache"})

    app.mount("/page", StaticFiles(directory=_PAGE, check_dir=False))
    own = urlsplit(sandbox.url).hostname or ""
    app.add_middleware(LocalOnly, hosts=(*sandbox.config.allowed_hosts, own))
    return app


@asynccontextmanager
async def running_sandbox(
    config: SandboxConfig | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    bot: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Sandbox]:
    """A sandbox on a real port (0 = any free one) for as long as the block runs; `.url` says where."""
    sandbox = Sandbox(config, bot=bot)
    listener = socket.create_server((host, port))
    sandbox.url = f"http://{host}:{listener.getsockname()[1]}"
    sandbox.dingtalk.base_url = sandbox.url
    server = _Server(
        uvicorn.Config(
            sandbox.over_a_port,
            interface="asgi3",
            proxy_headers=False,
            lifespan="off",
            log_level="error",
            access_log=False,
            timeout_graceful_shutdown=1,
            ws="websockets-sansio",
        )
    )
    sandbox.dingtalk.sockets = server.server_state.connections
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if serving.done():
                await serving
            await asyncio.sleep(0.005)
        yield sandbox
    finally:
        await sandbox.close()
        server.should_exit = True
        await serving
        listener.close()


async def serve_sandbox(config: SandboxConfig, host: str = "127.0.0.1", port: int = 9100) -> None:
    """Run until cancelled."""
    async with running_sandbox(config, host=host, port=port) as sandbox:
        _log.info("sandbox at %s", sandbox.url)
        await asyncio.Event().wait()
