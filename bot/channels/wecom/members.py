"""Who is who (protocols/wecom.md 7). Read-only: the bot never changes a member."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class ExternalContact:
    """Somebody outside who is a contact of ours, with what the member who added them noted."""

    name: str
    company: str = ""
    mobiles: tuple[str, ...] = ()
    remark: str = ""


async def external_contact(api: WeComApi, external_userid: str, userid: str) -> ExternalContact | None:
    """What externalcontact/get says, with the notes of `userid`; None for somebody who is nobody's contact (any more).

    Raises:
        ChannelMisconfigured, ChannelRejected: the app may not ask, or not about this member's contacts.
    """
    cursor: dict[str, str] = {}
    while True:
        try:
            answer = await api.get("externalcontact/get", external_userid=external_userid, **cursor)
        except ChannelRejected as error:
            if error.code in {str(code) for code in codes.CONTACT_UNKNOWN}:
                return None
            raise
        face = answer.get("external_contact") or {}
        notes = [each for each in answer.get("follow_user") or () if _same_login(each.get("userid"), userid)]
        following = str(answer.get("next_cursor") or "")
        if notes or not following:  # a page holds 500 of those who follow
            return _contact(face, notes[0] if notes else {})
        cursor = {"cursor": following}


def _contact(face: Mapping[str, Any], noted: Mapping[str, Any]) -> ExternalContact:
    companies = (noted.get("remark_corp_name"), face.get("corp_full_name"), face.get("corp_name"))
    return ExternalContact(
        name=str(face.get("name") or ""),
        company=next((str(company) for company in companies if company), ""),
        mobiles=tuple(str(mobile) for mobile in noted.get("remark_mobiles") or () if mobile),
        remark=str(noted.get("remark") or ""),
    )


def _same_login(one: object, other: str) -> bool:
    return str(one or "").casefold() == other.casefold()


async def user(api: WeComApi, userid: str) -> dict[str, Any] | None:
    """What user/get says of a member; None when there is none, or none that the app may see."""
    try:
        return await api.get("user/get", userid=userid)
    except ChannelRejected as error:
        if error.code in {str(code) for code in codes.USER_UNKNOWN}:
            return None
        raise
