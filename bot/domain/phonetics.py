"""How words sound, without tones: 望淘 sounds like 旺淘. Typing by sound and speech confuse exactly these."""

from __future__ import annotations

import itertools
import unicodedata
from functools import lru_cache

from pypinyin.pinyin_dict import pinyin_dict

#: second readings that are heard in names and in speech; the dictionary's first reading always counts
_ALSO = {
    "长": "zhang chang", "乐": "yue le", "行": "xing hang", "重": "chong zhong", "曾": "zeng ceng", "单": "shan dan",
    "朝": "chao zhao", "盛": "sheng cheng", "会": "hui kuai", "都": "dou du", "调": "diao tiao", "厦": "xia sha",
    "大": "da dai", "传": "chuan zhuan", "藏": "cang zang", "柏": "bai bo", "泊": "bo po",
    "仇": "qiu chou", "解": "jie xie", "翟": "zhai di", "覃": "qin tan", "查": "zha cha", "朴": "piao pu",
    "华": "hua", "石": "shi", "车": "che", "强": "qiang", "省": "sheng xing", "宿": "su xiu", "薄": "bo bao",
}  # fmt: skip
_SPOKEN_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))  # 七天优鲜 is 7天优鲜
_LOOSE = str.maketrans({"v": "u"})


def _plain(reading: str) -> str:
    """zhōng -> zhong, lǜ -> lv."""
    spelled = unicodedata.normalize("NFD", reading.replace("ü", "v").replace("ǖ", "v"))
    spelled = spelled.replace("u\u0308", "v")
    return "".join(char for char in spelled if not unicodedata.combining(char)).replace("ɡ", "g")


@lru_cache(maxsize=32768)
def readings(char: str) -> tuple[str, ...]:
    """The syllables of a character, the usual one first; of anything else, itself."""
    known = pinyin_dict.get(ord(_SPOKEN_DIGITS.get(char, char)))
    if not known:
        return (char,)
    first = _plain(known.split(",")[0])
    return (first, *(other for other in _ALSO.get(char, "").split() if other != first))


@lru_cache(maxsize=4096)
def loose(syllable: str) -> str:
    """A syllable as southern speech and recognisers blur it: zh/z, ch/c, sh/s, n/l, h/f, -ng/-n."""
    for hard, soft in (("zh", "z"), ("ch", "c"), ("sh", "s")):
        if syllable.startswith(hard):
            syllable = soft + syllable[2:]
    if syllable[:1] == "n" and len(syllable) > 1:
        syllable = "l" + syllable[1:]
    if syllable.startswith("hu") and len(syllable) > 2:
        syllable = "f" + syllable[2:]
    return syllable[:-1] if syllable.endswith("ng") else syllable.translate(_LOOSE)


def sound(text: str) -> str:
    """The usual reading of a text, one blank between syllables: 旺淘 -> "wang tao"."""
    return " ".join(readings(char)[0] for char in text)


def loose_sound(text: str) -> str:
    """`sound` with blurred syllables."""
    return " ".join(loose(readings(char)[0]) for char in text)


def sounds(text: str) -> list[str]:
    """Every way to read a text (few characters have more than one reading)."""
    return [" ".join(choice) for choice in itertools.product(*map(readings, text))]


def sounds_alike(one: str, other: str) -> bool:
    """Whether two texts of the same length can be read alike."""
    return len(one) == len(other) and all(
        mine == yours or not set(readings(mine)).isdisjoint(readings(yours))
        for mine, yours in zip(one, other, strict=True)
    )
