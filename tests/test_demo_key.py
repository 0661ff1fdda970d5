"""What the demo prints for whoever wants to hand a lead in: it has to work as it stands there."""

from __future__ import annotations

import json
import shlex

from bot.cli.demo import DEMO_KEY, demo_settings, lead_by_hand


def test_the_printed_line_carries_a_key_that_the_demo_accepts_and_valid_json() -> None:
    settings = demo_settings("http://127.0.0.1:9100", 9101, "unused")
    assert settings.server.host == "127.0.0.1"  # the key is known to everybody
    [key] = settings.server.api_keys
    assert set(key.scopes) == {"intake", "read"}
    words = shlex.split(lead_by_hand(9101).replace("$(date +%s)", "17"))
    assert "http://127.0.0.1:9101/api/v1/leads" in words
    assert f"Authorization: Bearer {DEMO_KEY}" in words
    assert json.loads(words[-1])["external_id"] == "WEB-17"
