"""How what happens in DingTalk reaches the bot: by Stream or HTTP, until it is taken (protocols/dingtalk.md 2.7)."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.sandbox.ding_gateway import CARD_TOPIC, ROBOT_TOPIC, Ack, Gateway
from bot.sandbox.ding_http import HttpPush
from bot.sandbox.ding_routes import CardRoutes
from bot.sandbox.oa_events import Event
from bot.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether the bot took a message, and what it answered on the spot (HTTP only)."""

    taken: bool
    reply: dict[str, Any] | None = None


class Delivery:
    """The console chooses Stream or HTTP for messages and events; every card chooses for itself.

    `repeat_events` is a knob for tests: how often an event comes although it was taken, as the platform warns it may.
    """

    def __init__(self, world: World, gateway: Gateway, http: HttpPush, routes: CardRoutes) -> None:
        self._world = world
        self._config = world.config
        self._gateway = gateway
        self._http = http
        self._routes = routes
        self.repeat_events = 1
        self.parked: list[dict[str, Any]] = []  #: HTTP events given up, waiting to be fetched (3.5)

    @property
    def by_http(self) -> bool:
        return self._config.ding_mode == "http"

    async def robot(self, data: dict[str, Any], attempt: int) -> Taken:
        """Push one message once."""
        if self.by_http:
            answer = await self._http.robot(data, attempt)
            return Taken(answer is not None, answer or None)
        ack = await self._gateway.push(
            "CALLBACK", ROBOT_TOPIC, data, timeout_seconds=self._config.redelivery_seconds, attempt=attempt
        )
        return Taken(ack is not None and ack.code == 200)

    async def events(self, events: Sequence[Event]) -> None:
        """Tell several events, each until it is taken; they do not wait for each other."""
        order = list(events)
        if self._config.shuffle_events:
            random.shuffle(order)
        await asyncio.gather(*(self.event(name, data, uuid.uuid4().hex) for name, data in order))

    async def event(self, name: str, data: dict[str, Any], identifier: str) -> None:
        """Push one event until it is taken or given up."""
        born = int(self._world.now() * 1000)
        for attempt, pause in enumerate((0.0, *self._config.event_retry_delays), start=1):
            await asyncio.sleep(pause)
            if await self._push_event(name, data, identifier, born, attempt):
                for _ in range(self.repeat_events - 1):
                    await self._push_event(name, data, identifier, born, attempt)
                return
        if self.by_http:
            inner = "bpmsCallBackData" if "processInstanceId" in data else "callbackData"
            parked = {"corpid": self._config.ding_corp_id, inner: data}
            self.parked.append({"call_back_tag": name, "event_time": born, name: parked})

    async def _push_event(self, name: str, data: dict[str, Any], identifier: str, born: int, attempt: int) -> bool:
        push = self._http.event if self.by_http else self._by_stream
        return await push(name, data, identifier, born, attempt)

    async def _by_stream(self, name: str, data: dict[str, Any], identifier: str, born: int, attempt: int) -> bool:
        headers = {
            "eventType": name,
            "eventId": identifier,
            "eventBornTime": str(born),
            "eventCorpId": self._config.ding_corp_id,
            "eventUnifiedAppId": "sandbox-unified-app",
        }
        ack = await self._gateway.push(
            "EVENT", "*", data, timeout_seconds=self._config.event_timeout_seconds, attempt=attempt, headers=headers
        )
        later = ack is not None and isinstance(ack.data, dict) and ack.data.get("status") == "LATER"
        return ack is not None and ack.code == 200 and not later

    def hears_of_taps(self, card: dict[str, Any]) -> bool:
        """Without callbackType, or by HTTP without a registered route, nobody hears of a tap."""
        return card["callback"] == "STREAM" or self._routes.of(card) is not None

    async def tap(self, card: dict[str, Any], data: dict[str, Any]) -> dict[str, Any] | None:
        """Push one tap; what the bot answered (6.7), None when it was nothing of use."""
        route = self._routes.of(card)
        if route is not None:
            return await self._http.tap(route, data)
        ack = await self._gateway.push("CALLBACK", CARD_TOPIC, data, timeout_seconds=self._config.card_timeout_seconds)
        return _response(ack)


def _response(ack: Ack | None) -> dict[str, Any] | None:
    """Over Stream the answer has to be wrapped in `response`; nothing at all is fine, too."""
    if ack is None or ack.code != 200:
        return None
    if ack.data in ({}, {"response": None}):
        return {}
    response = ack.data.get("response") if isinstance(ack.data, dict) else None
    return response if isinstance(response, dict) else None
