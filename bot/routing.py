"""Where a push goes: 销售 to WeCom, everybody else to DingTalk, the other where that is missing (interface.md)."""

from __future__ import annotations

from collections.abc import Collection

from bot.domain.people import Employee, Role
from bot.messages import Account, ChannelName


def push_account(employee: Employee, *, enabled: Collection[ChannelName]) -> Account | None:
    """The account to push to, or None when the person has none on a channel that is switched on."""
    accounts = {ChannelName.WECOM: employee.wecom_user, ChannelName.DINGTALK: employee.dingtalk_user}
    first = ChannelName.WECOM if employee.role is Role.REP else ChannelName.DINGTALK
    for channel in (first, first.other):
        if accounts[channel] and channel in enabled:
            return Account(channel, accounts[channel])
    return None
