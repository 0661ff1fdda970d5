"""The bot as a process of its own, to be stopped and killed; ended by its id when the block ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bot.sandbox.config import SandboxConfig

START_SECONDS = 30.0


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def bot_environment(config: SandboxConfig, sandbox_url: str, database_url: str, port: int) -> dict[str, str]:
    """Settings by environment, as an administrator would give them."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("SALESBOT__")},
        "SALESBOT__SERVER__PORT": str(port),
        "SALESBOT__DATABASE__URL": database_url,
        "SALESBOT__WECOM__ENABLED": "true",
        "SALESBOT__WECOM__CORP_ID": config.corp_id,
        "SALESBOT__WECOM__AGENT_ID": str(config.agent_id),
        "SALESBOT__WECOM__SECRET": config.wecom_secret,
        "SALESBOT__WECOM__TOKEN": config.wecom_token,
        "SALESBOT__WECOM__ENCODING_AES_KEY": config.wecom_aes_key,
        "SALESBOT__WECOM__API_BASE": sandbox_url,
        "SALESBOT__DINGTALK__ENABLED": "true",
        "SALESBOT__DINGTALK__CLIENT_ID": config.ding_client_id,
        "SALESBOT__DINGTALK__CLIENT_SECRET": config.ding_client_secret,
        "SALESBOT__DINGTALK__API_BASE": sandbox_url,
        "SALESBOT__DINGTALK__OAPI_BASE": sandbox_url,
        "SALESBOT__DINGTALK__CARD_TEMPLATE_ID": config.card_template_id,
    }


class BotProcess:
    """One `salesbot serve`, or another command; `start` again after `kill` continues on the same database."""

    def __init__(self, environment: Mapping[str, str], log: Path, command: Sequence[str] = ("serve",)) -> None:
        self._environment = dict(environment)
        self._log = log
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{environment['SALESBOT__SERVER__PORT']}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self, *, wait: bool = True) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
                [sys.executable, "-m", "bot", *self._command],
                env=self._environment,
                cwd=self._log.parent,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if wait and "serve" in self._command:  # a worker answers nobody
            await self.ready()

    async def ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        async with httpx.AsyncClient(trust_env=False, timeout=2) as http:
            while time.monotonic() < deadline:
                if self._process is not None and self._process.poll() is not None:
                    break
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get(f"{self.url}/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise TimeoutError(f"the bot did not start:\n{self._log.read_text(encoding='utf-8', errors='replace')[-3000:]}")

    def kill(self) -> None:
        """SIGKILL: no farewell."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self, seconds: float = 15.0) -> int:
        """SIGTERM; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(seconds)
        self._process = None
        return code


@asynccontextmanager
async def bot_process(environment: Mapping[str, str], log: Path, *command: str) -> AsyncIterator[BotProcess]:
    """A bot that is gone when the block ends; `command` in place of `serve`."""
    bot = BotProcess(environment, log, command or ("serve",))
    try:
        yield bot
    finally:
        bot.kill()
