"""Words about photos, places and voice notes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from bot.cards.common import plain, short_day
from bot.cards.visits import UNKNOWN_CUSTOMER

KIND_NAMES: Mapping[str, str] = {"image": "照片", "voice": "录音", "video": "视频", "file": "文件", "location": "定位"}


def _what(kinds: Mapping[str, int]) -> str:
    return "、".join(
        f"{count} 张照片" if kind == "image" and count > 1 else KIND_NAMES.get(kind, "文件")
        for kind, count in kinds.items()
    )


def attached(kinds: Mapping[str, int], customer_name: str, on: date) -> str:
    """`照片已附到 绿源超市(滨江店) 2月12日的拜访`."""
    return f"{_what(kinds)}已附到 {plain(customer_name) or UNKNOWN_CUSTOMER} {short_day(on)}的拜访"


def held(kinds: Mapping[str, int]) -> str:
    return f"{_what(kinds)}收到，先留着。十分钟内说一句拜访情况，就会附到那次拜访上。"


def voice_held() -> str:
    """No speech-to-text: ask for a line, which then becomes the visit."""
    return "录音收到，先留着，但我听不了内容。请打一行字：哪家客户、谈了什么，录音会附在那次拜访上。"


def voice_not_understood() -> str:
    return "这段录音没听清，录音已留着。请打一行字：哪家客户、谈了什么，我会把录音附上。"


def lost(kind: str) -> str:
    return f"{KIND_NAMES.get(kind, '文件')}没能从平台取下来（可能已过期），请再发一次。"
