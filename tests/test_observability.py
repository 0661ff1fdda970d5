"""Logs without what must not be in them."""

from __future__ import annotations

import pytest

from bot.observability import scrub


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        pytest.param("call 199-0000-7347 now", "call 199****7347 now", id="mobile with dashes"),
        pytest.param("19900007347", "199****7347", id="mobile bare"),
        pytest.param("+86 199 0000 7347", "199****7347", id="mobile with country code"),
        pytest.param("SO2601050001 and 1234567890123", "SO2601050001 and 1234567890123", id="other numbers stay"),
        pytest.param("?access_token=abcdef123456&x=1", "?access_token=***&x=1", id="token in a URL"),
        pytest.param('{"corpsecret": "hunter2hunter2"}', '{"corpsecret": "***"}', id="secret in JSON"),
    ],
)
def test_scrubbing(text: str, scrubbed: str) -> None:
    assert scrub(text) == scrubbed
