"""Interactive cards: create, deliver, update, and what each person sees of one (protocols/dingtalk.md 6)."""

from __future__ import annotations

import re
from typing import Any

import orjson

from bot.sandbox.ding_refusals import DingRefused
from bot.sandbox.wire import Answer, BadJson, Call
from bot.sandbox.world import World

_SPACE = re.compile(r"(?:dtv1\.card//)?(IM_ROBOT|IM_GROUP)\.(.+)", re.IGNORECASE)
_MODELS = {"IM_ROBOT": "imRobot", "IM_GROUP": "imGroup"}
_MOST_BYTES = 100 * 1024


class CardDesk:
    """Card instances by outTrackId. They outlive a restart."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._config = world.config
        self._cards: dict[str, dict[str, Any]] = dict(world.notebook.records("ding_card"))

    # calls of the bot

    async def create_and_deliver(self, call: Call) -> Answer:
        body = _body(call)
        track = self._checked(body)
        if not body.get("openSpaceId"):
            raise DingRefused("param.openSpaceIdEmpty")
        spaces = _spaces(body["openSpaceId"])
        for kind, _ in spaces:
            self._check_models(kind, body, body)
        if track in self._cards:
            if self._config.repeated_card == "error":
                raise DingRefused("param.cardAlreadyExist")
            return Answer.json({"success": True, "result": {"outTrackId": track, "deliverResults": []}})
        self._create(track, body)
        results = [self._deliver(track, kind, identifier) for kind, identifier in spaces]
        return Answer.json({"success": True, "result": {"outTrackId": track, "deliverResults": results}})

    async def create(self, call: Call) -> Answer:
        body = _body(call)
        track = self._checked(body)
        if track in self._cards:
            if self._config.repeated_card == "error":
                raise DingRefused("param.cardAlreadyExist")
        else:
            self._create(track, body)
        return Answer.json({"success": True, "result": track})

    async def deliver(self, call: Call) -> Answer:
        body = _body(call)
        track = self._existing(body)
        if not body.get("openSpaceId"):
            raise DingRefused("param.openSpaceIdEmpty")
        spaces = _spaces(body["openSpaceId"])
        for kind, _ in spaces:
            self._check_models(kind, self._cards[track]["models"], body)
        return Answer.json({"success": True, "result": [self._deliver(track, *space) for space in spaces]})

    async def add_spaces(self, call: Call) -> Answer:
        body = _body(call)
        card = self._cards[self._existing(body)]
        card["models"] |= {name: value for name, value in body.items() if name.endswith("OpenSpaceModel")}
        self._save(card)
        return Answer.json({"success": True, "result": True})

    async def update(self, call: Call) -> Answer:
        """Full overwrite, unless the options say by key."""
        body = _body(call)
        track = self._existing(body)
        card = self._cards[track]
        public = _params(body.get("cardData"))
        private = _object(body, "privateData")
        if public is None and not private:
            raise DingRefused("param.cardDataAndPrivateDataBothEmpty")
        options = _object(body, "cardUpdateOptions")
        views = {self._person(user, body, card): _params(data) for user, data in private.items()}
        if public is not None:
            by_key = options.get("updateCardDataByKey") is True
            card["public"] = {**card["public"], **public} if by_key else public
            card["overlay"] = {
                user: {k: v for k, v in seen.items() if by_key and k not in public}
                for user, seen in card["overlay"].items()
            }
        for user, data in views.items():
            old = card["private"].get(user, {}) if options.get("updatePrivateDataByKey") is True else {}
            card["private"][user] = {**old, **(data or {})}
        self._save(card)
        self.redraw(track)
        note = "点击还没应答就更新了卡片：应先应答" if card.get("tapping") else ""
        return Answer.json({"success": True, "result": True}, note=note)

    # what people see

    def redraw(self, track: str, **more: Any) -> None:
        """Show every copy as it is now; `more` goes into the page's card."""
        for message in self._world.copies_of_card("dingtalk", track):
            self._world.changed(message, card={**(message.card or {}), **self.seen_by(track, message.user), **more})

    def seen_by(self, track: str, user: str) -> dict[str, Any]:
        """{"out_track_id", "vars"} for one person: public, then private, then what only the tapper was shown."""
        card = self._cards[track]
        texts = {**card["public"], **card["private"].get(user, {}), **card["overlay"].get(user, {})}
        shown: dict[str, Any] = {"title": "", "body": "", "status": "", **texts}
        shown["btns"] = _buttons(texts.get("btns", ""))
        return {"out_track_id": track, "vars": shown}

    def answered(self, track: str, user: str, response: dict[str, Any]) -> str:
        """Apply the answer to this person's tap; returns what was wrong with it, "" if nothing."""
        card = self._cards[track]
        try:
            options = _object(response, "cardUpdateOptions")
            public = _params(response.get("cardData"))
            private = _params(response.get("userPrivateData"))
        except DingRefused as error:
            return error.code
        if public is not None:
            seen = card["public"] if options.get("updateCardDataByKey") is True else dict.fromkeys(card["public"], "")
            card["overlay"][user] = {**seen, **card["overlay"].get(user, {}), **public}
        if private is not None:
            old = card["private"].get(user, {}) if options.get("updatePrivateDataByKey") is True else {}
            card["private"][user] = {**old, **private}
        self._save(card)
        return ""

    def tapped(self, track: str, tapping: int) -> dict[str, Any]:
        """The instance, with one tap more or less under way."""
        card = self._cards[track]
        card["tapping"] = max(0, card.get("tapping", 0) + tapping)
        return card

    # inside

    def _checked(self, body: dict[str, Any]) -> str:
        if not body.get("cardTemplateId"):
            raise DingRefused("param.cardTemplateIdEmpty")
        if body["cardTemplateId"] != self._config.card_template_id:
            raise DingRefused("param.templateNotExist")
        track = body.get("outTrackId")
        if not track:
            raise DingRefused("param.outTrackIdEmpty")
        if not isinstance(track, str) or len(track) > 100:
            raise DingRefused("param.invalid", message="outTrackId")
        if _params(body.get("cardData")) is None:
            raise DingRefused("param.cardPublicDataEmpty")
        callback = body.get("callbackType")
        if callback not in (None, "STREAM", "HTTP") or (callback == "HTTP" and not body.get("callbackRouteKey")):
            raise DingRefused("param.invalid", message="callbackType")
        return track

    def _create(self, track: str, body: dict[str, Any]) -> None:
        card: dict[str, Any] = {
            "out_track_id": track,
            "public": _params(body["cardData"]),
            "private": {},
            "overlay": {},
            "callback": body.get("callbackType") or "",
            "route": str(body.get("callbackRouteKey") or ""),
            "user_id_type": body.get("userIdType", 1),
            "models": {name: value for name, value in body.items() if name.endswith("OpenSpaceModel")},
        }
        for user, data in _object(body, "privateData").items():
            card["private"][self._person(user, body, card)] = _params(data) or {}
        self._cards[track] = card
        self._save(card)

    def _check_models(self, kind: str, space_models: dict[str, Any], body: dict[str, Any]) -> None:
        space = space_models.get(f"{_MODELS[kind]}OpenSpaceModel")
        if not isinstance(space, dict) or not isinstance(space.get("supportForward"), bool):
            raise DingRefused("param.openSpaceModelInvalid")
        deliver = body.get(f"{_MODELS[kind]}OpenDeliverModel")
        if not isinstance(deliver, dict):
            raise DingRefused("param.openDeliverModelEmpty")
        if deliver.get("spaceType", kind) != kind:
            raise DingRefused("param.openDeliverModelError", message="spaceType")
        robot = deliver.get("robotCode", "" if kind == "IM_GROUP" else self._config.ding_client_id)
        if robot != self._config.ding_client_id:
            raise DingRefused("param.openDeliverModelError", message="robotCode")

    def _deliver(self, track: str, kind: str, identifier: str) -> dict[str, Any]:
        by_union = self._cards[track]["user_id_type"] == 2
        users, group = self._receivers(kind, identifier, by_union)
        result = {"spaceType": kind, "spaceId": identifier, "success": bool(users), "carrierId": "", "errorMsg": ""}
        if not users:
            return {**result, "errorMsg": "spaceId is illegal"}
        carrier = f"PQK{self._world.number()}"
        for user in users:
            card = {**self.seen_by(track, user), "pending": False}
            self._world.show(
                platform="dingtalk", user=user, sender="bot", kind="card", card=card, ref=carrier, group=group
            )
        return {**result, "carrierId": carrier}

    def _receivers(self, kind: str, identifier: str, by_union: bool) -> tuple[list[str], str]:
        if kind == "IM_GROUP":
            found = next((group for group in self._config.groups if group.conversation_id == identifier), None)
            return (list(found.members), found.title) if found else ([], "")
        if by_union:
            return [person.dingtalk for person in self._config.people if person.union_id == identifier], ""
        person = self._config.on_dingtalk(identifier)
        return ([person.dingtalk] if person else []), ""

    def _person(self, user: str, body: dict[str, Any], card: dict[str, Any]) -> str:
        users, _ = self._receivers("IM_ROBOT", user, body.get("userIdType", card["user_id_type"]) == 2)
        if not users:
            raise DingRefused("param.userIdNotExist")
        return users[0]

    def _existing(self, body: dict[str, Any]) -> str:
        track = body.get("outTrackId")
        if not track:
            raise DingRefused("param.outTrackIdEmpty")
        if str(track) not in self._cards:
            raise DingRefused("param.cardNotExist")
        return str(track)

    def _save(self, card: dict[str, Any]) -> None:
        kept = {name: value for name, value in card.items() if name != "tapping"}
        self._world.notebook.save("ding_card", card["out_track_id"], kept)


