"""Which colleague is meant by a name or a 工号."""

from __future__ import annotations

from bot.domain.people import Employee
from handlers.context import Context


def left(ctx: Context, said: str) -> str:
    """The name of somebody who has left, where that is who was meant; else ""."""
    word = said.strip().removeprefix("给").strip().partition(" ")[0]
    gone = (item for item in ctx.directory.employees() if not item.active)
    return next((item.name for item in gone if word.casefold() in (item.employee_no.casefold(), item.name)), "")


def named(ctx: Context, said: str) -> tuple[list[Employee], str]:
    """(active people of that number or name, what was said besides)."""
    said = said.strip().removeprefix("给").strip()
    word, _, rest = said.partition(" ")
    people = [item for item in ctx.directory.employees() if item.active]
    found = [item for item in people if word.casefold() == item.employee_no.casefold() or word == item.name]
    if found:
        return found, rest.strip()
    begun = [item for item in people if said.startswith(item.name)]
    longest = max((len(item.name) for item in begun), default=0)
    return [item for item in begun if len(item.name) == longest], said[longest:].strip(" ，,。")
