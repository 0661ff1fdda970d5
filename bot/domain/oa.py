"""DingTalk's OA approval beside one of ours: what it looks like from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

APPROVAL_KEY_LABEL = "审批编号"  # the form field that carries our own key, for finding an instance again
FORM_LABELS = (
    APPROVAL_KEY_LABEL,
    *("客户", "合同类型", "合同金额（元）", "折扣率", "期限（月）", "发起人", "非标说明", "风险提示", "备注"),
)
"""The components the template in DingTalk must have, by label; the values of an instance go by them."""


class OaStatus(StrEnum):
    """Of an instance. Only running -> completed or terminated."""

    RUNNING = "running"
    COMPLETED = "completed"
    TERMINATED = "terminated"


class OaTaskStatus(StrEnum):
    """Of one person's task; everything that is neither to come, open nor finished counts as gone."""

    NEW = "new"
    RUNNING = "running"
    COMPLETED = "completed"
    GONE = "gone"  # cancelled, paused for good, terminated


class OaResult(StrEnum):
    """What a finished task or instance says."""

    AGREE = "agree"
    REFUSE = "refuse"
    REDIRECTED = "redirected"


class OaActionType(StrEnum):
    """How many of a step's people have to agree."""

    ALL = "AND"
    ANY = "OR"
    SINGLE = "NONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class OaStep:
    """One step as it is asked for at creation."""

    action_type: OaActionType
    user_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OaTask:
    """One person's task. The platform keeps finished ones, in the order in which they began."""

    task_id: int  #: 64 bit
    user_id: str
    status: OaTaskStatus
    result: OaResult | None = None
    remark: str = ""  #: the opinion that person wrote


@dataclass(frozen=True, slots=True, kw_only=True)
class OaInstance:
    """An instance as the platform tells it now. Approved = completed and agree."""

    instance_id: str
    status: OaStatus
    result: OaResult | None = None
    tasks: tuple[OaTask, ...] = ()
    form: Mapping[str, str] = field(default_factory=dict)  #: by label
