"""Marks of the long forms that `make soak` runs."""

from __future__ import annotations

import os

import pytest

soak = (pytest.mark.soak, pytest.mark.skipif(not os.environ.get("SALESBOT_SOAK"), reason="long form: make soak"))
