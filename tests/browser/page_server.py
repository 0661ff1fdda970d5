"""Serves the page of phones with a made-up state, so that it is tested without the platforms behind it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import bot.sandbox

PAGE = Path(bot.sandbox.__file__).parent / "page"
POLICY = "default-src 'self'; img-src 'self' data: blob: http: https:; frame-ancestors 'none'; base-uri 'none'"


class PageServer:
    """Answers what the page asks; `push` is what the sandbox would send over its stream.

    `asked` is every POST as (path, body), in order.
    """

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.refuse: str | None = None  #: every POST is refused with this sentence
        self.url = ""
        self._queues: list[asyncio.Queue[tuple[str, Any] | None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def push(self, event: str, data: dict[str, Any]) -> None:
        assert self._loop
        for queue in self._queues:
            self._loop.call_soon_threadsafe(queue.put_nowait, (event, data))

    def wait_for(self, path: str, times: int = 1, seconds: float = 5) -> dict[str, Any]:
        """The body of the latest POST to a path, once there were so many."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            bodies = [body for asked, body in self.asked if asked == path]
            if len(bodies) >= times:
                return bodies[-1]
            time.sleep(0.01)
        raise AssertionError(f"the page did not ask for {path} {times} times: {self.asked}")

    @property
    def app(self) -> Starlette:
        routes = [
            Route("/", lambda _: FileResponse(PAGE / "index.html", headers={"Content-Security-Policy": POLICY})),
            Mount("/page", StaticFiles(directory=PAGE)),
            Route("/sandbox/state", lambda _: JSONResponse(self.state)),
            Route("/sandbox/stream", self._stream),
            Route("/sandbox/{path}", self._take, methods=["POST"]),
            Route("/files/{name}", self._file),
        ]
        return Starlette(routes=routes)

    async def _stream(self, _: Request) -> StreamingResponse:
        return StreamingResponse(self._events(), media_type="text/event-stream")

    async def _events(self) -> AsyncIterator[str]:
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue()
        self._queues.append(queue)
        yield ": hello\n\n"
        while (item := await queue.get()) is not None:
            yield f"event: {item[0]}\ndata: {json.dumps(item[1])}\n\n"

    async def _take(self, request: Request) -> Response:
        if request.headers.get("content-type", "").startswith("multipart/"):
            async with request.form() as form:
                body: dict[str, Any] = {"platform": form["platform"], "user": form["user"]}
                body["name"], body["size"] = form["file"].filename, form["file"].size  # type: ignore[union-attr]
        else:
            body = await request.json()
        self.asked.append((request.path_params["path"], body))
        if self.refuse:
            return JSONResponse({"detail": self.refuse}, 409)
        return JSONResponse({})

    async def _file(self, request: Request) -> Response:
        return FileResponse(PAGE / "bot.svg") if request.path_params["name"].endswith("svg") else Response(b"col\n1\n")

    def close(self) -> None:
        for queue in self._queues:
            if self._loop:
                self._loop.call_soon_threadsafe(queue.put_nowait, None)


@contextmanager
def serving(state: dict[str, Any]) -> Iterator[PageServer]:
    """Run on a free port in a thread of its own."""
    page = PageServer(state)
    server = uvicorn.Server(
        uvicorn.Config(page.app, port=0, log_level="error", ws="none", timeout_graceful_shutdown=1, lifespan="off")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    page.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield page
    finally:
        page.close()
        server.should_exit = True
        thread.join()
