"""Who somebody is: the old host's contact calls, exempt from the monthly quota (protocols/dingtalk.md 8.1-8.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.channels.dingtalk.api import Api

NOT_THERE = frozenset({"60121", "33012", "40104", "50002"})  # unknown, malformed, or out of the app's contact scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member as the directory has it; empty where the app lacks the permission."""

    user_id: str
    name: str = ""
    mobile: str = ""
    union_id: str = ""
    title: str = ""
    job_number: str = ""
    active: bool = True


class Contacts:
    """Look-ups by mobile, by user id and by union id. None = nobody, or nobody the app may see."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def user_id_by_mobile(self, mobile: str) -> str | None:
        """The userId of the member with this mobile number."""
        result = await self._ask("/topapi/v2/user/getbymobile", {"mobile": mobile})
        return _word(result, "userid") or None

    async def user_id_by_union_id(self, union_id: str) -> str | None:
        """The userId behind a unionId; external contacts (contact_type 1) are nobody of ours."""
        result = await self._ask("/topapi/user/getbyunionid", {"unionid": union_id})
        return None if _word(result, "contact_type") == "1" else _word(result, "userid") or None

    async def member(self, user_id: str) -> Member | None:
        """Name, mobile and union id, as far as permitted."""
        result = await self._ask("/topapi/v2/user/get", {"userid": user_id, "language": "zh_CN"})
        if not _word(result, "userid"):
            return None
        return Member(
            user_id=_word(result, "userid"),
            name=_word(result, "name"),
            mobile=_word(result, "mobile"),
            union_id=_word(result, "unionid"),
            title=_word(result, "title"),
            job_number=_word(result, "job_number"),
            active=_word(result, "active").lower() != "false",
        )

    async def _ask(self, path: str, body: Mapping[str, str]) -> Mapping[str, Any]:
        answer = await self._api.old(path, api="contacts", json=body)
        if answer.problem is not None:
            if answer.problem.code in NOT_THERE:
                return {}
            raise self._api.refused(answer, idempotent=True)
        result = answer.data.get("result")
        return result if isinstance(result, dict) else {}


def _word(result: Mapping[str, Any], key: str) -> str:
    """Samples show numbers and booleans both bare and as strings (8.1)."""
    value = result.get(key)
    return "" if value is None else str(value).strip()
