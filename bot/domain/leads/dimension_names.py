"""What people call the dimensions of a policy. The first name is the one shown; a new dimension is called as it is."""

from __future__ import annotations

from collections.abc import Mapping

NAMES: Mapping[str, tuple[str, ...]] = {
    "region_heat": ("区域", "区域热度", "地区", "地域"),
    "industry_fit": ("行业", "行业匹配", "行业匹配度", "擅长行业"),
    "deal_band": ("成交带宽", "带宽", "金额", "金额匹配", "客单价"),
    "pending_load": ("待跟进", "在手线索", "负荷", "负载", "待跟进量", "在跟线索"),
    "overdue_tasks": ("逾期任务", "逾期", "过期任务", "任务逾期"),
    "deals_this_week": ("本周成单", "本周成交", "本周签单", "成单"),
    "response_record": ("响应记录", "响应", "响应速度", "响应率", "历史响应"),
}


def shown_name(name: str) -> str:
    return NAMES[name][0] if name in NAMES else name
