"""Typed settings: TOML for choices, environment for secrets, checked before anything starts."""

from __future__ import annotations

import contextlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError, field_validator

from bot.errors import SettingsError

ENV_PREFIX = "SALESBOT__"


def _http_url(value: str) -> str:
    if value:
        TypeAdapter(AnyHttpUrl).validate_python(value)
    return value.rstrip("/")


class Section(BaseModel):
    """Frozen, and a key nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ApiKey(Section):
    """One caller of the intake and read API."""

    name: str = Field(min_length=1)
    key: SecretStr
    scopes: tuple[Literal["intake", "read"], ...] = ("read",)

    @field_validator("key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 16:
            raise ValueError("at least 16 characters")
        return value


class ServerSettings(Section):
    """Where the bot listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str = ""  # how the platforms and browsers reach this server
    api_keys: tuple[ApiKey, ...] = ()

    _url = field_validator("public_url")(_http_url)


class DatabaseSettings(Section):
    """Any PostgreSQL 15+; empty = the embedded one, its data under bot.data_dir."""

    url: SecretStr = SecretStr("")

    @field_validator("url")
    @classmethod
    def _postgres(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url and not url.startswith(("postgresql://", "postgresql+psycopg://", "postgres://")):
            raise ValueError("must start with postgresql://")
        return value


def _aes_key(value: SecretStr) -> SecretStr:
    key = value.get_secret_value()
    if key and not (len(key) == 43 and key.isalnum()):
        raise ValueError("must be exactly 43 letters and digits")
    return value


class WeComSettings(Section):
    """One self-built app (自建应用) of one corp."""

    enabled: bool = False
    corp_id: str = ""
    agent_id: int = 0
    secret: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")
    encoding_aes_key: SecretStr = SecretStr("")
    token_previous: SecretStr = SecretStr("")  # accepted beside the new ones while keys are being changed
    encoding_aes_key_previous: SecretStr = SecretStr("")
    api_base: str = "https://qyapi.weixin.qq.com"
    contact_secret: SecretStr = SecretStr("")  # 客户联系, optional
    max_callback_age_seconds: int = Field(default=3600, ge=0)  # older callbacks are replays; 0 = no limit

    _url = field_validator("api_base")(_http_url)
    _keys = field_validator("encoding_aes_key", "encoding_aes_key_previous")(_aes_key)


class DingTalkSettings(Section):
    """One internal app (企业内部应用) with a robot."""

    enabled: bool = False
    mode: Literal["stream", "http"] = "stream"
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    robot_code: str = ""  # empty = client_id, as for every internal app
    corp_id: str = ""
    agent_id: int = 0
    api_base: str = "https://api.dingtalk.com"
    oapi_base: str = "https://oapi.dingtalk.com"
    aes_key: SecretStr = SecretStr("")  # HTTP mode only
    token: SecretStr = SecretStr("")  # HTTP mode only
    card_template_id: str = ""  # empty = markdown with typed commands instead of cards
    card_route_key: str = "salesbot"
    card_secret: SecretStr = SecretStr("")  # HTTP mode only; of our own making, registered with the route
    approval_process_code: str = ""  # empty = contract approvals live in the bot alone, without DingTalk's OA
    monthly_api_quota: int = Field(default=5000, ge=0)  # standard edition since 2025-11-19; 0 = do not warn
    monthly_push_quota: int = Field(default=3000, ge=0)

    _url = field_validator("api_base", "oapi_base")(_http_url)
    _keys = field_validator("aes_key")(_aes_key)

    @property
    def robot(self) -> str:
        return self.robot_code or self.client_id


class BotSettings(Section):
    """The bot itself."""

    data_dir: str = ""  # empty = ./data, or /var/lib/salesbot when run as root
    timezone: str = "Asia/Shanghai"
    language: Literal["zh-CN", "en"] = "zh-CN"

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("no such time zone") from error
        return value


class AiSettings(Section):
    """An OpenAI-compatible endpoint that may help to read a sentence; off by default."""

    enabled: bool = False
    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    model: str = ""
    timeout_seconds: float = Field(default=8, gt=0, le=60)

    _url = field_validator("base_url")(_http_url)


class SpeechSettings(Section):
    """Speech to text for voice notes that come without it."""

    provider: Literal["", "baidu"] = ""
    api_key: SecretStr = SecretStr("")
    secret_key: SecretStr = SecretStr("")
    token_url: str = "https://aip.baidubce.com/oauth/2.0/token"  # noqa: S105 - an address, not a secret
    api_url: str = "https://vop.baidu.com/server_api"

    _url = field_validator("token_url", "api_url")(_http_url)


class DemoSettings(Section):
    """Only for the demo and for training: lets the page move the business clock."""

    enabled: bool = False
    clock_starts_at: str = "2026-02-12T08:30:00+08:00"


class Settings(Section):
    """Everything, one section a part; each part is handed its own section."""

    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    wecom: WeComSettings = WeComSettings()
    dingtalk: DingTalkSettings = DingTalkSettings()
    bot: BotSettings = BotSettings()
    ai: AiSettings = AiSettings()
    speech: SpeechSettings = SpeechSettings()
    demo: DemoSettings = DemoSettings()


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read a TOML file (or the defaults) and lay SALESBOT__SECTION__KEY over it.

    Raises:
        SettingsError: lists every problem at once and never a secret.
    """
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError as error:
            raise SettingsError([f"{path}: no such file"]) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise SettingsError([f"{path}: {error}"]) from error
    for name, text in environ.items():
        section, _, key = name.removeprefix(ENV_PREFIX).lower().partition("__")
        if name.startswith(ENV_PREFIX) and key:
            part = values.setdefault(section, {})
            if isinstance(part, dict):
                part[key] = _from_environment(section, key, text)
    problems: list[str] = []
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(
            [_sentence(item) for item in error.errors(include_input=False, include_url=False)]
        ) from error
    problems += _missing(settings)
    if problems:
        raise SettingsError(problems)
    return settings


def _from_environment(section: str, key: str, text: str) -> Any:
    """Lists are written as in the file, or as JSON."""
    if (section, key) != ("server", "api_keys"):
        return text
    with contextlib.suppress(tomllib.TOMLDecodeError):
        return tomllib.loads(f"value = {text}")["value"]
    with contextlib.suppress(json.JSONDecodeError):
        return json.loads(text)
    return text


def _sentence(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    what = "unknown key" if error["type"] == "extra_forbidden" else error["msg"].removeprefix("Value error, ")
    return f"{where}: {what}"


def _missing(settings: Settings) -> list[str]:
    wanted: list[tuple[str, object]] = []
    if settings.wecom.enabled:
        wecom = settings.wecom
        wanted += [
            ("wecom.corp_id", wecom.corp_id),
            ("wecom.agent_id", wecom.agent_id),
            ("wecom.secret", wecom.secret.get_secret_value()),
            ("wecom.token", wecom.token.get_secret_value()),
            ("wecom.encoding_aes_key", wecom.encoding_aes_key.get_secret_value()),
            ("wecom.api_base", wecom.api_base),
        ]
        if bool(wecom.token_previous.get_secret_value()) != bool(wecom.encoding_aes_key_previous.get_secret_value()):
            wanted.append(("wecom.token_previous and wecom.encoding_aes_key_previous (both or neither)", ""))
    if settings.dingtalk.enabled:
        dingtalk = settings.dingtalk
        wanted += [
            ("dingtalk.client_id", dingtalk.client_id),
            ("dingtalk.client_secret", dingtalk.client_secret.get_secret_value()),
            ("dingtalk.api_base", dingtalk.api_base),
            ("dingtalk.oapi_base", dingtalk.oapi_base),
        ]
        if dingtalk.mode == "http":
            wanted += [
                ("dingtalk.aes_key", dingtalk.aes_key.get_secret_value()),
                ("dingtalk.token", dingtalk.token.get_secret_value()),
            ]
            if dingtalk.card_template_id:  # taps come to a route that is registered with the secret they are signed by
                wanted += [
                    ("dingtalk.card_secret", dingtalk.card_secret.get_secret_value()),
                    ("server.public_url", settings.server.public_url),
                ]
    if settings.ai.enabled:
        wanted += [("ai.base_url", settings.ai.base_url), ("ai.model", settings.ai.model)]
    if settings.speech.provider == "baidu":
        wanted += [
            ("speech.api_key", settings.speech.api_key.get_secret_value()),
            ("speech.secret_key", settings.speech.secret_key.get_secret_value()),
        ]
    return [f"{name}: missing" for name, value in wanted if not value]
