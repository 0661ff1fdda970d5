"""Where a message goes: registration on an object you can see, dispatch by index.

Precedence: a tapped button, then an open dialogue (unless the text is a command), then a command word, then the
message's kind. Free text has one handler (`kind(Kind.TEXT)`), which reads the sentence.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from bot.actions import Action
from bot.errors import UnknownCommand
from bot.messages import InboundMessage, Kind, Tap

A = TypeVar("A", bound=Action)
C = TypeVar("C")  # the context handlers get; handlers.context.Context in the bot
_OnAction = Callable[[InboundMessage, C, Action], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Command(Generic[C]):
    """A word people type (or a menu key), its aliases, and what it does."""

    word: str
    aliases: tuple[str, ...]
    handler: Callable[[InboundMessage, C, str], Awaitable[None]]
    hidden: bool

    @property
    def help(self) -> str:
        """The handler's docstring, first paragraph: what `帮助` shows."""
        return (self.handler.__doc__ or "").strip().split("\n\n")[0]


class Router(Generic[C]):
    """Handlers of one feature, or of all of them once included. Two handlers for one word fail at import."""

    def __init__(self) -> None:
        self._commands: dict[str, Command[C]] = {}
        self._actions: dict[str, tuple[type[Action], _OnAction[C]]] = {}
        self._kinds: dict[Kind, Callable[[InboundMessage, C], Awaitable[None]]] = {}
        self._events: dict[str, Callable[[InboundMessage, C], Awaitable[None]]] = {}
        self._dialogues: dict[str, Callable[[InboundMessage, C, Mapping[str, str]], Awaitable[None]]] = {}

    # -- registration ---------------------------------------------------------------------------------------------
    def command(
        self, word: str, *aliases: str, hidden: bool = False
    ) -> Callable[
        [Callable[[InboundMessage, C, str], Awaitable[None]]], Callable[[InboundMessage, C, str], Awaitable[None]]
    ]:
        """`handler(message, ctx, rest)` for text that starts with the word; `rest` is what follows it."""

        def register(
            handler: Callable[[InboundMessage, C, str], Awaitable[None]],
        ) -> Callable[[InboundMessage, C, str], Awaitable[None]]:
            command = Command(word, aliases, handler, hidden)
            for name in (word, *aliases):
                _once(self._commands, name.casefold(), command)
            return handler

        return register

    def action(
        self, kind: type[A]
    ) -> Callable[
        [Callable[[InboundMessage, C, A], Awaitable[None]]], Callable[[InboundMessage, C, A], Awaitable[None]]
    ]:
        """`handler(message, ctx, action)` for a tapped button that carries this payload."""

        def register(
            handler: Callable[[InboundMessage, C, A], Awaitable[None]],
        ) -> Callable[[InboundMessage, C, A], Awaitable[None]]:
            _once(self._actions, kind.name, (kind, cast(_OnAction[C], handler)))
            return handler

        return register

    def kind(
        self, kind: Kind
    ) -> Callable[[Callable[[InboundMessage, C], Awaitable[None]]], Callable[[InboundMessage, C], Awaitable[None]]]:
        """`handler(message, ctx)` for messages of this kind."""

        def register(
            handler: Callable[[InboundMessage, C], Awaitable[None]],
        ) -> Callable[[InboundMessage, C], Awaitable[None]]:
            _once(self._kinds, kind, handler)
            return handler

        return register

    def event(
        self, name: str
    ) -> Callable[[Callable[[InboundMessage, C], Awaitable[None]]], Callable[[InboundMessage, C], Awaitable[None]]]:
        """`handler(message, ctx)` for a platform event by its normalized name."""

        def register(
            handler: Callable[[InboundMessage, C], Awaitable[None]],
        ) -> Callable[[InboundMessage, C], Awaitable[None]]:
            _once(self._events, name, handler)
            return handler

        return register

    def dialogue(
        self, name: str
    ) -> Callable[
        [Callable[[InboundMessage, C, Mapping[str, str]], Awaitable[None]]],
        Callable[[InboundMessage, C, Mapping[str, str]], Awaitable[None]],
    ]:
        """`handler(message, ctx, data)` for the message after `ctx.ask(name, ...)`."""

        def register(
            handler: Callable[[InboundMessage, C, Mapping[str, str]], Awaitable[None]],
        ) -> Callable[[InboundMessage, C, Mapping[str, str]], Awaitable[None]]:
            _once(self._dialogues, name, handler)
            return handler

        return register

    def include(self, routers: Iterable[Router[C]]) -> None:
        """Take over everything the others registered."""
        for router in routers:
            tables: list[tuple[dict[Any, Any], dict[Any, Any]]] = [
                (self._commands, router._commands),
                (self._actions, router._actions),
                (self._kinds, router._kinds),
                (self._events, router._events),
                (self._dialogues, router._dialogues),
            ]
            for mine, theirs in tables:
                for name, value in theirs.items():
                    _once(mine, name, value)

    # -- look-up --------------------------------------------------------------------------------------------------
    def commands(self) -> list[Command[C]]:
        """Each visible command once, in order of registration."""
        return [command for command in dict.fromkeys(self._commands.values()) if not command.hidden]

    def match_command(self, text: str) -> tuple[Command[C], str] | None:
        """The command that `text` starts with, and the rest.

        The word must stand alone or be followed by a blank: "客户 绿源" is a command, "客户说再等等" is a sentence.
        """
        word, *rest = text.split(maxsplit=1) or [""]
        command = self._commands.get(word.casefold())
        return (command, rest[0].strip() if rest else "") if command else None

    async def dispatch(
        self, message: InboundMessage, ctx: C, *, dialogue: tuple[str, Mapping[str, str]] | None = None
    ) -> None:
        """Run the one handler for the message.

        Raises:
            UnknownCommand: nothing here answers to it.
        """
        if message.tap is not None:
            await self._tapped(message, message.tap, ctx)
            return
        if message.kind is Kind.EVENT:
            if handler := self._events.get(message.event):
                await handler(message, ctx)
            return
        if message.kind is Kind.MENU and message.event == "view":
            return  # a menu link was opened: nobody said anything
        if message.kind in (Kind.TEXT, Kind.MENU) and (found := self.match_command(message.text)):
            await found[0].handler(message, ctx, found[1])
            return
        if dialogue is not None and message.kind is not Kind.ENTER and (ask := self._dialogues.get(dialogue[0])):
            await ask(message, ctx, dialogue[1])
            return
        if (by_kind := self._kinds.get(message.kind)) is None:
            raise UnknownCommand("这类消息我还处理不了，发一句话或输入「帮助」看看我会什么。")
        await by_kind(message, ctx)

    async def _tapped(self, message: InboundMessage, tap: Tap, ctx: C) -> None:
        if tap.action not in self._actions:
            raise UnknownCommand("这张卡片已失效，请重新发起。")
        kind, handler = self._actions[tap.action]
        await handler(message, ctx, kind.parse(tap.params))


def _once(table: dict[Any, Any], name: object, value: object) -> None:
    if name in table and table[name] is not value:
        raise ValueError(f"two handlers for {name!r}")
    table[name] = value