def _body(call: Call) -> dict[str, Any]:
    try:
        return call.json()
    except BadJson as error:
        raise DingRefused("param.invalid", message="body is no JSON object") from error


def _object(block: dict[str, Any], name: str) -> dict[str, Any]:
    """A part that is an object, or empty when it is missing."""
    value = block.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DingRefused("param.invalid", message=name)
    return value


def _params(block: Any) -> dict[str, str] | None:
    """`cardParamMap`: names to strings and nothing else; None when it is missing."""
    if block is None:
        return None
    params = block.get("cardParamMap") if isinstance(block, dict) else None
    if params is None:
        return None
    if not isinstance(params, dict) or not all(isinstance(value, str) for value in params.values()):
        raise DingRefused("param.invalid", message="cardParamMap takes strings only")
    if any(len(name.encode()) > 100 for name in params):
        raise DingRefused("param.invalid", message="key over 100 bytes")
    if sum(len(name.encode()) + len(value.encode()) for name, value in params.items()) > _MOST_BYTES:
        raise DingRefused("param.invalid", message="card data over 100 KB")
    return params


def _spaces(text: Any) -> list[tuple[str, str]]:
    if not isinstance(text, str) or len(text) > 1000 or not text.startswith("dtv1.card//"):
        raise DingRefused("param.openSpaceIdInvalid")
    spaces = []
    for part in text.split(";"):
        found = _SPACE.fullmatch(part)
        if not found:
            raise DingRefused("param.openSpaceIdInvalid")
        spaces.append((found[1].upper(), found[2]))
    return spaces


def _buttons(text: str) -> list[dict[str, Any]]:
    """The variable is declared as an array: anything else leaves it empty."""
    try:
        buttons = orjson.loads(text or "[]")
    except orjson.JSONDecodeError:
        return []
    if not isinstance(buttons, list):
        return []
    return [button for button in buttons if isinstance(button, dict)]
