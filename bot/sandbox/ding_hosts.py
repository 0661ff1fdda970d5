"""DingTalk's two hosts: who may call what, how often, with which token (protocols/dingtalk.md 1, 10)."""

from __future__ import annotations

import re
import time
from collections import defaultdict, deque
from typing import Any, Literal
from urllib.parse import parse_qs

import httpx
from starlette.types import Receive, Scope, Send

from bot.sandbox.config import Person
from bot.sandbox.ding_cards import CardDesk
from bot.sandbox.ding_delivery import Delivery
from bot.sandbox.ding_gateway import Gateway
from bot.sandbox.ding_http import HttpPush
from bot.sandbox.ding_people import DingPeople
from bot.sandbox.ding_refusals import DingRefused, OldRefused, new_refusal, old_refusal
from bot.sandbox.ding_robot import DingRobot
from bot.sandbox.ding_routes import CardRoutes
from bot.sandbox.faults import Fault
from bot.sandbox.oa_calls import OaCalls
from bot.sandbox.oa_desk import OaDesk
from bot.sandbox.server import PlatformServer
from bot.sandbox.tokens import Tokens
from bot.sandbox.wire import Answer, BadJson, Call, Handler
from bot.sandbox.world import World

_QPS = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
_QUOTA = "Forbidden.AccessDenied.ApiCountLimitForOrg"
_FAILED_PAGE = 200
_WITHOUT_TOKEN = ("/v1.0/oauth2/", "/v1.0/gateway/", "/gettoken", "/robot/sendBySession")
_EXEMPT = (*_WITHOUT_TOKEN, "/topapi/v2/user/", "/topapi/user/", "/topapi/v2/department/")


