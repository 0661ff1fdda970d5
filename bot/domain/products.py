"""Products as people name them: "青柠气泡", "大瓶椰汁", "1.5升的水", "YL1008"."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from pypinyin import lazy_pinyin

from bot.domain.people import Product

_CODE = re.compile(r"(?<![A-Za-z])[A-Za-z]{2}\d{4}(?!\d)")
_VOLUME = re.compile(r"(\d+(?:\.\d+)?)\s*(ml|毫升|l|升|g|克|kg|公斤)", re.IGNORECASE)
_SCALE = {"ml": 1.0, "毫升": 1.0, "l": 1000.0, "升": 1000.0, "g": 1.0, "克": 1.0, "kg": 1000.0, "公斤": 1000.0}
_NOT_PRODUCTS = re.compile(r"数据(?!看板)|一次(?!性)|销售(?!云)|短信(?!通知)")  # words that products also contain
_BIG = re.compile(r"大瓶|大包装|大桶|大罐|大的|桶装|大装")
_SMALL = re.compile(r"小瓶|小包装|小桶|小罐|小的|瓶装|小装")
_SOUND_WEIGHT = 0.4  # a pair of syllables that only sounds right counts less than the written pair


def match_products(words: str, products: Iterable[Product]) -> tuple[str, ...]:
    """Numbers of the products that `words` fit best, all of them when several fit equally; empty when none fits.

    Two neighbouring characters (or the same sounds) have to agree; a size in the words ("1.5升", "大瓶") decides
    among products of one name.
    """
    known = {product.product_no: product for product in products}
    words = _NOT_PRODUCTS.sub(" ", unicodedata.normalize("NFKC", words))
    codes = [code.upper() for code in _CODE.findall(words) if code.upper() in known]
    if codes:
        return tuple(dict.fromkeys(codes))
    pairs, sounds = _pairs(words.casefold()), _sounds(words.casefold())
    scores = {number: _score(product, pairs, sounds) for number, product in known.items()}
    best = max(scores.values(), default=0.0)
    if best < 2 * _SOUND_WEIGHT:
        return ()
    return _by_size(words, [known[number] for number, score in scores.items() if score > best - 0.01])


def _score(product: Product, pairs: frozenset[str], sounds: frozenset[tuple[str, str]]) -> float:
    written, heard = _named(product.name)
    return len(written & pairs) + _SOUND_WEIGHT * len(heard & sounds)


@lru_cache(maxsize=4096)
def _named(name: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """The pairs of a product's name, kept: each sentence is compared with all of them."""
    name = unicodedata.normalize("NFKC", name.strip()).casefold()
    return _pairs(name), _sounds(name)


def _pairs(text: str) -> frozenset[str]:
    return frozenset(a + b for a, b in itertools.pairwise(text) if a.isalnum() and b.isalnum())


def _sounds(text: str) -> frozenset[tuple[str, str]]:
    syllables = [_syllable(char) for char in text]
    return frozenset((a, b) for a, b in itertools.pairwise(syllables) if a.isalnum() and b.isalnum())


@lru_cache(maxsize=16384)
def _syllable(char: str) -> str:
    return "".join(lazy_pinyin([char]))


def _by_size(words: str, fitting: list[Product]) -> tuple[str, ...]:
    if len(fitting) > 1:
        if (asked := _size(words)) is not None:
            fitting = [product for product in fitting if _size(product.spec) == asked] or fitting
        elif _BIG.search(words):
            fitting = [max(fitting, key=lambda product: _size(product.spec) or 0.0)]
        elif _SMALL.search(words):
            fitting = [min(fitting, key=lambda product: _size(product.spec) or 0.0)]
    return tuple(product.product_no for product in fitting)


def _size(text: str) -> float | None:
    found = _VOLUME.search(unicodedata.normalize("NFKC", text))
    return float(found[1]) * _SCALE[found[2].casefold()] if found else None
