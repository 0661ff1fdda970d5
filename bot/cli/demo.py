"""`salesbot demo`: everything on one laptop, with the sample company and no credentials."""

from __future__ import annotations

import contextlib
import json
import shutil
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.console import Console

from bot.cli.common import run
from bot.errors import SettingsError
from bot.observability import set_up_logging
from bot.settings import DingTalkSettings, Settings, SpeechSettings, load_settings

commands = typer.Typer()
console = Console()

DEMO_KEY = "salesbot-demo-only"  # no secret: the demo listens on this machine alone and has nothing but sample data


@commands.command()
def demo(
    port: Annotated[int, typer.Option(help="of the page with the phones; the bot takes the next one")] = 9100,
    reset: Annotated[bool, typer.Option("--reset", help="forget the last demo and start afresh")] = False,
    data_dir: Annotated[str, typer.Option(help="where the demo keeps its data")] = "",
) -> None:
    """Embedded PostgreSQL, both pretended platforms, the bot, the sample company: one command, Ctrl-C ends it all."""
    import logging

    set_up_logging(level=logging.WARNING)
    run(_demo(port, reset=reset, data_dir=data_dir))


def demo_settings(sandbox_url: str, bot_port: int, data_dir: str) -> Settings:
    """The bot's settings in the demo: as in production, only the base URLs lead to the sandbox."""
    from bot.sandbox.config import SandboxConfig

    sandbox = SandboxConfig()
    values: dict[str, dict[str, Any]] = {
        "SERVER": {
            "PORT": bot_port,
            "API_KEYS": json.dumps([{"name": "演示", "key": DEMO_KEY, "scopes": ["intake", "read"]}]),
        },
        "WECOM": {
            "ENABLED": True,
            "CORP_ID": sandbox.corp_id,
            "AGENT_ID": sandbox.agent_id,
            "SECRET": sandbox.wecom_secret,
            "TOKEN": sandbox.wecom_token,
            "ENCODING_AES_KEY": sandbox.wecom_aes_key,
            "API_BASE": sandbox_url,
        },
        "DINGTALK": {
            "ENABLED": True,
            "CLIENT_ID": sandbox.ding_client_id,
            "CLIENT_SECRET": sandbox.ding_client_secret,
            "CORP_ID": sandbox.ding_corp_id,
            "AGENT_ID": sandbox.ding_agent_id,
            "API_BASE": sandbox_url,
            "OAPI_BASE": sandbox_url,
            "CARD_TEMPLATE_ID": sandbox.card_template_id,
        },
        "BOT": {"DATA_DIR": data_dir},
        "DEMO": {"ENABLED": True},
    }
    environ = {
        f"SALESBOT__{section}__{key}": str(value) for section, part in values.items() for key, value in part.items()
    }
    return load_settings(None, environ)


async def _demo(port: int, *, reset: bool, data_dir: str) -> None:
    from bot.main import application, running
    from bot.sandbox.app import running_sandbox
    from bot.sandbox.config import SandboxConfig, default_group, read_people
    from bot.serving import asgi, listening, publish_menu, stop_requested

    folder = _demo_folder(data_dir)
    if reset and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    bot_port = port + 1 if port else 0
    stop = stop_requested()
    async with contextlib.AsyncExitStack() as stack:
        company = stack.enter_context(as_file(files("bot.sandbox") / "sample_company"))
        people = read_people(company / "员工.csv")
        config = SandboxConfig(
            people=people,
            groups=(default_group(people),),
            bot_url=f"http://127.0.0.1:{bot_port}",
            demo_clock_url=f"http://127.0.0.1:{bot_port}/demo/clock",
            data_file=folder / "sandbox.sqlite",
        )
        sandbox = await stack.enter_async_context(running_sandbox(config, port=port))
        console.print("正在准备数据库……", style="dim")
        settings = demo_settings(sandbox.url, bot_port, str(folder))
        settings = settings.model_copy(update={"speech": hearing(sandbox.url), "dingtalk": with_oa(settings.dingtalk)})
        app = await stack.enter_async_context(application(settings))
        if not await app.shared_clock.load():
            await app.shared_clock.move_to(datetime.fromisoformat(settings.demo.clock_starts_at))
        await _load_company(app, company)
        await stack.enter_async_context(listening(asgi(app), "127.0.0.1", bot_port))
        await stack.enter_async_context(running(app))
        await publish_menu(app)
        console.print(f"\n[bold green]好了。[/]在浏览器里打开 [bold]{sandbox.url}/[/]（Ctrl-C 结束）")
        console.print("左边是销售的企业微信，右边是经理的钉钉。先试：绿源滨江曹姐定了两万五，下周三送货", style="dim")
        console.print("再试合同审批：合同 绿源滨江 85万 9.2折 一年", style="dim")
        console.print("官网来一条线索，在另一个窗口执行：", style="dim")
        console.print(lead_by_hand(bot_port), soft_wrap=True, markup=False, highlight=False)
        await stop.wait()
        console.print("\n正在收尾……", style="dim")


def lead_by_hand(bot_port: int) -> str:
    """A line for the shell that hands one lead in, as a web site would, each time under a new number."""
    lead = {
        "company": "杭州望江机电有限公司",
        "contact": "沈女士",
        "mobile": "19900007788",
        "region": "杭州",
        "industry": "工业",
        "amount": "30万",
        "intent": "high",
        "source": "官网表单",
        "note": "换三台空压机，月底前定",
    }
    body = json.dumps(lead, ensure_ascii=False)[1:]
    return (
        f"curl -X POST http://127.0.0.1:{bot_port}/api/v1/leads -H 'Authorization: Bearer {DEMO_KEY}'"
        f""" -d '{{"external_id": "WEB-'$(date +%s)'", {body}'"""
    )


def hearing(sandbox_url: str) -> SpeechSettings:
    """WeCom's voice notes come without words; in the demo the sandbox plays the speech service as well."""
    from bot.sandbox.speech import KEY, SECRET

    return SpeechSettings(
        provider="baidu",
        api_key=SecretStr(KEY),
        secret_key=SecretStr(SECRET),
        token_url=f"{sandbox_url}/speech/token",
        api_url=f"{sandbox_url}/speech/server_api",
    )


def with_oa(dingtalk: DingTalkSettings) -> DingTalkSettings:
    """The demo shows a contract in DingTalk's own 审批 as well; the sandbox has that template from the start."""
    from bot.sandbox.oa_forms import CONTRACT_CODE

    return dingtalk.model_copy(update={"approval_process_code": CONTRACT_CODE})


def _demo_folder(data_dir: str) -> Path:
    from store.embedded import default_data_dir

    if data_dir:
        return Path(data_dir).resolve()
    folder: Path = default_data_dir(Settings())
    return folder.parent / f"{folder.name}-demo" if folder.name != "data" else folder.parent / ".demo"


async def _load_company(app: Any, company: Path) -> None:
    from store.loading import load_folder

    if any(True for _ in app.directory.current().employees()):
        return
    console.print("正在载入示例公司（60 名员工、267 家客户）……", style="dim")
    report = await load_folder(app.database, company)
    if not report.clean:
        raise SettingsError(["示例数据没能全部载入"])
    await app.directory.load()