class DingTalkHosts(PlatformServer):
    """An ASGI app for /v1.0, /topapi, /gettoken, /media/upload, /robot/…, /call_back/… and the WebSocket /connect.

    Args:
        http: how the bot is reached in HTTP mode; its requests carry their own deadlines.
    """

    platform: Literal["dingtalk"] = "dingtalk"

    def __init__(self, world: World, http: httpx.AsyncClient) -> None:
        super().__init__(world)
        self.tokens = Tokens(world, self.config.ding_token_seconds, extends=True)
        self.gateway = Gateway(world)
        self.cards = CardDesk(world)
        self.card_routes = CardRoutes(world)
        self.http = HttpPush(world, http)
        self.delivery = Delivery(world, self.gateway, self.http, self.card_routes)
        self.oa = OaDesk(world)
        self.robot = DingRobot(world)
        self.people = DingPeople(self.config)
        self.base_url = "http://127.0.0.1"
        self.nested_token_errors = True  #: the old host answers 88 with sub_code 40014; False = plain 40014
        self.calls_counted = 0  #: against the monthly API quota
        self.pushes_counted = 0  #: against the monthly push quota
        self._recent: defaultdict[str, deque[float]] = defaultdict(deque)
        self.routes = {
            ("POST", "/v1.0/oauth2/accessToken"): self._access_token,
            ("GET", "/gettoken"): self._old_token,
            ("POST", "/v1.0/gateway/connections/open"): self.gateway.open,
            ("POST", "/v1.0/robot/oToMessages/batchSend"): self.robot.send_to_people,
            ("POST", "/v1.0/robot/groupMessages/send"): self.robot.send_to_group,
            ("POST", "/v1.0/robot/otoMessages/batchRecall"): self.robot.recall,
            ("POST", "/v1.0/robot/groupMessages/recall"): self.robot.recall,
            ("GET", "/v1.0/robot/oToMessages/readStatus"): self.robot.read_status,
            ("POST", "/v1.0/robot/messageFiles/download"): self.robot.download,
            ("POST", "/robot/sendBySession"): self.robot.send_by_session,
            ("POST", "/media/upload"): self.robot.upload,
            ("POST", "/v1.0/card/instances/createAndDeliver"): self.cards.create_and_deliver,
            ("POST", "/v1.0/card/instances"): self.cards.create,
            ("POST", "/v1.0/card/instances/deliver"): self.cards.deliver,
            ("PUT", "/v1.0/card/instances/spaces"): self.cards.add_spaces,
            ("PUT", "/v1.0/card/instances"): self.cards.update,
            ("POST", "/v1.0/card/callbacks/register"): self.card_routes.register,
            ("GET", "/call_back/get_call_back_failed_result"): self._failed_events,
            ("POST", "/topapi/v2/user/getbymobile"): self.people.by_mobile,
            ("POST", "/topapi/v2/user/get"): self.people.get,
            ("POST", "/topapi/user/getbyunionid"): self.people.by_union_id,
            ("POST", "/topapi/v2/user/list"): self.people.list,
            ("POST", "/topapi/v2/department/listsub"): self.people.sub_departments,
            **OaCalls(world, self.oa).routes,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            ticket = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [""])[0]
            await self.gateway.connect(scope, receive, send, ticket)
        else:
            await super().__call__(scope, receive, send)

    async def dispatch(self, call: Call) -> Answer:
        self.base_url = call.base_url
        handler = self._handler(call)
        if handler is None:
            return Answer(status=404, body=b"<html>Not Found</html>", content_type="text/html")
        try:
            self._check_limits(call)
            if not call.path.startswith(_WITHOUT_TOKEN):
                self._check_token(call)
            return await handler(call)
        except DingRefused as error:
            return new_refusal(error.code, error.status, error.message)
        except OldRefused as error:
            return old_refusal(error.code, nested=error.nested)

    def _handler(self, call: Call) -> Handler | None:
        unified = re.fullmatch(r"/v1\.0/oauth2/([^/]+)/token", call.path)
        if unified and call.method == "POST":
            return self._unified_token
        return self.routes.get((call.method, call.path))

    def _check_limits(self, call: Call) -> None:
        counted = not call.path.startswith(_EXEMPT)
        if counted and self.config.monthly_api_quota and self.calls_counted >= self.config.monthly_api_quota:
            raise self._limited(call, _QUOTA, 90020)
        now, times = time.monotonic(), self._recent[f"{call.method} {call.path}"]
        while times and times[0] <= now - 1:
            times.popleft()
        if self.config.qps_limit and len(times) >= self.config.qps_limit:
            raise self._limited(call, _QPS, 90018)
        times.append(now)
        self.calls_counted += counted  # calls that are throttled are not counted

    def _limited(self, call: Call, code: str, old_code: int) -> DingRefused | OldRefused:
        return OldRefused(old_code, nested=True) if _on_old_host(call) else DingRefused(code, 403)

    def _check_token(self, call: Call) -> None:
        if _on_old_host(call):
            token = call.query.get("access_token", "")
            if not token:
                raise OldRefused(41001)
            if self.tokens.judge(token) != "good":
                raise OldRefused(40014, nested=self.nested_token_errors)
        elif self.tokens.judge(call.headers.get("x-acs-dingtalk-access-token", "")) != "good":
            raise DingRefused("InvalidAuthentication")

    async def _access_token(self, call: Call) -> Answer:
        try:
            body = call.json()
        except BadJson as error:
            raise DingRefused("MissingBody", message="body is mandatory for this action") from error
        if (body.get("appKey"), body.get("appSecret")) != self._credentials:
            raise DingRefused("invalidClientIdOrSecret")
        token, seconds = self.tokens.issue()
        return Answer.json({"accessToken": token, "expireIn": seconds})

    async def _unified_token(self, call: Call) -> Answer:
        try:
            body = call.json()
        except BadJson as error:
            raise DingRefused("invalid.client") from error
        if body.get("grant_type") != "client_credentials":
            raise DingRefused("unsupported.grant.type")
        if (body.get("client_id"), body.get("client_secret")) != self._credentials:
            raise DingRefused("invalid.client")
        if call.path.split("/")[3] != self.config.ding_corp_id:
            raise DingRefused("unauthorized.client", 401)
        token, seconds = self.tokens.issue()
        return Answer.json({"access_token": token, "expires_in": seconds})

    async def _old_token(self, call: Call) -> Answer:
        if (call.query.get("appkey"), call.query.get("appsecret")) != self._credentials:
            raise OldRefused(40089)
        token, seconds = self.tokens.issue()
        return Answer.json({"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": seconds})

    async def _failed_events(self, call: Call) -> Answer:
        """Events that were given up in HTTP mode; reading takes them away (protocols/dingtalk.md 3.5)."""
        page, self.delivery.parked = self.delivery.parked[:_FAILED_PAGE], self.delivery.parked[_FAILED_PAGE:]
        more = bool(self.delivery.parked)
        return Answer.json({"errcode": 0, "errmsg": "ok", "failed_list": page, "has_more": more})

    def _person(self, user: str) -> Person:
        person = self.config.on_dingtalk(user)
        if person is None:
            raise LookupError(f"nobody on DingTalk is called {user}")
        return person

    @property
    def _credentials(self) -> tuple[str, str]:
        return self.config.ding_client_id, self.config.ding_client_secret

    def outcome(self, answer: Answer) -> str:
        body = answer.described()
        if isinstance(body, dict):
            code = body.get("code") or body.get("sub_code") or body.get("errcode")
            return f"{answer.status} {code}" if code else str(answer.status)
        return str(answer.status)

    def throttled(self, call: Call) -> Answer:
        return old_refusal(90018, nested=True) if _on_old_host(call) else new_refusal(_QPS, 403)

    def failed(self, call: Call, code: int | str | None) -> Answer:
        if _on_old_host(call):
            return old_refusal(int(code or -1))
        text = str(code or "system.busy")
        status = 403 if text.startswith("Forbidden") else 500 if text.startswith(("system", "unknown")) else 400
        return new_refusal(text, status)

    # what can go wrong

    @property
    def sockets(self) -> Any:
        """The server's protocol objects; `running_sandbox` sets them, so that lines break as a network breaks them."""
        return self.gateway.sockets

    @sockets.setter
    def sockets(self, sockets: Any) -> None:
        self.gateway.sockets = sockets

    def expire_tokens(self) -> None:
        self.tokens.expire()

    def fail_next(
        self,
        n: int = 1,
        *,
        code: int | str | None = None,
        status: int | None = None,
        timeout: bool = False,
        drop_answer_after_doing: bool = False,
        path: str = "",
    ) -> None:
        """The next n calls fail in one of four ways; `path` limits it to calls whose path contains it."""
        fault = Fault(code=code, status=status, timeout=timeout, drop_answer_after_doing=drop_answer_after_doing)
        self.faults.fail_next(n, fault, path)

    async def drop_connections(self, *, cleanly: bool = False) -> None:
        """Break every connection, as a network does, or with a proper close."""
        await self.gateway.drop(cleanly=cleanly)

    async def disconnect(self, reason: str = "connection is expired", *, wait: bool = False) -> None:
        """Send the disconnect frame; the connections are closed after the grace time, which `wait` waits for."""
        await self.now_or_later(self.gateway.disconnect(reason), wait)

    def silent_death(self) -> None:
        """Connections stay open and carry nothing any more."""
        self.gateway.silent_death()

    async def close(self) -> None:
        await super().close()
        await self.gateway.close()


def _on_old_host(call: Call) -> bool:
    return not call.path.startswith("/v1.0/")
