"""A sheet to write and draw on, with the one font of the package.

The same calls give the same bytes: no time, no machine's fonts, no layout engine that may be missing elsewhere.
Characters that the font has not (it has GB 2312 and the 8,105 of the standard table of 2013) show as a crossed box.
"""

from __future__ import annotations

import io
import unicodedata
from functools import lru_cache
from importlib.resources import files

from PIL import Image, ImageDraw, ImageFont

FONT = "SalesbotSansSC-Regular.otf"
Colour = str  #: "#rrggbb"
WHITE = "#ffffff"
_ELLIPSIS = "…"
_COLOURS = 128  # of the palette
_SCALE = 2  # bars are drawn twice as large, so that round ends are smooth


@lru_cache(maxsize=16)
def font(size: int) -> ImageFont.FreeTypeFont:
    """The package's font; `size` is in pixels."""
    data = io.BytesIO((files("bot.pictures") / FONT).read_bytes())
    return ImageFont.truetype(data, size, layout_engine=ImageFont.Layout.BASIC)


def printable(text: str) -> str:
    """One line without what has no width of its own: control signs, accents set apart, joiners."""
    words = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(
        sign for sign in words if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me")
    )


def width(text: str, size: int) -> float:
    """In pixels."""
    return font(size).getlength(text)


def fitting(text: str, size: int, room: float) -> str:
    """The text, cut to `room` pixels with the cut shown."""
    text = printable(text)
    if width(text, size) <= room:
        return text
    while text and width(text + _ELLIPSIS, size) > room:
        text = text[:-1]
    return text.rstrip() + _ELLIPSIS


class Canvas:
    """A sheet of fixed size; lengths are pixels from its upper left corner."""

    def __init__(self, wide: int, high: int, *, paper: Colour = WHITE) -> None:
        self.wide, self.high = wide, high
        self._image = Image.new("RGB", (wide, high), paper)
        self._draw = ImageDraw.Draw(self._image)

    def text(
        self, x: float, middle: float, text: str, *, size: int, colour: Colour, anchor: str = "l", bold: bool = False
    ) -> None:
        """One line centred on `middle`, its left end (`l`), centre (`m`) or right end (`r`) at x."""
        weight = size / 40 if bold else 0  # the font has one weight; a thin outline makes the heavy one
        self._draw.text(
            (x, middle), printable(text), font=font(size), fill=colour, anchor=f"{anchor}m", stroke_width=weight
        )

    def bar(self, x: float, y: float, wide: float, high: float, colour: Colour, *, radius: float = 0) -> None:
        """A filled box; nothing where it has no extent."""
        if wide <= 0 or high <= 0:
            return
        large = max(1, round(wide * _SCALE)), max(1, round(high * _SCALE))
        mask = Image.new("L", large, 0)
        rounded = min(radius * _SCALE, min(large) / 2)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, large[0] - 1, large[1] - 1), radius=rounded, fill=255)
        small = mask.resize((max(1, round(wide)), max(1, round(high))), Image.Resampling.LANCZOS)
        self._image.paste(colour, (round(x), round(y)), small)

    def line(self, y: float, left: float, right: float, colour: Colour) -> None:
        self._draw.line((left, y, right, y), fill=colour, width=1)

    def png(self) -> bytes:
        """The sheet with a palette of its own: a third of the size, and nobody sees a difference."""
        out = io.BytesIO()
        few = self._image.quantize(_COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(out, "PNG", compress_level=9)
        return out.getvalue()
