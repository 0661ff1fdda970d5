"""WeCom's API: tokens, addresses, menu, and who answers what (protocols/wecom.md 0, 3, 6)."""

from __future__ import annotations

from typing import Any, Literal

import httpx

from bot.sandbox.faults import Fault
from bot.sandbox.server import PlatformServer
from bot.sandbox.tokens import Tokens
from bot.sandbox.wecom_book import CardBook
from bot.sandbox.wecom_callbacks import WeComCallbacks
from bot.sandbox.wecom_media import WeComMedia
from bot.sandbox.wecom_menu import check_menu
from bot.sandbox.wecom_people import WeComPeople
from bot.sandbox.wecom_refusals import Refused, refusal
from bot.sandbox.wecom_sending import WeComSending, read_body
from bot.sandbox.wire import Answer, BadJson, Call
from bot.sandbox.world import World

_SERVER_IPS = ["127.0.0.1"]
_BAN_SECONDS = 3600


class WeComApi(PlatformServer):
    """An ASGI app for everything under /cgi-bin."""

    platform: Literal["wecom"] = "wecom"

    def __init__(self, world: World, http: httpx.AsyncClient) -> None:
        super().__init__(world)
        self.tokens = Tokens(world, self.config.wecom_token_seconds, extends=False)
        self.media = WeComMedia(world)
        self.book = CardBook(world)
        self.people = WeComPeople(world)
        self.sending = WeComSending(world, self.media, self.book)
        self.callbacks = WeComCallbacks(world, http)
        self.menu: list[dict[str, Any]] = dict(world.notebook.records("wecom_menu")).get("menu", [])
        self.expired_token_code = 42001  #: in practice often 40014, see protocols/wecom.md 3.1
        self._blocked_ips: set[str] | None = set()
        self._wrong_secrets: dict[str, list[float]] = {}
        self.routes = {
            ("GET", "gettoken"): self._gettoken,
            ("POST", "message/send"): self.sending.send,
            ("POST", "message/update_template_card"): self.sending.update_card,
            ("POST", "message/recall"): self.sending.recall,
            ("POST", "media/upload"): self.media.upload,
            ("GET", "media/get"): self.media.get,
            ("POST", "menu/create"): self._menu_create,
            ("GET", "menu/get"): self._menu_get,
            ("GET", "menu/delete"): self._menu_delete,
            ("GET", "user/get"): self.people.user_get,
            ("GET", "user/simplelist"): self.people.simple_list,
            ("POST", "user/getuserid"): self.people.userid_by_mobile,
            ("GET", "agent/get"): self.people.agent_get,
            ("GET", "getcallbackip"): self._ips,
            ("GET", "get_api_domain_ip"): self._ips,
            ("GET", "externalcontact/get_follow_user_list"): self.people.follow_users,
            ("GET", "externalcontact/list"): self.people.external_list,
            ("GET", "externalcontact/get"): self.people.external_get,
        }

    async def dispatch(self, call: Call) -> Answer:
        name = call.path.removeprefix("/cgi-bin/")
        handler = self.routes.get((call.method, name))
        try:
            if handler is None:
                if any(path == name for _, path in self.routes):
                    raise Refused(40058, f"{call.method} is not allowed")
                return Answer(status=404, body=b"<html>404</html>", content_type="text/html")
            if name != "gettoken":
                self._check_token(call)
            return await handler(call)
        except BadJson as error:
            return refusal(40058, str(error), call.client_ip)
        except Refused as error:
            return refusal(error.code, error.detail, call.client_ip)

    def _check_token(self, call: Call) -> None:
        token = call.query.get("access_token", "")
        if not token:
            raise Refused(41001)
        match self.tokens.judge(token):
            case "unknown":
                raise Refused(40014)
            case "expired":
                raise Refused(self.expired_token_code)
        trusted = self.config.wecom_trusted_ips
        if (
            self._blocked_ips is None
            or call.client_ip in self._blocked_ips
            or (trusted and call.client_ip not in trusted)
        ):
            raise Refused(60020)

    async def _gettoken(self, call: Call) -> Answer:
        recent = [at for at in self._wrong_secrets.get(call.client_ip, []) if at > self.world.now() - _BAN_SECONDS]
        if len(recent) >= self.config.wrong_secrets_before_ban:
            raise Refused(45009, "too many wrong secrets")
        if call.query.get("corpid") != self.config.corp_id:
            raise Refused(40013)
        if not call.query.get("corpsecret"):
            raise Refused(41004)
        if call.query["corpsecret"] != self.config.wecom_secret:
            self._wrong_secrets[call.client_ip] = [*recent, self.world.now()]
            raise Refused(40001)
        token, seconds = self.tokens.issue()
        return Answer.json({"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": seconds})

    def _check_agent(self, call: Call) -> None:
        agent = call.query.get("agentid", "")
        if not agent.isdigit():
            raise Refused(40056)
        if int(agent) != self.config.agent_id:
            raise Refused(301002)

    async def _menu_create(self, call: Call) -> Answer:
        self._check_agent(call)
        self._set_menu(check_menu(read_body(call)))
        return Answer.json({"errcode": 0, "errmsg": "ok"})

    async def _menu_get(self, call: Call) -> Answer:
        self._check_agent(call)
        if not self.menu:
            raise Refused(46003)
        return Answer.json({"errcode": 0, "errmsg": "ok", "button": self.menu})

    async def _menu_delete(self, call: Call) -> Answer:
        self._check_agent(call)
        self._set_menu([])
        return Answer.json({"errcode": 0, "errmsg": "ok"})

    def _set_menu(self, menu: list[dict[str, Any]]) -> None:
        self.menu = menu
        self.world.notebook.save("wecom_menu", "menu", menu)
        self.world.tell("menu", {"wecom": menu})

    async def _ips(self, call: Call) -> Answer:
        return Answer.json({"errcode": 0, "errmsg": "ok", "ip_list": _SERVER_IPS})

    def outcome(self, answer: Answer) -> str:
        body = answer.described()
        return str(body.get("errcode", 0)) if isinstance(body, dict) else str(answer.status)

    def throttled(self, call: Call) -> Answer:
        return refusal(45009, "", call.client_ip)

    def failed(self, call: Call, code: int | str | None) -> Answer:
        return refusal(int(code or -1), "", call.client_ip)

    # what can go wrong

    def expire_tokens(self) -> None:
        """Every token issued so far answers 42001 (or `expired_token_code`)."""
        self.tokens.expire()

    def fail_next(
        self,
        n: int = 1,
        *,
        errcode: int | None = None,
        status: int | None = None,
        timeout: bool = False,
        drop_answer_after_doing: bool = False,
        path: str = "",
    ) -> None:
        """The next n calls fail in one of four ways; `path` limits it to calls whose path contains it."""
        fault = Fault(code=errcode, status=status, timeout=timeout, drop_answer_after_doing=drop_answer_after_doing)
        self.faults.fail_next(n, fault, path)

    def block_ip(self, ip: str | None = None) -> None:
        """Take an address, or every one, off the trusted list: 60020."""
        self._blocked_ips = None if ip is None else {*(self._blocked_ips or ()), ip}

    def allow_ip(self) -> None:
        self._blocked_ips = set()

    def callback_repeat(self, times: int) -> None:
        """From now on every callback comes this often."""
        self.callbacks.repeat = max(1, times)

    def callback_reorder(self, n: int) -> None:
        """The next n callbacks are held until all are there, then delivered last first."""
        self.callbacks.reorder = n

    def callback_delay(self, seconds: float) -> None:
        """From now on every callback comes this much later."""
        self.callbacks.delay_seconds = seconds
