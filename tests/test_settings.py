"""Settings: every key documented, every problem told at once, no secret ever shown."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from bot.errors import SettingsError
from bot.settings import Settings, load_settings

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"


def _plain(value: Any) -> Any:
    return (
        value.get_secret_value() if isinstance(value, SecretStr) else list(value) if isinstance(value, tuple) else value
    )


def test_the_example_shows_every_setting_with_its_default() -> None:
    example = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    defaults = Settings()
    assert list(example) == list(Settings.model_fields)
    for name in Settings.model_fields:
        section: BaseModel = getattr(defaults, name)
        assert example[name] == {key: _plain(getattr(section, key)) for key in type(section).model_fields}


def test_the_example_is_a_valid_configuration() -> None:
    assert load_settings(EXAMPLE, {}) == Settings()


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[server]\nport = 1\n[wecom]\nsecret = "from file"\n', encoding="utf-8")
    settings = load_settings(
        file,
        {
            "SALESBOT__SERVER__PORT": "9000",
            "SALESBOT__SERVER__API_KEYS": '[{name="erp", key="0123456789abcdef", scopes=["read"]}]',
            "SALESBOT__WECOM__SECRET": "from environment",
            "HOME": "/somewhere",
        },
    )
    assert settings.server.port == 9000
    assert settings.server.api_keys[0].name == "erp"
    assert settings.wecom.secret.get_secret_value() == "from environment"


@pytest.mark.parametrize(
    "written",
    [
        pytest.param('[{name = "erp", key = "0123456789abcdef", scopes = ["intake"]}]', id="as in the file"),
        pytest.param('[{"name": "erp", "key": "0123456789abcdef", "scopes": ["intake"]}]', id="as JSON"),
    ],
)
def test_keys_of_callers_come_by_environment_too(written: str) -> None:
    (key,) = load_settings(None, {"SALESBOT__SERVER__API_KEYS": written}).server.api_keys
    assert (key.name, key.key.get_secret_value(), list(key.scopes)) == ("erp", "0123456789abcdef", ["intake"])


def test_every_problem_is_told_at_once_and_never_a_secret() -> None:
    with pytest.raises(SettingsError) as wrong:
        load_settings(
            None,
            {
                "SALESBOT__SERVER__PORT": "99999",
                "SALESBOT__WECOM__ENCODING_AES_KEY": "hunter2",
                "SALESBOT__WECOM__COLOUR": "red",
                "SALESBOT__DATABASE__URL": "mysql://root:hunter2@db/x",
            },
        )
    problems = "\n".join(wrong.value.problems)
    for key in ("server.port", "wecom.encoding_aes_key", "wecom.colour: unknown key", "database.url"):
        assert key in problems
    assert "hunter2" not in problems


def test_an_enabled_platform_needs_its_credentials() -> None:
    with pytest.raises(SettingsError) as wrong:
        load_settings(None, {"SALESBOT__WECOM__ENABLED": "true", "SALESBOT__DINGTALK__ENABLED": "true"})
    assert {problem.split(":")[0] for problem in wrong.value.problems} >= {
        "wecom.corp_id",
        "wecom.agent_id",
        "wecom.token",
        "dingtalk.client_id",
        "dingtalk.client_secret",
    }


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        pytest.param({}, {"dingtalk.aes_key", "dingtalk.token"}, id="without cards"),
        pytest.param(
            {"CARD_TEMPLATE_ID": "abc.schema"},
            {"dingtalk.aes_key", "dingtalk.token", "dingtalk.card_secret", "server.public_url"},
            id="with cards",
        ),
        pytest.param({"MODE": "stream", "CARD_TEMPLATE_ID": "abc.schema"}, set(), id="Stream needs none of it"),
    ],
)
def test_http_mode_needs_keys_and_an_address(changes: dict[str, str], missing: set[str]) -> None:
    values = {"ENABLED": "true", "MODE": "http", "CLIENT_ID": "dingapp", "CLIENT_SECRET": "s", **changes}
    environ = {f"SALESBOT__DINGTALK__{name}": value for name, value in values.items()}
    found: set[str] = set()
    try:
        load_settings(None, environ)
    except SettingsError as wrong:
        found = {problem.split(":")[0] for problem in wrong.problems}
    assert found == missing


@pytest.mark.parametrize("text", ["port = ", "\x00", "[server]\nport = 'a'\n"])
def test_a_broken_file_is_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError):
        load_settings(file, {})
