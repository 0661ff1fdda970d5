"""Who is who: strangers, 绑定 with a code on the other platform, people who left."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.cards import help as help_words
from bot.cards import identity as words
from bot.domain.people import Employee
from bot.messages import Account, ChannelName, InboundMessage, Kind, Text
from bot.router import Router
from handlers.context import Context
from handlers.which_lead import lead_desk
from store.identity import BindCodes, Seen

router = Router[Context]()

CODES_PER_HOUR = 3  # per login that asks
CODES_PER_EMPLOYEE_A_DAY = 6
ANSWERS_PER_HOUR = 20  # to one stranger; then silence
_HOUR, _DAY = 3600, 86400
_BIND = re.compile(r"(?:绑定|bind)\s*(.*)", re.IGNORECASE | re.DOTALL)
_CODE = re.compile(r"\d{6}")


async def serve_stranger(
    message: InboundMessage, ctx: Context, dialogue: tuple[str, Mapping[str, str]] | None = None
) -> None:
    """Everything an unknown sender gets: how to bind, the check of a code, and no data. Events of leavers too."""
    if message.kind is Kind.EVENT:
        if message.event in _LEAVING:
            await left(message, ctx)
        return
    seen = Seen(ctx.uow.connection)
    key = message.sender.key
    if message.kind is Kind.ENTER:
        if await seen.first(f"welcome:{key}", seconds=_DAY):
            ctx.reply(words.stranger())
        return
    if not message.sender.user_id or await seen.count(f"stranger:{key}", seconds=_HOUR) > ANSWERS_PER_HOUR:
        return
    if await _worth_matching(ctx, message, seen):
        ctx.defer("match_stranger", inbox_id=ctx.uow.outbox.inbox_id, channel=message.channel.value)
        return
    text = message.text.strip() if message.kind in (Kind.TEXT, Kind.MENU) else ""
    wish = _BIND.fullmatch(text)
    typed = wish[1].strip() if wish else text
    if (wish or _CODE.fullmatch(text)) and message.in_group:
        ctx.reply(words.not_in_group())
    elif _CODE.fullmatch(typed):
        await _check(ctx, message.sender, typed)
    elif wish:
        await _send_code(ctx, message.sender, typed, seen)
    else:
        ctx.reply(words.stranger())


async def _worth_matching(ctx: Context, message: InboundMessage, seen: Seen) -> bool:
    """Once a day per login, while somebody of the roster has no login here: their mobile number may tell."""
    missing = any(
        item.active and item.mobile and not _login(item, message.channel) for item in ctx.directory.employees()
    )
    if not missing or ctx.uow.outbox.inbox_id is None:
        return False
    return await seen.first(f"matching:{message.sender.key}", seconds=_DAY)


def _login(employee: Employee, channel: ChannelName) -> str:
    return employee.wecom_user if channel is ChannelName.WECOM else employee.dingtalk_user


async def _send_code(ctx: Context, account: Account, who: str, seen: Seen) -> None:
    """A code to the named employee's account on the other platform."""
    if not who:
        ctx.reply(words.how_to_bind())
        return
    named = _named(ctx, who)
    if len(named) > 1:
        ctx.reply(words.namesakes())
        return
    target = _other_account(ctx, named[0], account) if named else None
    if target is None:
        ctx.audit("account.bind_refused", subject=named[0].employee_no if named else "", account=account.key)
        ctx.reply(words.ask_administrator())
        return
    employee = named[0]
    by_login = await seen.count(f"codes:{account.key}", seconds=_HOUR)
    by_employee = await seen.count(f"codes:{employee.employee_no}", seconds=_DAY)
    if by_login > CODES_PER_HOUR or by_employee > CODES_PER_EMPLOYEE_A_DAY:
        ctx.audit("account.bind_throttled", subject=employee.employee_no, account=account.key)
        ctx.reply(words.too_many_codes())
        return
    digits = await BindCodes(ctx.uow.connection).issue(account, employee.employee_no)
    _push(ctx, target, words.code(digits, account.channel))
    ctx.audit("account.code_sent", subject=employee.employee_no, account=account.key, to=target.key)
    ctx.reply(words.code_sent(target.channel))


