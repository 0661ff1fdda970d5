"""The old host's address book as far as the bot asks for it (protocols/dingtalk.md 8)."""

from __future__ import annotations

import re
from typing import Any

import orjson

from bot.sandbox.config import Person, SandboxConfig
from bot.sandbox.ding_refusals import OldRefused
from bot.sandbox.wire import Answer, Call

_ROOT = 1


class DingPeople:
    """Everybody stands in the root department."""

    def __init__(self, config: SandboxConfig) -> None:
        self._people = [person for person in config.people if person.dingtalk]

    async def by_mobile(self, call: Call) -> Answer:
        mobile = str(_body(call).get("mobile") or "")
        if not re.fullmatch(r"\+?[\d\-]{5,20}", mobile):
            raise OldRefused(40104)
        person = next((person for person in self._people if person.mobile and person.mobile == mobile), None)
        if person is None:
            raise OldRefused(60121)
        return _result({"userid": person.dingtalk})

    async def get(self, call: Call) -> Answer:
        userid = _body(call).get("userid")
        if not userid:
            raise OldRefused(33012)
        person = next((person for person in self._people if person.dingtalk == userid), None)
        if person is None:
            raise OldRefused(60121)
        return _result(_profile(person))

    async def by_union_id(self, call: Call) -> Answer:
        union_id = _body(call).get("unionid")
        person = next((person for person in self._people if person.union_id == union_id), None)
        if person is None:
            raise OldRefused(60121)
        return _result({"contact_type": 0, "userid": person.dingtalk})

    async def sub_departments(self, call: Call) -> Answer:
        _department(_body(call))
        return _result([])

    async def list(self, call: Call) -> Answer:
        body = _body(call)
        _department(body)
        cursor, size = _number(body.get("cursor"), 0, 40068), _number(body.get("size"), 100, 40069)
        if not 1 <= size <= 100:
            raise OldRefused(40069)
        page = [_profile(person) for person in self._people[cursor : cursor + size]]
        more = cursor + size < len(self._people)
        result: dict[str, Any] = {"has_more": more, "list": page}
        return _result({**result, "next_cursor": cursor + size} if more else result)


def _number(value: Any, default: int, code: int) -> int:
    """A number, also one that came as text out of a form."""
    if value is None:
        return default
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,9}", str(value)):
        raise OldRefused(code)
    return int(value)


def _department(body: dict[str, Any]) -> None:
    if str(body.get("dept_id") or _ROOT) != str(_ROOT):
        raise OldRefused(60003)


def _profile(person: Person) -> dict[str, Any]:
    return {
        "userid": person.dingtalk,
        "unionid": person.union_id,
        "name": person.name,
        "mobile": person.mobile,
        "title": person.role,
        "dept_id_list": [_ROOT],
        "leader_in_dept": [{"dept_id": _ROOT, "leader": False}],
        "active": True,
        "admin": person.role == "管理员",
        "boss": False,
    }


def _body(call: Call) -> dict[str, Any]:
    """JSON or a form, both are taken."""
    try:
        value = orjson.loads(call.body or b"{}")
    except orjson.JSONDecodeError:
        value = call.form()
    if not isinstance(value, dict):
        raise OldRefused(40035)
    return value


def _result(result: Any) -> Answer:
    return Answer.json({"errcode": 0, "errmsg": "ok", "result": result, "request_id": "sandbox"})
