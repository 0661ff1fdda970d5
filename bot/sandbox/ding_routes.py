"""Where taps on cards go in HTTP mode: routes that the bot registers (protocols/dingtalk.md 6.8)."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.sandbox.ding_refusals import DingRefused
from bot.sandbox.wire import Answer, BadJson, Call
from bot.sandbox.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRoute:
    """One registration."""

    callback_url: str
    api_secret: str = field(repr=False)


class CardRoutes:
    """Registrations by callbackRouteKey. They outlive a restart."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._routes = {key: CardRoute(**body) for key, body in world.notebook.records("card_route")}

    async def register(self, call: Call) -> Answer:
        """A key that is taken answers as it stands when nothing differs, else refuses unless `forceUpdate`.

        With `SandboxConfig.repeated_route` "ignored" the old registration is answered all the same; both were seen.
        """
        try:
            body = call.json()
        except BadJson as error:
            raise DingRefused("param.invalid", message="body is no JSON object") from error
        key, url, secret = (body.get(name) for name in ("callbackRouteKey", "callbackUrl", "apiSecret"))
        if not isinstance(key, str) or not key:
            raise DingRefused("param.callbackRouteKeyEmpty")
        if not isinstance(url, str) or not url:
            raise DingRefused("param.callbackUrlEmpty")
        if not url.startswith(("http://", "https://")) or not isinstance(secret, str | None):
            raise DingRefused("param.invalid", message="callbackUrl")
        old = self._routes.get(key)
        if old is None or body.get("forceUpdate") is True:
            return _answer(self._keep(key, CardRoute(callback_url=url, api_secret=secret or secrets.token_urlsafe(24))))
        same = old.callback_url == url and secret in (None, "", old.api_secret)
        if not same and self._world.config.repeated_route == "error":
            raise DingRefused("param.callbackRouteKeyExist", 500)
        return _answer(old)

    def of(self, card: dict[str, Any]) -> CardRoute | None:
        """The route that a card's taps take; None for Stream, and where nothing is registered."""
        return self._routes.get(card.get("route") or "") if card["callback"] == "HTTP" else None

    def _keep(self, key: str, route: CardRoute) -> CardRoute:
        self._routes[key] = route
        self._world.notebook.save("card_route", key, asdict(route))
        return route


def _answer(route: CardRoute) -> Answer:
    registered = {"callbackUrl": route.callback_url, "apiSecret": route.api_secret}
    return Answer.json({"success": True, "result": registered})
