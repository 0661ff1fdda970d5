"""Finding approvals by template, time and originator (protocols/dingtalk.md 7.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.ding_refusals import DingRefused
from bot.sandbox.oa_instances import Instance

_DAY_MS = 86_400_000
_LONGEST_SPAN_DAYS = 120
_OLDEST_DAYS = 365
_STATUSES = frozenset({"RUNNING", "TERMINATED", "COMPLETED", "CANCELED", "NEW"})
_MOST_IDS = 10_000
_START = "invalidInstanceListIdsStartTime"


def find_ids(instances: Sequence[Instance], body: dict[str, Any], *, now_ms: int) -> tuple[list[str], str]:
    """One page of ids in order of creation, and the next page's token, "" after the last.

    Args:
        body: the request; its processCode is known to exist.

    Raises:
        DingRefused: a field is missing or beyond its limit.
    """
    begin, end = _span(body, now_ms)
    token = _whole(body, "nextToken", range(_MOST_IDS + 1), "invalidNextToken")
    size = _whole(body, "maxResults", range(1, 21), "invalidMaxResults")
    users = _texts(body, "userIds", "invalidUserIds")
    if users is not None and not 1 <= len(users) <= 10:
        raise DingRefused("invalidUserIds")
    statuses = _texts(body, "statuses", "invalidParameter")
    if not set(statuses or ()) <= _STATUSES:
        raise DingRefused("invalidParameter", message="statuses")
    found = [
        instance.id
        for instance in instances
        if instance.process_code == body["processCode"]
        and begin <= int(instance.created * 1000) <= end  # whole milliseconds, as the request has them
        and (not users or instance.originator in users)
        and (not statuses or instance.status in statuses)
    ][:_MOST_IDS]
    following = token + size
    return found[token:following], str(following) if following < len(found) else ""


def _span(body: dict[str, Any], now_ms: int) -> tuple[int, int]:
    begin = _whole(body, "startTime", range(now_ms - _OLDEST_DAYS * _DAY_MS, now_ms + 1), _START)
    end = now_ms
    if body.get("endTime") is not None:
        end = _whole(body, "endTime", range(begin, begin + _LONGEST_SPAN_DAYS * _DAY_MS + 1), "invalidEndTime")
    elif end - begin > _LONGEST_SPAN_DAYS * _DAY_MS:
        raise DingRefused("invalidEndTime", message="查询的时间跨度不能超过120天")
    return begin, end


def _whole(body: dict[str, Any], name: str, within: range, code: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value not in within:
        raise DingRefused(code)
    return value


def _texts(body: dict[str, Any], name: str, code: str) -> list[str] | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise DingRefused(code)
    return value
