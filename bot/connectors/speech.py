"""Speech to text: what a provider offers, and what a voice note really is (by its first bytes, not its name)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.errors import ConnectorRefused


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """Container or codec word, and samples per second."""

    name: str  #: amr, wav, m4a, silk, ogg, mp3, speex
    rate: int


class SpeechToText(Protocol):
    """A provider."""

    async def transcribe(self, content: bytes, *, file_format: str = "", hot_words: Sequence[str] = ()) -> str:
        """The words of a voice note of at most 60 s, never empty.

        Args:
            file_format: what the platform called it; the first bytes win when they say something else.
            hot_words: names likely to be heard; providers that cannot use them ignore them.
        Raises:
            ConnectorUnavailable: busy or unreachable, worth trying again later.
            ConnectorRefused: this note will never be understood (format, length, silence, no quota).
        """
        ...


_MAGIC: Sequence[tuple[bytes, AudioFormat]] = (
    (b"#!AMR-WB", AudioFormat("amr", 16000)),
    (b"#!AMR", AudioFormat("amr", 8000)),  # WeCom's voice messages are 8 kHz (protocols/backoffice.md 5.1)
    (b"#!SILK_V3", AudioFormat("silk", 24000)),
    (b"\x02#!SILK_V3", AudioFormat("silk", 24000)),
    (b"OggS", AudioFormat("ogg", 16000)),
    (b"ID3", AudioFormat("mp3", 16000)),
)
_WAV_RATE_AT = 24  # four bytes, little endian, in the canonical 44-byte header


def sniff(content: bytes, *, said: str = "") -> AudioFormat:
    """What the bytes are; where they do not tell, what the platform `said`.

    Raises:
        ConnectorRefused: neither tells.
    """
    for magic, known in _MAGIC:
        if content.startswith(magic):
            return known
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        rate = int.from_bytes(content[_WAV_RATE_AT : _WAV_RATE_AT + 4], "little")
        return AudioFormat("wav", 8000 if rate == 8000 else 16000)
    if content[4:8] == b"ftyp":
        return AudioFormat("m4a", 16000)
    if len(content) > 1 and content[0] == 0xFF and content[1] & 0xE0 == 0xE0:
        return AudioFormat("mp3", 16000)
    word = said.lower().rpartition("/")[2].removeprefix("x-")
    if word in ("amr", "speex"):
        return AudioFormat(word, 8000 if word == "amr" else 16000)
    raise ConnectorRefused("voice note in an unknown format", code="format")
