"""What the two pretended platforms have to know: credentials, people, and how patient they are."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

#: Dummy credentials of the demo. They open nothing but this sandbox.
DEMO_CORP_ID = "wwsandbox00000001"
DEMO_AGENT_ID = 1000002
DEMO_AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
DEMO_CLIENT_ID = "dingsandboxclient001"
DEMO_TEMPLATE = "5a1e5b07-0000-4000-8000-000000000001.schema"

_COLUMNS = ("工号", "姓名", "角色", "区域", "手机号", "企业微信账号", "钉钉账号")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One employee with the account names that both platforms gave; an empty one means no account there."""

    employee_no: str
    name: str
    role: str = "销售"
    region: str = ""
    wecom: str = ""  #: userid
    dingtalk: str = ""  #: staffId
    mobile: str = ""  #: digits only

    @property
    def union_id(self) -> str:
        """DingTalk's id of the same human across the apps of one developer."""
        return f"union-{self.dingtalk}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A DingTalk group that the robot is a member of."""

    conversation_id: str  #: openConversationId, starts with cid and ends with =
    title: str
    members: tuple[str, ...]  #: staffIds


DEMO_PEOPLE = (
    Person(employee_no="YG101", name="李雷", role="销售", region="华东", wecom="lilei", mobile="19900001001"),
    Person(
        employee_no="YG102",
        name="王芳",
        role="区域经理",
        region="华东",
        wecom="wangfang",
        dingtalk="manager01",
        mobile="19900001002",
    ),
    Person(
        employee_no="YG103", name="赵敏", role="客户成功", region="华东", dingtalk="success01", mobile="19900001003"
    ),
    Person(employee_no="YG104", name="钱进", role="财务", region="全国", dingtalk="finance01", mobile="19900001004"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConfig:
    """Everything both platforms were told in their consoles, with dummy values for the demo.

    Delays are real seconds; tests shorten them. Figures come from protocols/wecom.md 1.5, 3, 4, 5 and
    protocols/dingtalk.md 1, 2, 10 unless a line says otherwise.
    """

    people: tuple[Person, ...] = DEMO_PEOPLE
    groups: tuple[Group, ...] = ()  #: none given = one with everybody on DingTalk
    bot_url: str = "http://127.0.0.1:8080"  #: where the bot listens; "" = no callback URL saved in the console
    demo_clock_url: str = ""  #: the bot's own address for moving the business clock; "" = there is none
    data_file: Path | None = None  #: SQLite; None = nothing outlives the process
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "::1")  #: Host header of the page and its API

    corp_id: str = DEMO_CORP_ID
    agent_id: int = DEMO_AGENT_ID
    agent_name: str = "销售助手"
    wecom_secret: str = "sandbox-wecom-secret"  # noqa: S105 - opens nothing but this sandbox
    wecom_token: str = "SandboxToken2026"  # noqa: S105
    wecom_aes_key: str = DEMO_AES_KEY
    wecom_trusted_ips: tuple[str, ...] = ()  #: 企业可信IP; empty = every address
    wecom_report_enter: bool = True  #: isreportenter: tell the bot when somebody opens the app
    callback_timeout_seconds: float = 5
    callback_retry_delays: tuple[float, ...] = (1, 2, 4)  #: three retries; the pauses between them are our guess
    verify_timeout_seconds: float = 1
    wecom_token_seconds: int = 7200
    wecom_per_minute: int = 30  #: messages to one member; the excess vanishes
    wecom_per_hour: int = 1000
    response_code_seconds: int = 72 * 3600
    media_seconds: int = 3 * 86400
    wrong_secrets_before_ban: int = 20  #: the platform bans the address for an hour; the count is our guess

    ding_client_id: str = DEMO_CLIENT_ID
    ding_client_secret: str = "sandbox-ding-secret"  # noqa: S105
    ding_corp_id: str = "dingsandboxcorp0001"
    ding_agent_id: int = 2000001
    ding_mode: Literal["stream", "http"] = "stream"  #: how robot messages and events come, as the console says
    ding_token: str = "SandboxDing2026"  # noqa: S105 - of the event subscription, HTTP mode only
    ding_aes_key: str = DEMO_AES_KEY
    card_template_id: str = DEMO_TEMPLATE
    ding_token_seconds: int = 7200
    ticket_seconds: float = 90
    redelivery_seconds: float = 60  #: a robot message without an ack comes again
    redelivery_times: int = 3  #: how often; not published
    event_timeout_seconds: float = 3
    event_http_timeout_seconds: float = 2.5
    event_retry_delays: tuple[float, ...] = (10, 30)
    shuffle_events: bool = False  #: events of one change come in any order, as the platform reserves the right to
    robot_http_timeout_seconds: float = 5  #: our guess
    check_url_timeout_seconds: float = 1.5
    revoke_after_seconds: float = 15  #: an approval younger than this cannot be terminated by API
    card_timeout_seconds: float = 2
    ping_seconds: float = 25
    disconnect_grace_seconds: float = 10
    session_webhook_seconds: float = 5400
    qps_limit: int = 20  #: calls a second to one API; 0 = no limit
    monthly_api_quota: int = 0  #: 0 = no limit
    monthly_push_quota: int = 0
    repeated_card: str = "error"  #: an outTrackId used again: "error" or "ignored", both were seen
    repeated_route: str = "error"  #: a callbackRouteKey registered again, differently: the same two

    secrets: tuple[str, ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        secrets = (
            *(self.wecom_secret, self.wecom_token, self.wecom_aes_key),
            *(self.ding_client_secret, self.ding_token, self.ding_aes_key),
        )
        object.__setattr__(self, "secrets", tuple(secret for secret in secrets if secret))
        if not self.groups:
            object.__setattr__(self, "groups", (default_group(self.people),))

    def on_wecom(self, userid: str) -> Person | None:
        """The member with this userid; upper and lower case are the same to WeCom."""
        wanted = userid.casefold()
        return next((person for person in self.people if person.wecom and person.wecom.casefold() == wanted), None)

    def on_dingtalk(self, staff_id: str) -> Person | None:
        """The member with this staffId, letter for letter."""
        return next((person for person in self.people if person.dingtalk and person.dingtalk == staff_id), None)

    def group(self, name: str) -> Group | None:
        """A group by title or openConversationId."""
        return next((group for group in self.groups if name in (group.title, group.conversation_id)), None)


def default_group(people: Sequence[Person]) -> Group:
    """The one group of the demo: everybody who has DingTalk."""
    members = tuple(person.dingtalk for person in people if person.dingtalk)
    return Group(conversation_id="cidSandboxSales0001==", title="销售管理群", members=members)


def read_people(path: Path) -> tuple[Person, ...]:
    """People of an 员工.csv (UTF-8 or GB18030, columns as in the sample data); those who left have no accounts.

    Raises:
        OSError: the file can't be read.
        ValueError: a column is missing.
    """
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030")
    rows = csv.DictReader(text.splitlines())
    missing = set(_COLUMNS) - set(rows.fieldnames or ())
    if missing:
        raise ValueError(f"{path.name}: column missing: {'、'.join(sorted(missing))}")
    return tuple(_person(row) for row in rows if (row.get("状态") or "在职").strip() != "离职")


def _person(row: dict[str, str]) -> Person:
    cell = {name: (row.get(name) or "").strip() for name in _COLUMNS}
    return Person(
        employee_no=cell["工号"],
        name=cell["姓名"],
        role=cell["角色"],
        region=cell["区域"],
        wecom=cell["企业微信账号"],
        dingtalk=cell["钉钉账号"],
        mobile=re.sub(r"\D", "", cell["手机号"]),
    )
