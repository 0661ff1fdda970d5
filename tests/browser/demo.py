"""`salesbot demo` as a person starts it: a process of its own, with its own data folder and free ports."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

READY_SECONDS = 100
STOP_SECONDS = 20


@contextmanager
def running_demo(folder: Path) -> Iterator[str]:
    """Address of the page, once the bot is connected to both platforms. Afterwards the process must be gone.

    Raises:
        AssertionError: it died or was not ready in time; with what it printed.
    """
    port = _free_pair()
    log = folder / "demo.log"
    command = [sys.executable, "-m", "bot", "demo", "--port", str(port), "--data-dir", str(folder / "data")]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SALESBOT")}
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environ)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(process, url, log)
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise AssertionError(f"Ctrl-C did not stop the demo:\n{log.read_text()}") from None


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, f"the demo ended:\n{log.read_text()}"
        with suppress(httpx.HTTPError):
            state = httpx.get(f"{url}/sandbox/state", timeout=5).json()
            if state["bot"]["connections"] and state["menus"]["wecom"] and state["clock"]:
                return
        time.sleep(0.2)
    raise AssertionError(f"the demo was not ready in {READY_SECONDS} s:\n{log.read_text()}")


def _free_pair() -> int:
    """A port whose successor is free too: the sandbox takes the first, the bot the next."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            with suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port
    raise AssertionError("no two ports in a row are free")
