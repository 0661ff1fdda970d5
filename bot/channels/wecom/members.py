"""Who is who (protocols/wecom.md 7). Read-only: the bot never changes a member."""

from __future__ import annotations

import re
from typing import Any

from bot.channels.base import Limit
from bot.channels.wecom import codes
from bot.channels.wecom.api import WeComApi
from bot.errors import ChannelRejected, RateLimited

MISS_SECONDS = 24 * 3600.0  # misses above a fifth of the corp's size block the API for a day: ask once a day
_MOBILE = re.compile(r"\+?\d{5,31}")


async def userid_by_mobile(api: WeComApi, mobile: str) -> str | None:
    """The member with this mobile number, or None. A miss is remembered for a day by all processes.

    Raises:
        RateLimited: too many look-ups in a short time, ours or the platform's count.
    """
    mobile = re.sub(r"[\s-]", "", mobile)
    if not _MOBILE.fullmatch(mobile):
        return None
    missed = f"{api.key}:no-mobile:{api.secret_digest(mobile)}"
    if await api.limiter.take((Limit(missed, 100, 60),)):
        return None
    if wait := await api.limiter.take((Limit(f"{api.key}:user/getuserid", 60, 60),)):
        raise RateLimited("按手机号查成员过于频繁", retry_after_seconds=wait)
    try:
        answer = await api.post("user/getuserid", {"mobile": mobile}, reads=True)
    except ChannelRejected as error:
        if error.code == "46004":
            await api.limiter.pause(missed, MISS_SECONDS)
            return None
        raise
    return str(answer.get("userid") or "") or None


async def user(api: WeComApi, userid: str) -> dict[str, Any] | None:
    """What user/get says of a member; None when there is none, or none that the app may see."""
    try:
        return await api.get("user/get", userid=userid)
    except ChannelRejected as error:
        if error.code in {str(code) for code in codes.USER_UNKNOWN}:
            return None
        raise
