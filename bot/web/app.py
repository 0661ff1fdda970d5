"""HTTP beside the platform callbacks: health, metrics, the read API; and the front door that sorts requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from bot.clock import SHANGHAI, Clock
from bot.metrics import INBOX_OLDEST_SECONDS, INBOX_WAITING, OUTBOX_FAILED, OUTBOX_OLDEST_SECONDS, OUTBOX_WAITING
from bot.settings import Settings
from bot.web.api import ListApprovals, ListVisits, read_api
from bot.web.leads import ListLeads, TakeLeads, lead_api

STATIC = Path(__file__).parent / "static"
Asgi = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[MutableMapping[str, Any]], Awaitable[None]]],
    Awaitable[None],
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What the web part may ask the rest."""

    ready: Callable[[], Awaitable[Mapping[str, str]]]  #: part -> "ok" or what is wrong
    waiting: Callable[[], Awaitable[Mapping[str, float]]]  #: depths and ages of inbox and outbox
    list_visits: ListVisits
    list_approvals: ListApprovals
    list_leads: ListLeads
    take_leads: TakeLeads
    regions: Callable[[], Collection[str]]  #: as the roster spells them
    clock: Clock
    move_clock: Callable[[datetime], Awaitable[None]]


class ClockMove(BaseModel):
    """Where to put the business clock: an ISO time (Shanghai when without zone), or a step from where it is."""

    to: datetime | None = None
    plus_seconds: float | None = None


def make_web(settings: Settings, probe: Probe) -> FastAPI:
    """The FastAPI part. `/demo/clock` exists only where `demo.enabled` is set."""
    web = FastAPI(title="salesbot", version="0.1.0", docs_url=None, redoc_url=None)
    _add_docs(web)

    @web.get("/healthz", tags=["operations"])
    async def healthz() -> dict[str, str]:
        """Alive: answers as long as the process does."""
        return {"status": "ok"}

    @web.get("/readyz", tags=["operations"])
    async def readyz() -> JSONResponse:
        """Database, channels and worker ready: 200, or 503 with what is not."""
        parts = await probe.ready()
        good = all(state == "ok" for state in parts.values())
        return JSONResponse({"ready": good, "parts": dict(parts)}, status_code=200 if good else 503)

    @web.get("/metrics", tags=["operations"])
    async def metrics() -> Response:
        """Prometheus."""
        depths = await probe.waiting()
        INBOX_WAITING.set(depths["inbox"])
        INBOX_OLDEST_SECONDS.set(depths["inbox_oldest"])
        OUTBOX_WAITING.set(depths["outbox"])
        OUTBOX_OLDEST_SECONDS.set(depths["outbox_oldest"])
        OUTBOX_FAILED.set(depths["failed"])
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    web.include_router(read_api(settings.server.api_keys, probe.list_visits, probe.list_approvals))
    web.include_router(
        lead_api(
            settings.server.api_keys,
            take=probe.take_leads,
            list_leads=probe.list_leads,
            surroundings=lambda: {"regions": probe.regions(), "now": probe.clock.now()},
        )
    )
    if settings.demo.enabled:
        _add_demo_clock(web, probe)
    return web


def _add_docs(web: FastAPI) -> None:
    """OpenAPI for people, from files shipped with the package: customers' networks are closed."""
    web.mount("/static", StaticFiles(directory=STATIC), name="static")

    @web.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="salesbot API",
            swagger_js_url="/static/swagger-ui/swagger-ui-bundle.min.js",
            swagger_css_url="/static/swagger-ui/swagger-ui.min.css",
            swagger_favicon_url="data:,",
        )


def _add_demo_clock(web: FastAPI, probe: Probe) -> None:
    def state() -> dict[str, Any]:
        return {
            "now": probe.clock.now().astimezone(SHANGHAI).isoformat(timespec="seconds"),
            "offset_seconds": probe.clock.offset.total_seconds(),
        }

    @web.get("/demo/clock", tags=["demo"])
    async def read_clock() -> dict[str, Any]:
        """Business time in Shanghai."""
        return state()

    @web.post("/demo/clock", tags=["demo"])
    async def move_clock(move: ClockMove) -> dict[str, Any]:
        """Move business time; jobs that fall due on the way run."""
        if move.to is not None:
            target = move.to if move.to.tzinfo else move.to.replace(tzinfo=SHANGHAI)
        elif move.plus_seconds is not None:
            target = probe.clock.now() + timedelta(seconds=move.plus_seconds)
        else:
            raise HTTPException(422, "give 'to' or 'plus_seconds'")
        await probe.move_clock(target)
        return state()


def front_door(web: FastAPI, callbacks: Mapping[str, Asgi]) -> Asgi:
    """Platform callbacks go straight to their receiver, past the framework; everything else to FastAPI."""

    async def app(
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        if scope["type"] == "http" and (callback := callbacks.get(scope["path"])) is not None:
            await callback(scope, receive, send)
        else:
            await web(scope, receive, send)

    return app
