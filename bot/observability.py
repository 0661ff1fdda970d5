"""Structured logs: one JSON object a line, a correlation id per message, no secrets and no phone numbers."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1\d{2})[- ]?\d{4}[- ]?(\d{4})(?!\d)")
_SECRET = re.compile(
    r"(?i)((?:access_token|corpsecret|appsecret|client_?secret|ticket|token|key|sign|signature|session|secret|code)"
    r"[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]{6,}"
)


def scrub(text: str) -> str:
    """Without what must not be in a log: credentials in URLs and JSON, and mobile numbers but for head and tail."""
    return _MOBILE.sub(r"\1****\2", _SECRET.sub(r"\1***", text))


def _scrub_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = scrub(value)
    return event


def set_up_logging(*, pretty: bool | None = None, level: int = logging.INFO) -> None:
    """JSON lines to stderr, or coloured lines when a person is watching. Called once per process."""
    pretty = sys.stderr.isatty() if pretty is None else pretty
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _scrub_event,
            structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    for name in ("httpx", "httpcore", "apscheduler", "websockets", "uvicorn", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.WARNING)
