"""The `salesbot` command. Commands are thin: parse, call what the jobs call, print.

Exit codes: 0 done, 1 done with refusals or findings, 2 wrong usage or configuration, 3 something outside failed.
"""

from __future__ import annotations

import sys

import typer

from bot.cli.ask import commands as ask
from bot.cli.data import commands as data
from bot.cli.demo import commands as demo
from bot.cli.operations import commands as operations
from bot.cli.serving import commands as serving
from bot.errors import BadInput, ChannelError, DatabaseUnavailable, SettingsError

app = typer.Typer(
    name="salesbot",
    help="Sales chat-ops between WeCom (企业微信) and DingTalk (钉钉).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for part in (serving, demo, operations, data, ask):
    app.registered_commands += part.registered_commands
    app.registered_groups += part.registered_groups


def main() -> None:
    """Entry point: errors we know become one sentence and an exit code, never a traceback."""
    try:
        app()
    except SettingsError as error:
        print("配置有问题 / configuration:\n  " + "\n  ".join(error.problems), file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except BadInput as error:
        print(f"输入有问题 / input: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except (DatabaseUnavailable, ChannelError, OSError) as error:
        print(f"外部服务出错 / outside: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(3)
