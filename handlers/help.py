"""帮助: what is registered, in the words it is registered with."""

from __future__ import annotations

from bot.cards import help as words
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context

router = Router[Context]()


@router.command("帮助", "help", "?", "？")
async def help_(message: InboundMessage, ctx: Context, rest: str) -> None:
    """帮助 [命令]：看全部用法，或某个命令怎么用。"""
    from handlers import router as everything  # the table of contents imports this module

    if not rest:
        ctx.reply(words.help_text([(command.word, command.help) for command in everything.commands()]))
        return
    found = everything.match_command(rest)
    ctx.reply(words.command_help(found[0].help) if found else words.no_such_command(rest))