async def _check(ctx: Context, account: Account, typed: str) -> None:
    """A wrong code is answered, never raised: its try has to stay counted."""
    checked = await BindCodes(ctx.uow.connection).check(account, typed)
    employee = ctx.directory.employee(checked.employee_no)
    if not checked.pending:
        ctx.reply(words.no_code())
    elif employee is None or not employee.active:
        ctx.audit("account.wrong_code", account=account.key)
        ctx.reply(words.wrong_code(checked.tries_left))
    else:
        await ctx.uow.accounts.bind(account, employee.employee_no, how="code")
        ctx.audit("account.bound", subject=employee.employee_no, account=account.key, how="code")
        ctx.reply(words.bound(employee))
        if (other := _other_account(ctx, employee, account)) is not None:
            _push(ctx, other, words.bound_elsewhere(account.channel))


def _named(ctx: Context, who: str) -> list[Employee]:
    """Active employees of that number or exactly that name."""
    wanted = who.strip().casefold()
    return [
        item
        for item in ctx.directory.employees()
        if item.active and wanted in (item.employee_no.casefold(), item.name.strip().casefold())
    ]


def _other_account(ctx: Context, employee: Employee, asking: Account) -> Account | None:
    """The employee's login on the platform that was not used for asking, if that platform is switched on."""
    other = asking.channel.other
    user = _login(employee, other)
    return Account(other, user) if user and other in ctx.channels else None


def _push(ctx: Context, account: Account, sentence: str) -> None:
    ctx.uow.outbox.put(
        Text(text=sentence), channel=ctx.channels[account.channel], recipients=(account,), interactive=True
    )


# -- people we know -------------------------------------------------------------------------------------------------
@router.command("绑定", "bind")
async def bindings(message: InboundMessage, ctx: Context, rest: str) -> None:
    """绑定：看你的企业微信和钉钉账号；新账号在那边发「绑定 工号」。"""
    ctx.reply(words.bindings(ctx.employee))


@router.kind(Kind.ENTER)
async def entered(message: InboundMessage, ctx: Context) -> None:
    """Opened the chat: a welcome, at most once a day."""
    if await Seen(ctx.uow.connection).first(f"welcome:{message.sender.key}", seconds=_DAY):
        ctx.reply(help_words.welcome(ctx.employee.name))


async def left(message: InboundMessage, ctx: Context) -> None:
    """Somebody left the corp or the app's visible range: their login counts no more; with the last one they have left,
    and their leads go on."""
    for account in _leavers(message):
        if await ctx.uow.accounts.deactivate(account):
            employee = ctx.directory.employee_by_account(account.channel.value, account.user_id)
            ctx.audit("account.left", subject=employee.employee_no if employee else "", account=account.key)
            if employee is not None and not await _reachable_elsewhere(ctx, employee, account):
                await (await lead_desk(ctx)).take_over(employee.employee_no)


async def _reachable_elsewhere(ctx: Context, employee: Employee, gone: Account) -> bool:
    """Whether another login is left, so that the person has not left the company."""
    logins = [Account(channel, user) for channel in ChannelName if (user := _login(employee, channel))]
    left_over = [login for login in logins if login.key != gone.key]
    return any([not await ctx.uow.accounts.is_inactive(login) for login in left_over])


_LEAVING = ("unsubscribe", "user_leave_org")
for _event in _LEAVING:
    router.event(_event)(left)


def _leavers(message: InboundMessage) -> list[Account]:
    """DingTalk names them in the event (`userId`, a list; protocols/dingtalk.md 8.5), on WeCom it is the sender."""
    if message.event == "unsubscribe":
        return [message.sender] if message.sender.user_id else []
    fields = {name.casefold(): value for name, value in message.fields.items()}
    users = fields.get("userid") or []
    return [Account(message.channel, str(user)) for user in ([users] if isinstance(users, str) else users) if user]
