"""Words people will type because the menu and colleagues name them, whose features are not built yet."""

from __future__ import annotations

from bot.cards import smalltalk as words
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context

router = Router[Context]()

WORDS = (*("对账", "返利", "预警", "处理", "阈值", "规则", "知识"),)


def _say_so(word: str) -> None:
    @router.command(word, hidden=True)
    async def not_yet(message: InboundMessage, ctx: Context, rest: str) -> None:
        ctx.reply(words.not_yet(word))


for _word in WORDS:
    _say_so(_word)
