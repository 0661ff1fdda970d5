"""What the page of phones calls. The JSON is described at the top of bot/sandbox/app.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import orjson
from fastapi import APIRouter, Body, File, Form, HTTPException, UploadFile
from fastapi.responses import Response, StreamingResponse

from bot.sandbox.faults import CannotDecide, CannotTap

if TYPE_CHECKING:
    from bot.sandbox.app import Sandbox

_KEEP_ALIVE_SECONDS = 15
_PROBE_SECONDS = 1.0
_MESSAGES = 500
_APPROVALS = 200

JsonBody = Annotated[dict[str, Any], Body()]
Upload = Annotated[UploadFile, File()]
Field = Annotated[str, Form()]


def page_routes(sandbox: Sandbox) -> APIRouter:
    """All of /sandbox/…"""
    router = APIRouter(prefix="/sandbox")
    _watching(router, sandbox)
    _speaking(router, sandbox)
    _sending_files(router, sandbox)
    _approving(router, sandbox)
    _training(router, sandbox)
    return router


def _watching(router: APIRouter, sandbox: Sandbox) -> None:
    world = sandbox.world

    @router.get("/state")
    async def state() -> Response:
        reachable, clock = await asyncio.gather(bot_reachable(sandbox), read_clock(sandbox))
        body = {
            "people": [
                {name: getattr(person, name) for name in ("employee_no", "name", "role", "region", "wecom", "dingtalk")}
                for person in sandbox.config.people
            ],
            "groups": [
                {"id": group.conversation_id, "title": group.title, "members": group.members}
                for group in sandbox.config.groups
            ],
            "phones": {
                f"{platform}:{user}": [message.as_json() for message in shown[-_MESSAGES:]]
                for (platform, user), shown in world.phones.items()
            },
            "oa": sandbox.dingtalk.oa_instances()[-_APPROVALS:],
            "wire": list(world.wire)[-200:],
            "menus": {"wecom": sandbox.wecom.menu},
            "clock": clock,
            "bot": {"reachable": reachable, "connections": sandbox.dingtalk.connections},
        }
        return Response(orjson.dumps(body), media_type="application/json")

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(
            _events(sandbox), media_type="text/event-stream", headers={"cache-control": "no-store"}
        )

    @router.get("/files/{identifier}")
    async def download(identifier: str) -> Response:
        stored = world.file(identifier)
        if stored is None:
            raise HTTPException(404, "没有这个文件")
        safe = stored.type if stored.type.startswith(("image/png", "image/jpeg", "image/gif")) else ""
        headers = {"x-content-type-options": "nosniff", "content-security-policy": "sandbox"}
        return Response(stored.body, media_type=safe or "application/octet-stream", headers=headers)


async def _events(sandbox: Sandbox) -> AsyncIterator[bytes]:
    async with sandbox.world.listening() as queue:
        yield b": hello\n\n"
        while not sandbox.closing.is_set():
            try:
                event, data = await asyncio.wait_for(queue.get(), _KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if event == "close":
                return
            yield b"event: " + event.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


def _speaking(router: APIRouter, sandbox: Sandbox) -> None:
    wecom, dingtalk = sandbox.wecom, sandbox.dingtalk

    @router.post("/say")
    async def say(body: JsonBody) -> dict[str, Any]:
        user, text = _user(sandbox, body), _text(body, "text")
        if body["platform"] == "wecom":
            return (await wecom.says(user, text, wait=False)).as_json()
        return (await dingtalk.says(user, text, group=body.get("group") or None, wait=False)).as_json()

    @router.post("/tap")
    async def tap(body: JsonBody) -> dict[str, bool]:
        user, message_id = _user(sandbox, body), str(body.get("message_id") or "")
        try:
            if body["platform"] == "wecom":
                await wecom.taps(
                    user, _text(body, "key"), card=message_id or None, selected=body.get("selected"), wait=False
                )
            else:
                await dingtalk.taps(
                    user,
                    _text(body, "action"),
                    text=str(body.get("text") or ""),
                    card=message_id or None,
                    params=body.get("params"),
                    wait=False,
                )
        except CannotTap as error:
            raise HTTPException(409, str(error)) from error
        return {"ok": True}

    @router.post("/menu")
    async def menu(body: JsonBody) -> dict[str, bool]:
        try:
            await wecom.clicks_menu(_user(sandbox, {**body, "platform": "wecom"}), _text(body, "key"), wait=False)
        except CannotTap as error:
            raise HTTPException(409, str(error)) from error
        return {"ok": True}

    @router.post("/enter")
    async def enter(body: JsonBody) -> dict[str, bool]:
        user = _user(sandbox, body)
        if body["platform"] == "wecom":
            await wecom.enters(user, wait=False)
        return {"ok": True}

    @router.post("/location")
    async def location(body: JsonBody) -> dict[str, Any]:
        user = _user(sandbox, body)
        if body["platform"] != "wecom":
            raise HTTPException(409, "钉钉机器人收不到位置")
        try:
            latitude, longitude = float(body["lat"]), float(body["lng"])
        except (KeyError, TypeError, ValueError) as error:
            raise HTTPException(422, "lat 和 lng 要填数字") from error
        message = await wecom.sends_location(user, latitude, longitude, str(body.get("label") or ""), wait=False)
        return message.as_json()

    @router.post("/voice")
    async def voice(body: JsonBody) -> dict[str, Any]:
        user, text = _user(sandbox, body), str(body.get("text") or "")
        seconds = max(1, min(60, int(body.get("seconds") or 3)))
        if body["platform"] == "wecom":
            return (await wecom.sends_voice(user, None, seconds, text=text, wait=False)).as_json()
        return (await dingtalk.sends_voice(user, text, seconds, wait=False)).as_json()


def _sending_files(router: APIRouter, sandbox: Sandbox) -> None:
    wecom, dingtalk = sandbox.wecom, sandbox.dingtalk

    @router.post("/photo")
    async def photo(platform: Field, user: Field, file: Upload) -> dict[str, Any]:
        known = _user(sandbox, {"platform": platform, "user": user})
        data = await file.read()
        if platform == "wecom":
            return (await wecom.sends_image(known, data, file.filename or "photo.jpg", wait=False)).as_json()
        return (await dingtalk.sends_picture(known, data, file.filename or "photo.jpg", wait=False)).as_json()

    @router.post("/file")
    async def document(platform: Field, user: Field, file: Upload) -> dict[str, Any]:
        known = _user(sandbox, {"platform": platform, "user": user})
        if platform == "wecom":
            raise HTTPException(409, "企业微信应用收不到文件")
        return (await dingtalk.sends_file(known, await file.read(), file.filename or "file", wait=False)).as_json()


def _approving(router: APIRouter, sandbox: Sandbox) -> None:
    dingtalk = sandbox.dingtalk

    @router.post("/decide")
    async def decide(body: JsonBody) -> dict[str, bool]:
        agree = body.get("agree")
        if not isinstance(agree, bool):
            raise HTTPException(422, "agree 要填 true 或 false")
        return await _moved(dingtalk.oa_decides(*_approval(sandbox, body), agree, _remark(body), wait=False))

    @router.post("/transfer")
    async def transfer(body: JsonBody) -> dict[str, bool]:
        user, instance_id = _approval(sandbox, body)
        heir = _user(sandbox, {"platform": "dingtalk", "user": body.get("to_user")})
        return await _moved(dingtalk.oa_transfers(user, instance_id, heir, _remark(body), wait=False))

    @router.post("/revoke")
    async def revoke(body: JsonBody) -> dict[str, bool]:
        return await _moved(dingtalk.oa_revokes(*_approval(sandbox, body), wait=False))


async def _moved(moving: Awaitable[None]) -> dict[str, bool]:
    try:
        await moving
    except CannotDecide as error:
        raise HTTPException(409, str(error)) from error
    except LookupError as error:
        raise HTTPException(404, "没有这个审批") from error
    return {"ok": True}


def _approval(sandbox: Sandbox, body: dict[str, Any]) -> tuple[str, str]:
    return _user(sandbox, {**body, "platform": "dingtalk"}), _text(body, "instance_id")


def _remark(body: dict[str, Any]) -> str:
    return str(body.get("remark") or "")[:1024]


def _training(router: APIRouter, sandbox: Sandbox) -> None:
    @router.post("/clock")
    async def clock(body: JsonBody) -> dict[str, Any]:
        if not sandbox.config.demo_clock_url:
            raise HTTPException(409, "这里没有可以拨动的时钟")
        wanted = {name: body[name] for name in ("to", "plus_seconds") if name in body}
        try:
            answer = await sandbox.http.post(sandbox.config.demo_clock_url, json=wanted, timeout=60)
        except httpx.HTTPError as error:
            raise HTTPException(502, "机器人没有应答") from error
        if answer.status_code >= 400:
            raise HTTPException(answer.status_code, answer.text[:500])
        now = await read_clock(sandbox) or {}
        sandbox.world.tell("clock", now)
        return now

    @router.post("/fault")
    async def fault(body: JsonBody) -> dict[str, bool]:
        server = {"wecom": sandbox.wecom, "dingtalk": sandbox.dingtalk}.get(str(body.get("platform")))
        if server is None:
            raise HTTPException(422, "platform 要填 wecom 或 dingtalk")
        try:
            await server.misbehave(
                str(body.get("what")), {k: v for k, v in body.items() if k not in ("platform", "what")}
            )
        except (KeyError, TypeError, ValueError) as error:
            raise HTTPException(422, f"不认识的故障：{body.get('what')}") from error
        return {"ok": True}


async def read_clock(sandbox: Sandbox) -> dict[str, Any] | None:
    """The bot's business clock, or None when there is none or it does not answer."""
    if not sandbox.config.demo_clock_url:
        return None
    try:
        answer = await sandbox.http.get(sandbox.config.demo_clock_url, timeout=_PROBE_SECONDS)
        text = str(answer.json()["now"])
        now = datetime.fromisoformat(text)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None
    offset = (now - datetime.now(UTC)).total_seconds() if now.tzinfo else 0.0
    return {"now": text, "offset_seconds": round(offset)}


async def bot_reachable(sandbox: Sandbox) -> bool:
    """Whether anything answers where the bot should listen."""
    if sandbox.dingtalk.connections:
        return True
    if not sandbox.config.bot_url:
        return False
    try:
        await sandbox.bot.get(sandbox.config.bot_url + "/healthz", timeout=_PROBE_SECONDS)
    except httpx.HTTPError:
        return False
    return True


def _user(sandbox: Sandbox, body: dict[str, Any]) -> str:
    """The account as the console spells it."""
    platform, user = body.get("platform"), str(body.get("user") or "")
    if platform not in ("wecom", "dingtalk"):
        raise HTTPException(422, "platform 要填 wecom 或 dingtalk")
    person = sandbox.config.on_wecom(user) if platform == "wecom" else sandbox.config.on_dingtalk(user)
    if person is None:
        raise HTTPException(404, "没有这个人")
    return person.wecom if platform == "wecom" else person.dingtalk


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise HTTPException(422, f"{name} 不能为空")
    return value
