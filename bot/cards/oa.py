"""What stands in the form of DingTalk's OA approval, and what administrators are told about it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bot.cards.approvals import Sheet
from bot.cards.unusual import unusual_words
from bot.domain.approval_values import Approval
from bot.domain.oa import APPROVAL_KEY_LABEL

REDIRECTED = "审批机器人：由代理人或上级处理"
REVOKED = "审批机器人：发起人撤回或修改了合同"


def form(sheet: Sheet, key: str) -> Mapping[str, str]:
    """Values by the labels of the template (docs/setup-dingtalk.md); plain decimals, no thousands separators."""
    terms = sheet.approval.terms
    unusual = [unusual_words(item) for item in sheet.evidence.unusual] if sheet.evidence else []
    nonstandard = "" if terms.nonstandard is None else terms.nonstandard or "有，未写明"
    return {
        APPROVAL_KEY_LABEL: key,
        "客户": sheet.customer.name,
        "合同类型": terms.kind,
        "合同金额（元）": f"{Decimal(terms.amount_fen) / 100:.2f}",
        "折扣率": f"{terms.discount:f}",
        "期限（月）": str(terms.months),
        "发起人": sheet.submitter,
        "非标说明": nonstandard or "无",
        "风险提示": "；".join(unusual) or "没有发现异常",
        "备注": terms.note or "无",
    }


def cannot_be_held() -> str:
    return "钉钉审批放不下这个流程（要几人中的几人同意，或有人没有钉钉账号）"


def no_originator() -> str:
    return "发起人没有钉钉账号，也没有可以代为发起的管理员"


def left(approval_no: str, why: str) -> str:
    return f"合同审批 {approval_no} 没有同步到钉钉审批，只在机器人里审批。原因：{why}"


def differs(approval: Approval) -> str:
    return f"合同审批 {approval.approval_no} 在机器人里是「{approval.state}」，和钉钉审批里的结论不一致，请人工核对。"
