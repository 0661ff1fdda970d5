"""How WeCom says no: HTTP 200 with an errcode (protocols/wecom.md 0, 12)."""

from __future__ import annotations

import time

from bot.sandbox.wire import Answer

_WORDS = {
    -1: "system busy",
    40001: "invalid credential",
    40003: "invalid userid",
    40004: "invalid media type",
    40005: "invalid file type",
    40006: "invalid file size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40011: "invalid video size",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40031: "invalid userid list",
    40032: "invalid userid list length",
    40033: "invalid request characters, use utf-8 instead of \\uxxxx",
    40035: "invalid parameter",
    40054: "invalid sub menu url domain",
    40055: "invalid menu url domain",
    40056: "invalid agentid",
    40058: "invalid request parameter",
    40063: "some parameters are empty",
    40096: "invalid external userid",
    41001: "access_token missing",
    41004: "corpsecret missing",
    41006: "media_id missing",
    41009: "userid missing",
    41016: "title missing",
    42001: "access_token expired",
    42014: "invalid task_id",
    42015: "card updated by a wrong app",
    42016: "task_id does not exist",
    42017: "invalid button list",
    42022: "response_code already used",
    42027: "invalid horizontal keyname",
    42028: "invalid url",
    42029: "invalid horizontal media_id",
    42030: "invalid appid",
    42031: "invalid card_type",
    42033: "invalid title",
    42035: "invalid horizontal_content_list size",
    42036: "invalid vertical_content_list size",
    42037: "invalid option_list size",
    42038: "invalid button text",
    42039: "invalid button key",
    42040: "invalid option id",
    42041: "invalid option text",
    42042: "invalid jump_list size",
    42043: "invalid question_key",
    42044: "invalid card_image url",
    42045: "invalid card_action",
    42046: "invalid submit_button key",
    42047: "invalid select_list size",
    42049: "invalid submit_button text",
    42050: "invalid horizontal userid",
    42051: "duplicate action_menu key",
    42052: "msgid expired",
    43012: "callback url required",
    44001: "empty media data",
    44004: "text content is empty",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45007: "voice length out of limit",
    45008: "article count out of limit",
    45009: "api freq out of limit",
    45032: "author length out of limit",
    46003: "menu does not exist",
    46004: "user does not exist",
    60020: "not allow to access from your ip",
    60103: "invalid mobile format",
    60111: "userid not found",
    81013: "user & party & tag all invalid",
    82001: "user & party & tag all empty",
    82002: "party list too long",
    82003: "tag list too long",
    84061: "no external contact relation",
    301002: "agentid not match",
    830002: "file too large, use range",
}


class Refused(Exception):
    """The platform says no with this errcode; `detail` goes into errmsg, which nobody may parse."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail


def refusal(code: int, detail: str = "", ip: str = "") -> Answer:
    """The answer with hint and address as the platform decorates it."""
    words = " ".join(part for part in (_WORDS.get(code, "error"), detail) if part)
    hint = f"{words}, hint: [{time.time_ns()}], from ip: {ip or '127.0.0.1'}"
    more = f"more info at https://open.work.weixin.qq.com/devtool/query?e={code}"
    return Answer.json({"errcode": code, "errmsg": f"{hint}, {more}"})
