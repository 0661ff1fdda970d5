"""Events of HTTP mode, and what an event about an OA approval is good for (protocols/dingtalk.md 3.2, 7.9). Pure."""

from __future__ import annotations

import hashlib
from datetime import datetime

from bot.channels.dingtalk.frames import json_object
from bot.channels.dingtalk.normalize import event
from bot.messages import ChannelName, InboundMessage

CHECK_URL = "check_url"
OA_EVENTS = frozenset({"bpms_instance_change", "bpms_task_change"})


def http_event(message: bytes, *, app_id: str, received_at: datetime) -> InboundMessage:
    """An event as HTTP mode has it: what it is and its own fields side by side, in whatever case.

    Raises:
        BadInput: not a JSON object.
    """
    data = json_object(message)
    told = {key.lower(): value for key, value in data.items()}
    headers = {
        "eventType": told.get("eventtype"),
        "eventId": str(told.get("eventid") or "").strip() or hashlib.sha256(message).hexdigest(),  # old ones have none
        "eventBornTime": told.get("eventtime") or told.get("timestamp"),
        "eventCorpId": told.get("corpid"),
    }
    return event(data, headers, app_id=app_id, received_at=received_at)


def oa_event(message: InboundMessage, *, process_code: str) -> str | None:
    """The processInstanceId when something happened to an approval of our template, else None.

    Only a hint to read the instance: events come late, twice, in any order, and for all templates of the company.
    """
    if message.channel is not ChannelName.DINGTALK or message.event not in OA_EVENTS or not process_code:
        return None
    told = {key.lower(): value for key, value in message.fields.items()}
    instance_id = told.get("processinstanceid")
    if told.get("processcode") != process_code or not isinstance(instance_id, str):
        return None
    return instance_id.strip() or None
