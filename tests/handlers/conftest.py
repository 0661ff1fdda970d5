"""People say and tap: see tests/support/desk.py."""

from __future__ import annotations

from tests.support.desk_fixtures import desk, settings

__all__ = ["desk", "settings"]
