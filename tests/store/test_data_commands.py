"""`salesbot load`, `export`, `db`: what a person at a terminal sees, and the exit codes of interface.md."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import main

Salesbot = Callable[..., tuple[int, str]]
GOOD = "客户编号,客户名称\nKH0001,鑫旺便利店\n"


@pytest.fixture
def salesbot(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Salesbot:
    """Run a command on a database of the test's own; returns exit code and what it printed."""
    monkeypatch.setenv("SALESBOT__DATABASE__URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["salesbot", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    return run


def test_load_says_what_it_did_per_file(salesbot: Salesbot, tmp_path: Path) -> None:
    company = tmp_path / "company"
    company.mkdir()
    (company / "客户.csv").write_text(GOOD, encoding="utf-8")
    code, printed = salesbot("load", company)
    assert code == 0
    assert "客户.csv" in printed
    (company / "客户.csv").write_text(GOOD + ",无号\n", encoding="utf-8")
    code, printed = salesbot("load", company)
    assert code == 1
    assert "被拒绝的行.csv" in printed
    assert (company / "被拒绝的行.csv").exists()


def test_wrong_usage_is_two(salesbot: Salesbot, tmp_path: Path) -> None:
    assert salesbot("load", tmp_path / "nowhere")[0] == 2
    assert salesbot("load")[0] == 2
    code, printed = salesbot("export", "churn", "--out", "a.csv")
    assert (code, "还不能导出" in printed) == (2, True)
    assert salesbot("db", "restore", "nothing")[0] == 2


def test_something_outside_failed_is_three(salesbot: Salesbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESBOT__DATABASE__URL", "postgresql://me:secret@127.0.0.1:1/none")
    code, printed = salesbot("db", "upgrade")
    assert code == 3
    assert "secret" not in printed


def test_export_and_backup(salesbot: Salesbot, tmp_path: Path) -> None:
    assert salesbot("export", "visits", "--out", "v.xlsx", "--as-of", "2026-02-12")[0] == 0
    assert salesbot("db", "upgrade")[0] == 0
    assert salesbot("db", "backup", "b.dump")[0] == 0
    assert salesbot("db", "restore", "b.dump")[0] == 0
    assert {path.name for path in tmp_path.iterdir()} >= {"v.xlsx", "b.dump"}
