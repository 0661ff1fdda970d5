"""`salesbot ask`: what the bot would understand and answer, seen with the asker's eyes; nothing is recorded or sent."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from bot.cli import app
from bot.clock import SHANGHAI
from bot.domain.directory import Directory
from handlers.asking import Asked, Asking
from store.history import HistoryRepository
from tests.support.desk import CONTACTS, CUSTOMERS, EMPLOYEES

THURSDAY = datetime(2026, 2, 12, 9, 30, tzinfo=SHANGHAI)
DIRECTORY = Directory(CUSTOMERS, CONTACTS, EMPLOYEES, ())


async def ask(engine: AsyncEngine, words: str, *, sender: str = "YG010") -> dict[str, Any]:
    async with engine.connect() as connection:
        await connection.execute(
            text("INSERT INTO contracts (contract_no, customer_no, kind, signed_on, expires_on, status)"
                 " VALUES ('HT1', 'KH0117', '供货协议', :signed, :expires, '履行中')"),
            {"signed": date(2025, 3, 1), "expires": date(2026, 2, 28)},
        )  # fmt: skip
        employee = DIRECTORY.employee(sender)
        assert employee is not None
        asking = Asking(DIRECTORY, HistoryRepository(connection))
        return await asking.answer(Asked(text=words, sender=employee, said_at=THURSDAY))


async def test_every_field_is_there_whatever_was_said(engine: AsyncEngine) -> None:
    answer = await ask(engine, "你好")
    assert answer["understood"] == {
        **dict.fromkeys(("customer_no", "contact", "amount", "intent", "next_follow_up", "visit_kind", "visit_date")),
        **dict.fromkeys(("summary", "metric", "value")),
        "kind": "other",
        "ambiguous_customers": [],
        "more": [],
    }
    assert answer["reply"]


async def test_a_question(engine: AsyncEngine) -> None:
    answer = await ask(engine, "绿源滨江合同什么时候到期")
    understood = answer["understood"]
    assert (understood["kind"], understood["customer_no"], understood["metric"], understood["value"]) == (
        "query", "KH0117", "contract_end", "2026-02-28",
    )  # fmt: skip
    assert answer["reply"].splitlines()[:2] == ["绿源超市(滨江店)", "供货协议 2026年2月28日到期，还有 16 天"]


async def test_a_name_asks_for_the_screen(engine: AsyncEngine) -> None:
    answer = await ask(engine, "绿源滨江")
    assert (answer["understood"]["kind"], answer["understood"]["metric"]) == ("query", "jan_signed")
    assert "负责人：李雷（杭州大区）" in answer["reply"]


async def test_a_visit_and_the_second_customer_of_the_message(engine: AsyncEngine) -> None:
    answer = await ask(engine, "今天跑了两家，绿源滨江王姐定了3000块，下周三送货；利康老街还在考虑，后天再去")
    understood = answer["understood"]
    assert (understood["kind"], understood["customer_no"], understood["amount"]) == ("visit", "KH0117", 3000)
    assert understood["next_follow_up"] == "2026-02-18"
    assert [(item["customer_no"], item["next_follow_up"]) for item in understood["more"]] == [("KH0250", "2026-02-14")]
    assert answer["reply"].startswith("记下了，请确认")


async def test_an_order_to_do_something_is_a_command(engine: AsyncEngine) -> None:
    assert (await ask(engine, "撤销"))["understood"]["kind"] == "command"


async def test_several_fitting_customers_give_no_value(engine: AsyncEngine) -> None:
    answer = await ask(engine, "鑫旺便利店还欠多少")
    assert answer["understood"]["ambiguous_customers"] == ["KH0002", "KH0172"]
    assert (answer["understood"]["metric"], answer["understood"]["value"]) == (None, None)
    assert answer["reply"].splitlines()[0] == "有 2 家对得上，是哪一家？"


async def test_out_of_scope_there_is_no_value_and_a_word_whom_to_ask(engine: AsyncEngine) -> None:
    answer = await ask(engine, "绿源滨江合同什么时候到期", sender="YG011")
    assert (answer["understood"]["customer_no"], answer["understood"]["value"]) == ("KH0117", None)
    assert answer["reply"] == "「绿源超市(滨江店)」不在你负责的范围，查不了。请问一下负责人李雷或杭州大区经理陈磊。"


async def test_candidates_out_of_scope_are_not_listed(engine: AsyncEngine) -> None:
    answer = await ask(engine, "鑫旺便利店还欠多少", sender="YG011")
    assert answer["reply"] == "对得上的 2 家客户都不在你负责的范围，查不了。请换个名字，或请那边的同事查。"


# -- the command ------------------------------------------------------------------------------------------------------
@pytest.fixture
def command(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    monkeypatch.setenv("SALESBOT__DATABASE__URL", database_url)
    monkeypatch.chdir(tmp_path)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO customers (customer_no, name, short_name, region, owner_no)"
            " VALUES ('KH1', '绿源超市(滨江店)', '绿源滨江', '杭州大区', 'YG1')"
        )
        connection.execute(
            "INSERT INTO employees (employee_no, name, role, region, status)"
            " VALUES ('YG1', '李雷', '销售', '杭州大区', '在职')"
        )
    return CliRunner()


def test_one_sentence_on_the_command_line(command: CliRunner) -> None:
    result = command.invoke(app, ["ask", "绿源滨江谁负责", "--from", "YG1", "--at", "2026-02-12 09:00", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["understood"]["value"] == "YG1"


def test_a_file_of_sentences(command: CliRunner, tmp_path: Path) -> None:
    questions, answers = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    questions.write_text(
        '{"id": "Q1", "asked_at": "2026-02-12T09:00:00+08:00", "from_user": "YG1", "text": "绿源滨江谁负责"}\n'
        '{"id": "V1", "sent_at": "2026-02-12T09:00:00+08:00", "from_user": "YG1", "text": "绿源滨江定了3000"}\n',
        encoding="utf-8",
    )
    result = command.invoke(app, ["ask", "--jsonl", str(questions), "--out", str(answers)])
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    assert [(line["id"], line["understood"]["kind"]) for line in lines] == [("Q1", "query"), ("V1", "visit")]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["绿源滨江谁负责"], "--from"),
        (["绿源滨江谁负责", "--from", "YG9"], "YG9"),
        (["绿源滨江谁负责", "--from", "YG1", "--at", "昨天"], "昨天"),
    ],
)
def test_what_is_wrong_is_said(command: CliRunner, arguments: list[str], complaint: str) -> None:
    result = command.invoke(app, ["ask", *arguments])
    assert complaint in str(result.exception)
