"""A small table as bytes: what it is about, who its rows are, and columns of numbers that come back digit for digit.

Whole numbers take as many bytes as they need, the others all eight of theirs, sorted by place so that they compress.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.domain.leads.policy import Floats

_LENGTH = struct.Struct("<I")
_FLOAT, _WHOLE = "<f8", ("<i1", "<i2", "<i4")
_QUICK = 1  # zlib's level: higher ones take three times as long for a tenth less


def pack(about: Mapping[str, Any], names: Sequence[str], columns: Sequence[npt.NDArray[Any]]) -> bytes:
    """`about` are plain JSON values; each column has a number or nan for each name."""
    narrow = [_narrowed(np.asarray(column, dtype=np.float64)) for column in columns]
    kinds = [column.dtype.str for column in narrow]
    head = json.dumps({"about": about, "names": names, "columns": kinds}, ensure_ascii=False).encode()
    return zlib.compress(b"".join([_LENGTH.pack(len(head)), head, *map(_by_place, narrow)]), _QUICK)


def unpack(data: bytes) -> tuple[dict[str, Any], list[str], list[Floats]]:
    """What `pack` was given.

    Raises:
        ValueError: these bytes are not whole.
    """
    try:
        whole = memoryview(zlib.decompress(data))
    except zlib.error as error:
        raise ValueError("what was kept of this decision is damaged") from error
    begin = _LENGTH.size + _LENGTH.unpack_from(whole)[0]
    known = json.loads(bytes(whole[_LENGTH.size : begin]))
    names, columns = known["names"], []
    for kind in known["columns"]:
        width = np.dtype(kind).itemsize
        end = begin + width * len(names)
        places = np.frombuffer(whole[begin:end], dtype=np.uint8).reshape(width, len(names))
        columns.append(np.ascontiguousarray(places.T).view(kind).reshape(len(names)).astype(np.float64))
        begin = end
    return known["about"], names, columns


def _narrowed(column: Floats) -> npt.NDArray[Any]:
    """In the narrowest form that says the same."""
    if column.size and np.isfinite(column).all() and (column == np.rint(column)).all():
        least, most = column.min(), column.max()
        for kind in _WHOLE:
            limits = np.iinfo(kind)
            if limits.min <= least and most <= limits.max:
                return column.astype(kind)
    return column.astype(_FLOAT)


def _by_place(column: npt.NDArray[Any]) -> bytes:
    """First the lowest byte of every number, then the next one: neighbours are alike."""
    return np.ascontiguousarray(column.view(np.uint8).reshape(len(column), column.itemsize).T).tobytes()
