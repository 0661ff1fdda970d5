"""What a button carries, typed on both ends.

A button's payload is a small frozen dataclass. On WeCom it travels as one `key` string, on DingTalk as
`actionId` + `params`; both come back as the same type. Payloads name things (a visit, a customer), they
never carry authority or amounts: a handler resolves them from the store and checks who tapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlencode

MAX_KEY_BYTES = 1024  # WeCom button_list.key, protocols/wecom.md 4.6


class Action:
    """Base of all button payloads. Subclasses are frozen dataclasses whose fields are all `str`.

    >>> @dataclass(frozen=True)
    ... class ConfirmVisit(Action):
    ...     name: ClassVar[str] = "visit.confirm"
    ...     visit_no: str
    """

    name: ClassVar[str]

    def params(self) -> dict[str, str]:
        """Field values by name, as they travel."""
        return {item.name: getattr(self, item.name) for item in fields(self)}  # type: ignore[arg-type]

    def pack(self) -> str:
        """One string for WeCom, `visit.confirm?visit_no=BF1`."""
        params = self.params()
        packed = f"{self.name}?{urlencode(params)}" if params else self.name
        if len(packed.encode()) > MAX_KEY_BYTES:
            raise ValueError(f"button key over {MAX_KEY_BYTES} bytes: {self.name}")
        return packed

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        """From what came back; fields the client left out become empty, unknown ones are ignored."""
        return cls(**{item.name: str(params.get(item.name, "")) for item in fields(cls)})  # type: ignore[arg-type]


def unpack(key: str) -> tuple[str, dict[str, str]]:
    """`visit.confirm?visit_no=BF1` -> ("visit.confirm", {"visit_no": "BF1"})."""
    name, _, query = key.partition("?")
    return name, dict(parse_qsl(query, keep_blank_values=True))


class StoredAction(Action):
    """An action read back from the outbox: name and parameters are all a renderer needs."""

    def __init__(self, name: str, params: Mapping[str, str]) -> None:
        object.__setattr__(self, "name", name)
        self._params = dict(params)

    def params(self) -> dict[str, str]:
        return self._params

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Action) and (self.name, self.params()) == (other.name, other.params())

    def __hash__(self) -> int:
        return hash((self.name, tuple(sorted(self._params.items()))))
