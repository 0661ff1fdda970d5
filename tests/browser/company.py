"""A small state of the sandbox: who there is, and one of every kind of message."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

_START = datetime(2026, 2, 12, 0, 31, tzinfo=UTC)
_numbers = itertools.count(1)

PEOPLE = [
    ("YG010", "于丽娟", "销售", "杭州大区", "yulijuan", "0190063824"),
    ("YG008", "应蓉", "销售", "杭州大区", "yingrong", ""),
    ("YG003", "陈磊", "区域经理", "杭州大区", "chenlei", "dd_chenlei"),
    ("YG055", "徐刚", "客户成功", "华东", "xugang", "dd_xugang"),
    ("YG057", "崔爱珍", "财务", "全国", "", "dd_cuiaizhen"),
]
MENU = [
    {"type": "click", "name": "客户", "key": "menu.customer"},
    {"type": "click", "name": "拜访", "key": "menu.visit"},
    {"name": "更多", "sub_button": [
        {"type": "click", "name": "合同", "key": "menu.contract"},
        {"type": "click", "name": "待办", "key": "menu.todo"},
        {"type": "click", "name": "帮助", "key": "menu.help"},
    ]},
]  # fmt: skip
VISIT_FACE = {
    "card_type": "button_interaction",
    "task_id": "visit-BF26021200001",
    "source": {"desc": "拜访记录", "desc_color": 0},
    "main_title": {"title": "绿源超市(滨江店)", "desc": "请核对，点一下就记下"},
    "horizontal_content_list": [
        {"keyname": "日期", "value": "2月12日（今天）"},
        {"keyname": "方式", "value": "上门拜访"},
        {"keyname": "联系人", "value": "曹老板（曹婷）"},
        {"keyname": "金额", "value": "30,000 元"},
        {"keyname": "意向", "value": "高"},
        {"keyname": "下次跟进", "value": "2月18日（下周三）"},
    ],
    "sub_title_text": "谈了元宵堆头，大概3万，意向挺高",
    "button_list": [
        {"text": "确认", "style": 1, "key": "visit.confirm?visit_no=BF26021200001"},
        {"text": "修改", "style": 2, "key": "visit.correct?visit_no=BF26021200001"},
        {"text": "撤销", "style": 3, "key": "visit.undo?visit_no=BF26021200001"},
    ],
}
HISTORY_BODY = """**未付 12,480.00 元**，其中逾期 **3,200.00 元**（最久 17 天）

- 最近订单：2月6日 8,640.00 元，已签收
- 库存：大瓶椰汁 32 箱（安全库存 40，<font color="warning">偏低</font>）
- 上次拜访：2月10日 于丽娟，微信
- 约好：2月17日 补排面
- 投诉：无未结工单；上次评分 5 分

> 老板早上不接电话，下午三点后去"""


def wecom(kind: str, **parts: Any) -> dict[str, Any]:
    """One message on the rep's phone; `sender="bot"` unless told."""
    return _message("wecom", "yulijuan", kind, parts)


def dingtalk(kind: str, **parts: Any) -> dict[str, Any]:
    """One message on the manager's phone."""
    return _message("dingtalk", "dd_chenlei", kind, parts)


def _message(platform: str, user: str, kind: str, parts: dict[str, Any]) -> dict[str, Any]:
    number = next(_numbers)
    sender = parts.pop("sender", "bot")
    at = _START + timedelta(seconds=20 * number)
    base = {
        "id": f"m{number}",
        "platform": platform,
        "user": user,
        "from": sender,
        "at": at.isoformat(),
        "state": "sent",
    }
    return {**base, "kind": kind, **parts}


def button(text: str, action: str, colour: str = "gray", status: str = "normal", **params: str) -> dict[str, Any]:
    """One entry of a DingTalk card's button group."""
    event = {"type": "sendCardRequest", "params": {"actionId": action, "params": params}}
    return {"text": text, "color": colour, "status": status, "event": event}


def history_card(**changes: Any) -> dict[str, Any]:
    buttons = [
        button("全部订单", "history.orders", "blue", customer="KH0248"),
        button("全部拜访", "history.visits"),
        button("问业务员", "ask"),
    ]
    variables = {
        "title": "旺淘便利店(开发区店)",
        "body": HISTORY_BODY,
        "status": "数据截至 2月12日 08:30",
        "btns": buttons,
    }
    return {"out_track_id": "history-1", "vars": variables, "pending": False, **changes}


def wecom_card(face: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "task_id": face.get("task_id", ""),
        "face": face,
        "disabled": False,
        "replace_text": "",
        "chosen": "",
        **changes,
    }


def approval(number: int, *tasks: tuple[str, str, str], **changes: Any) -> dict[str, Any]:
    """One of DingTalk's own approvals, submitted by customer success; a task is (user, status, result)."""
    began = (_START + timedelta(minutes=number)).isoformat()
    return {
        "instance_id": f"oa-{number}",
        "process_code": "PROC-SALESBOT-CONTRACT",
        "business_id": f"20260212083100000{number:04d}",
        "title": "徐刚提交的合同审批",
        "originator": "dd_xugang",
        "status": "RUNNING",
        "result": "",
        "created_at": began,
        "finished_at": None,
        "form": {
            "审批编号": f"SP2602120{number}",
            "客户": "绿源超市(滨江店)",
            "合同类型": "年框",
            "合同金额（元）": "360000.00",
            "折扣率": "88%",
            "期限（月）": "12",
            "非标说明": "",
            "风险提示": "折扣低于底线 90%\n近半年逾期 1 次，最长 17 天",
        },
        "steps": [
            {"action_type": "OR", "users": ["dd_chenlei", "dd_cuiaizhen"]},
            {"action_type": "NONE", "users": ["dd_cuiaizhen"]},
        ],
        "tasks": [
            {
                "task_id": number * 100 + index,
                "user": user,
                "step": 0,
                "status": status,
                "result": result,
                "remark": "同意，请按账期收款" if result == "AGREE" else "",
                "created_at": began,
                "finished_at": began if result else None,
            }
            for index, (user, status, result) in enumerate(tasks)
        ],
        "comments": [],
        **changes,
    }


def state(
    *messages: dict[str, Any], wire: list[dict[str, Any]] | None = None, oa: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """What /sandbox/state answers."""
    phones: dict[str, list[dict[str, Any]]] = {}
    for message in messages:
        phones.setdefault(f"{message['platform']}:{message['user']}", []).append(message)
    names = ("employee_no", "name", "role", "region", "wecom", "dingtalk")
    return {
        "people": [dict(zip(names, person, strict=True)) for person in PEOPLE],
        "phones": phones,
        "oa": oa or [],
        "wire": wire or [],
        "menus": {"wecom": MENU},
        "clock": {"now": "2026-02-12T08:41:00+08:00", "offset_seconds": 0},
        "bot": {"reachable": True, "connections": 1},
    }


def call(number: int, what: str, **parts: Any) -> dict[str, Any]:
    """One exchange on the wire."""
    base = {
        "id": number,
        "at": "2026-02-12T00:40:12.120+00:00",
        "platform": "wecom",
        "direction": "from_bot",
        "attempt": 1,
    }
    return {
        **base,
        "what": what,
        "status": "200",
        "ms": 12.4,
        "note": "",
        "detail": {"request": {}, "response": {}},
        **parts,
    }
