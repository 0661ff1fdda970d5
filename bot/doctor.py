"""`salesbot doctor`: everything that keeps the bot from working, one line each, found by really trying."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
from sqlalchemy import text

from bot.channels.dingtalk.client import DingTalkChannel
from bot.clock import SHANGHAI
from bot.domain import workdays
from bot.errors import ChannelError, DatabaseUnavailable, SettingsError
from bot.main import Application, application, waiting
from bot.observability import scrub
from bot.settings import Settings
from store.embedded import default_data_dir

Finding = tuple[str, bool, str]
_DECEMBER = 12
MAX_CLOCK_SKEW = timedelta(seconds=60)  # DingTalk and WeCom signatures allow an hour, tokens far less slack is healthy


async def examine(settings: Settings) -> list[Finding]:
    """All findings: (what, good, sentence). Secrets and phone numbers never stand in a sentence."""
    try:
        async with application(settings) as app:
            findings = [*await _store(app), *await _clock(settings), *await _platforms(app), *await _schedule(app)]
            findings.append(_holidays(app))
    except SettingsError as error:
        return [("配置", False, problem) for problem in error.problems]
    except DatabaseUnavailable as error:
        return [("数据库", False, f"{error}；检查 database.url，或留空使用内置数据库")]
    return [(what, good, scrub(sentence)) for what, good, sentence in findings]


async def _store(app: Application) -> list[Finding]:
    async with app.database.engine.connect() as connection:
        version = (await connection.execute(text("SHOW server_version"))).scalar_one()
        people, customers = (await connection.execute(_COUNTS)).one()
    embedded = not app.settings.database.url.get_secret_value()
    findings: list[Finding] = [("数据库", True, f"PostgreSQL {version}{'（内置）' if embedded else ''}，结构为最新")]
    if embedded and hasattr(os, "geteuid") and os.geteuid() == 0:
        folder = default_data_dir(app.settings)
        findings.append(
            ("数据目录", True, f"{folder}；以 root 运行时内置数据库会放开上级目录的读权限，请勿放在个人目录下")
        )
    if people and customers:
        findings.append(("资料", True, f"{people} 名员工、{customers} 家客户"))
    else:
        findings.append(("资料", False, "还没有员工或客户，先运行 salesbot load 目录"))
    depths = await waiting(app)
    good = depths["failed"] == 0
    sentence = f"待处理 {depths['inbox']:.0f} 条，待发送 {depths['outbox']:.0f} 条，发送失败 {depths['failed']:.0f} 条"
    findings.append(("积压", good, sentence if good else sentence + "；用 salesbot outbox list 查看"))
    return findings


async def _clock(settings: Settings) -> list[Finding]:
    """Our clock against the platforms' Date headers: signatures and callback ages depend on it."""
    bases = [settings.wecom.api_base] if settings.wecom.enabled else []
    bases += [settings.dingtalk.api_base] if settings.dingtalk.enabled else []
    findings: list[Finding] = []
    async with httpx.AsyncClient(timeout=5) as http:
        for base in bases[:1]:
            try:
                answer = await http.get(base)
                skew = datetime.now(UTC) - parsedate_to_datetime(answer.headers["date"])
            except (httpx.HTTPError, KeyError, ValueError) as error:
                findings.append(
                    ("时钟", False, f"连不上 {httpx.URL(base).host}（{type(error).__name__}），检查网络或代理")
                )
            else:
                good = abs(skew) < MAX_CLOCK_SKEW
                sentence = f"与平台相差 {abs(skew.total_seconds()):.0f} 秒"
                findings.append(("时钟", good, sentence if good else sentence + "，请打开时间同步（NTP）"))
    return findings


async def _platforms(app: Application) -> list[Finding]:
    if not app.channels:
        return [
            ("平台", False, "企业微信和钉钉都没有启用：在 config.toml 里把 wecom.enabled 或 dingtalk.enabled 设为 true")
        ]
    findings: list[Finding] = []
    for name, channel in app.channels.items():
        try:
            findings += await channel.check()
            if isinstance(channel, DingTalkChannel):
                findings += await channel.check_addresses(app.settings.server.public_url)
        except ChannelError as error:
            findings.append((str(name), False, str(error)))
    settings = app.settings
    if settings.wecom.enabled:
        url = settings.server.public_url
        findings.append(
            ("企业微信回调", True, f"在应用后台填 {url}/wecom/callback")
            if url.startswith(("https://", "http://127.0.0.1"))
            else ("企业微信回调", False, "server.public_url 未设置或不是 https，企业微信后台无法保存回调地址")
        )
    return findings


def _holidays(app: Application) -> Finding:
    """Whether working days can be told: this year's, and from December on the next one's."""
    today = app.clock.now().astimezone(SHANGHAI)
    missing = [year for year in (today.year, today.year + 1) if not workdays.covered(year)]
    if not missing:
        return "节假日", True, f"{today.year} 和 {today.year + 1} 年都已有"
    late = missing[0] == today.year or today.month == _DECEMBER
    return "节假日", not late, f"还没有 {missing[0]} 年的；通知公布后在聊天里填：节假日 {missing[0]} 通知全文"


async def _schedule(app: Application) -> list[Finding]:
    async with app.database.engine.connect() as connection:
        row = (await connection.execute(_LAST_TICK)).scalar_one_or_none()
        failed = (await connection.execute(_FAILED_RUNS)).scalars().all()
    if failed:
        return [("定时任务", False, f"最近一天失败：{'、'.join(failed)}，看日志里的 job.failed")]
    if row is None:
        return [("定时任务", True, "还没有运行过，启动 salesbot serve 后开始")]
    last = datetime.fromisoformat(row["at"]).astimezone(SHANGHAI)
    return [("定时任务", True, f"上次检查于 {last:%m月%d日 %H:%M:%S}（业务时间）")]


_COUNTS = text("SELECT (SELECT count(*) FROM employees), (SELECT count(*) FROM customers)")
_LAST_TICK = text("SELECT value FROM state WHERE key = 'scheduler'")
_FAILED_RUNS = text(
    "SELECT DISTINCT job FROM job_runs WHERE state = 'failed' AND created_at > now() - interval '1 day' ORDER BY job"
)
