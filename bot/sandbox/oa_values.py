"""What each form component takes for a value: always a string, of a shape of its own (protocols/dingtalk.md 7.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from bot.sandbox.config import SandboxConfig

MOST_CHARACTERS = 65535

_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
_PHONE = re.compile(r"(\+\d{1,3}-?)?\d{5,15}")
_DEPARTMENTS = re.compile(r"-?\d+(,-?\d+)*")
_IN_TABLES = ("TextField", "TextareaField", "NumberField", "DDPhotoField")

Check = Callable[[str, dict[str, Any], SandboxConfig], bool]


def complaint(component: dict[str, Any], value: str, config: SandboxConfig) -> str:
    """What is wrong with a value, naming the component; "" when it is fine."""
    label = component["props"]["label"]
    if len(value) > MOST_CHARACTERS:
        return f"{label}超过{MOST_CHARACTERS}个字符"
    if not value:
        return f"{label}不能为空" if component["props"].get("required") else ""
    check = _CHECKS[component["componentType"]]
    return "" if check is None or check(value, component, config) else f"{label}的值不合法"


def options_of(component: dict[str, Any]) -> list[str]:
    """The texts a select offers."""
    return [str(option["value"]) for option in component["props"].get("options") or []]


def _decimal(value: str, *_: Any) -> bool:
    return bool(_DECIMAL.fullmatch(value))


def _date(value: str, *_: Any) -> bool:
    shape = {10: "%Y-%m-%d", 16: "%Y-%m-%d %H:%M"}.get(len(value), "")
    try:
        return bool(datetime.strptime(value, shape)) and bool(shape)  # noqa: DTZ007 - only the shape matters
    except ValueError:
        return False


def _texts(value: str) -> list[str] | None:
    """A JSON list of strings, or None when it is anything else."""
    try:
        items = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return items if isinstance(items, list) and all(isinstance(item, str) for item in items) else None


def _date_range(value: str, *_: Any) -> bool:
    ends = _texts(value)
    return ends is not None and len(ends) == 2 and all(map(_date, ends)) and ends[0] <= ends[1]


def _option(value: str, component: dict[str, Any], _: SandboxConfig) -> bool:
    return value in options_of(component)


def _options(value: str, component: dict[str, Any], _: SandboxConfig) -> bool:
    chosen = _texts(value)
    return chosen is not None and bool(chosen) and set(chosen) <= set(options_of(component))


def _photos(value: str, *_: Any) -> bool:
    addresses = _texts(value)
    return addresses is not None and all(address.startswith(("http://", "https://", "@")) for address in addresses)


def _people(value: str, _: dict[str, Any], config: SandboxConfig) -> bool:
    users = _texts(value)
    return users is not None and all(config.on_dingtalk(user) for user in users)


def _table(value: str, component: dict[str, Any], config: SandboxConfig) -> bool:
    """An array of rows, each an array of {"name", "value"}."""
    columns = {child["props"]["label"]: child for child in component.get("children") or []}
    try:
        rows = orjson.loads(value)
    except orjson.JSONDecodeError:
        return False
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        return False
    return all(
        isinstance(cell, dict)
        and isinstance(cell.get("value"), str)
        and (column := columns.get(str(cell.get("name")))) is not None
        and column["componentType"] in _IN_TABLES
        and not complaint(column, cell["value"], config)
        for row in rows
        for cell in row
    )


def _json_list(value: str, *_: Any) -> bool:
    try:
        return isinstance(orjson.loads(value), list)
    except orjson.JSONDecodeError:
        return False


def _stars(value: str, *_: Any) -> bool:
    return value.isascii() and value.isdigit() and 0 <= int(value) <= 10


#: None = any text will do
_CHECKS: dict[str, Check | None] = {
    "TextField": None,
    "TextareaField": None,
    "AddressField": None,
    "NumberField": _decimal,
    "MoneyField": _decimal,
    "DDSelectField": _option,
    "DDMultiSelectField": _options,
    "DDDateField": _date,
    "DDDateRangeField": _date_range,
    "PhoneField": lambda value, *_: bool(_PHONE.fullmatch(value)),
    "DDPhotoField": _photos,
    "TableField": _table,
    "DDAttachment": _json_list,
    "InnerContactField": _people,
    "DepartmentField": lambda value, *_: bool(_DEPARTMENTS.fullmatch(value)),
    "RelateField": lambda value, *_: _texts(value) is not None,
    "StarRatingField": _stars,
    "TimeAndLocationField": _json_list,
}
#: what a template may be made of; a note is shown and never filled in
COMPONENTS = frozenset(_CHECKS) | {"TextNote"}
