"""A contract as it is read, and its words taken apart: which place of a text says what, nothing twice, nothing lost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

MASK = "□"  #: stands where a part was taken, one for each character


class ContractField(StrEnum):
    """What a contract approval consists of, in the words of the card."""

    CUSTOMER = "客户"
    KIND = "类型"
    AMOUNT = "金额"
    DISCOUNT = "折扣"
    TERM = "期限"
    NONSTANDARD = "非标"
    NOTE = "备注"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractReading:
    """A contract as understood; what is None was not said, or not in a way that can be taken."""

    customer_no: str | None = None
    ambiguous_customers: tuple[str, ...] = ()
    customer_words: str = ""  #: what was taken for the customer's name when none was recognised
    kind: str | None = None  #: one of CONTRACT_KINDS
    amount_fen: int | None = None  #: the whole contract's price
    discount: Decimal | None = None  #: share of the list price: 0.92 for 9.2折, 1 for 不打折
    months: int | None = None
    nonstandard: str | None = None  #: None: standard terms; else what is not standard, "" when 非标 stood alone
    note: str = ""  #: words that were none of these
    problems: tuple[str, ...] = ()  #: parts that can not be taken, each to be asked


def missing(reading: ContractReading) -> tuple[ContractField, ...]:
    """What has to be asked, in this order. A type is not asked: `usual_kind` has one."""
    asked = (
        (ContractField.CUSTOMER, reading.customer_no is None),
        (ContractField.AMOUNT, reading.amount_fen is None),
        (ContractField.DISCOUNT, reading.discount is None),
        (ContractField.TERM, reading.months is None),
        (ContractField.NONSTANDARD, reading.nonstandard == ""),
    )
    return tuple(part for part, needed in asked if needed)


@dataclass(frozen=True, slots=True)
class Found:
    """A number found at [start, end) of a text; one that can not be taken carries a `problem` instead."""

    start: int
    end: int
    value: Decimal | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """What [start, end) of a text is; None: words that only carry the rest (给…走个合同)."""

    start: int
    end: int
    field: ContractField | None


def cover(text: str, spans: Iterable[tuple[int, int]], sign: str = MASK) -> str:
    """The text with some places hidden; no position moves."""
    for start, end in spans:
        text = text[:start] + sign * (end - start) + text[end:]
    return text


def places(found: Iterable[Found]) -> list[tuple[int, int]]:
    return [(item.start, item.end) for item in found]


SEPARATOR = r"[\s,，、。;；:：!！?？|｜/()\[\]（）【】〔〕「」『』《》<>{}…·~+=*_\"'“”‘’.&#\-—]"
#: words that carry the parts and say nothing themselves
_CARRIERS = (
    "有个 有一个 走一单 一单 单 报批 报 客户编号 编号 领导 后 买 "
    "合同审批 合同 审批 协议 流程 申请 给我 帮我 帮忙 麻烦 谢谢 辛苦 请 我要 我想 想要 我们 咱们 我 走一下 "
    "走一个 走个 走下 走 过一下 过下 过个 发起 新建 提交 提一下 提个 提 起草 拟一份 拟个 拟 建一个 建个 建 "
    "做一份 做一个 做个 做 办一个 办 来一份 来个 开个 起个 报一下 报个 一份 一个 一下 一笔 签订 签署 签约 新签 "
    "续签 签个 签了 签 给 帮 跟 和 与 为 对 要 客户名称 客户名 客户 合同类型 类型 合同总金额 合同总额 合同金额 "
    "合同价款 合同总价 合同价 合同额 总金额 总价款 总价 总额 总共 总计 合计 共计 一共 共 金额 价格 折扣率 折扣 "
    "折率 折后价 折后 优惠后 成交价 实收 合同期限 合同期 有效期 服务期 期限 周期 为期 期 年限 打 按 是 的 了 "
    "吧 啊 哈 呢 呀 哦 嗯 份 个 下 做到 到 备注 说明 给到 定 谈好 谈定 谈妥 敲定 条款 非标 标准 原价 标价 这个 "
    "这家 这边 那边 那家 这次 本次 新 整 都 就 需要 你好 小助手 现在 马上 再 费用 费 那个 然后 就是 先 他 她 "
    "他们 打完折 打完 折 折前 打折前 优惠前 续约 续 追加 今年 "
)
_CARRIER = re.compile("(?:" + "|".join(sorted(_CARRIERS.split(), key=len, reverse=True)) + ")+")
_FRAGMENT = re.compile(rf"(?:(?!{SEPARATOR}|{MASK}).)+", re.DOTALL)
_RUN = re.compile(rf"[^{MASK}]+")


def carries_only(fragment: str) -> bool:
    """Whether folded words say nothing on their own."""
    return _CARRIER.fullmatch(fragment) is not None


def leftovers(masked: str) -> list[tuple[int, int]]:
    """Places of a masked, folded text that say something nobody has taken, without the carriers around them."""
    left = []
    for run in _RUN.finditer(masked):
        telling = [
            (run.start() + item.start(), run.start() + item.end())
            for item in _FRAGMENT.finditer(run[0])
            if not carries_only(item[0])
        ]
        if telling:
            left.append((telling[0][0], telling[-1][1]))
    return left
