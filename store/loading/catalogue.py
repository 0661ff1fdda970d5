"""The files a company hands over, one entry each: file stem, table, columns (fixtures/README.md, section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sqlalchemy import Table

from bot.domain.people import Role
from store import business
from store.lead_tables import lead_facts
from store.loading.columns import (
    Column,
    choice,
    code,
    company,
    day,
    deal_band,
    mobile,
    moment,
    money,
    number,
    place,
    ratio,
    rough_amount,
    text,
    texts,
    tiers,
    whole,
)


class Repeat(Enum):
    """What it means that a key stands in one file twice."""

    ERROR = "error"  #: the same line again is left out, a different one is refused
    COUNTED = "counted"  #: kept once with a counter `repeats` (engines.md 3)
    NUMBERED = "numbered"  #: both are real, numbered by `occurrence`


@dataclass(frozen=True, slots=True)
class FileSpec:
    """One kind of file. `key` names table columns; the file is recognised by its stem."""

    stem: str
    table: Table
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    repeat: Repeat = Repeat.ERROR

    @property
    def names(self) -> tuple[str, ...]:
        """All column names, without those nobody misses."""
        return tuple(name for column in self.columns if not column.silent for name in column.names)


_CUSTOMER = code("客户编号", "customer_no", required=True)
LEVELS = ("高", "中", "低")

CATALOGUE: tuple[FileSpec, ...] = (
    FileSpec(
        "员工",
        business.employees,
        ("employee_no",),
        (
            code("工号", "employee_no", required=True),
            text("姓名", "name", required=True),
            choice("角色", "role", tuple(Role), required=True),
            text("区域", "region"),
            mobile("手机号"),
            code("企业微信账号", "wecom_user"),
            code("钉钉账号", "dingtalk_user"),
            code("上级工号", "superior_no"),
            day("入职日期", "hired_on"),
            choice("状态", "status", ("在职", "离职"), required=True),
            texts("擅长行业", "industries"),
            deal_band("成交带宽"),
        ),
    ),
    FileSpec(
        "客户",
        business.customers,
        ("customer_no",),
        (
            _CUSTOMER,
            company("客户名称", "name", "company_key", required=True),
            company("简称", "short_name", "short_key"),
            text("行业", "industry"),
            text("区域", "region"),
            text("地址", "address"),
            place(),
            code("负责人工号", "owner_no"),
            code("客户成功工号", "success_no"),
            code("外部联系人ID", "external_user_id"),
            texts("标签", "tags"),
            money("年采购额预估", "annual_purchase_fen"),
            day("建档日期", "created_on"),
        ),
    ),
    FileSpec(
        "联系人",
        business.contacts,
        ("customer_no", "name"),
        (
            _CUSTOMER,
            text("姓名", "name", required=True),
            text("职务", "title"),
            mobile("手机号"),
            text("偏好备注", "preference"),
        ),
        Repeat.NUMBERED,
    ),
    FileSpec(
        "物料",
        business.products,
        ("product_no",),
        (
            code("物料编码", "product_no", required=True),
            text("名称", "name", required=True),
            text("规格", "spec"),
            text("单位", "unit"),
            money("单价", "price_fen"),
        ),
    ),
    FileSpec(
        "库存",
        business.stock,
        ("customer_no", "product_no"),
        (
            _CUSTOMER,
            code("物料编码", "product_no", required=True),
            text("物料名称", "product_name"),
            number("库存数量", "quantity", required=True),
            number("安全库存", "safety_quantity"),
            moment("更新时间", "updated_at"),
        ),
    ),
    FileSpec(
        "订单",
        business.orders,
        ("order_no",),
        (
            code("订单号", "order_no", required=True),
            _CUSTOMER,
            moment("下单时间", "ordered_at", required=True),
            moment("签收时间", "delivered_at"),
            money("订单金额", "amount_fen", required=True),
            money("促销核销金额", "promotion_fen"),
            money("应收金额", "receivable_fen", required=True),
            text("状态", "status", required=True),
        ),
    ),
    FileSpec(
        "发票",
        business.invoices,
        ("invoice_no", "order_no"),
        (
            code("发票号", "invoice_no", required=True),
            code("订单号", "order_no", required=True),
            day("开票日期", "issued_on", required=True),
            money("金额", "amount_fen", required=True),
            ratio("税率", "tax_rate"),
        ),
    ),
    FileSpec(
        "回款",
        business.receipts,
        ("account", "receipt_no"),
        (
            code("流水号", "receipt_no", required=True),
            moment("到账时间", "received_at", required=True),
            text("付款方户名", "payer"),
            money("金额", "amount_fen", required=True),
            text("摘要", "memo"),
            text("收款账户", "account", required=True),
        ),
        Repeat.COUNTED,
    ),
    FileSpec(
        "促销核销",
        business.promotion_claims,
        ("claim_no",),
        (
            code("核销单号", "claim_no", required=True),
            _CUSTOMER,
            code("订单号", "order_no"),
            money("金额", "amount_fen", required=True),
            day("日期", "claimed_on"),
            text("活动名称", "campaign"),
        ),
    ),
    FileSpec(
        "返利政策",
        business.rebate_policies,
        ("policy_no",),
        (
            code("政策编号", "policy_no", required=True),
            code("适用类型", "applies_to", required=True),
            day("起始日期", "starts_on", required=True),
            day("结束日期", "ends_on", required=True),
            choice("计算基数", "basis", ("签收金额", "回款金额"), required=True),
            tiers("阶梯"),
            choice("阶梯方式", "tier_method", ("超额累进", "全额累进"), required=True),
            whole("结算周期", "period_months", least=1, most=60, required=True),
        ),
    ),
    FileSpec(
        "合同",
        business.contracts,
        ("contract_no",),
        (
            code("合同号", "contract_no", required=True),
            _CUSTOMER,
            text("类型", "kind"),
            money("金额", "amount_fen"),
            ratio("折扣率", "discount"),
            day("签订日期", "signed_on"),
            day("到期日期", "expires_on"),
            text("状态", "status", required=True),
            code("负责人工号", "owner_no"),
        ),
    ),
    FileSpec(
        "工单",
        business.tickets,
        ("ticket_no",),
        (
            code("工单号", "ticket_no", required=True),
            _CUSTOMER,
            moment("创建时间", "opened_at", required=True),
            moment("关闭时间", "closed_at"),
            text("主题", "subject"),
            text("内容", "body"),
            whole("满意度", "rating", least=1, most=5),
            text("模块", "module"),
        ),
    ),
    FileSpec(
        "使用日志",
        business.usage_events,
        ("customer_no", "occurred_at", "user_name", "event", "object"),
        (
            moment("时间", "occurred_at", required=True),
            _CUSTOMER,
            text("用户", "user_name"),
            text("事件", "event", required=True),
            text("对象", "object"),
        ),
        Repeat.NUMBERED,
    ),
    FileSpec(
        "拜访",
        business.visits,
        ("visit_no",),
        (
            code("拜访编号", "visit_no", required=True),
            _CUSTOMER,
            code("工号", "employee_no", required=True),
            moment("时间", "visited_at", required=True),
            text("方式", "kind"),
            text("内容", "content"),
            day("下次跟进日期", "next_follow_up"),
            text("联系人", "contact", silent=True),
            money("金额", "amount_fen", silent=True),
            choice("意向", "intent", LEVELS, silent=True),
        ),
    ),
    FileSpec(
        "沟通",
        business.communications,
        ("customer_no", "occurred_at", "channel", "minutes"),
        (
            _CUSTOMER,
            moment("时间", "occurred_at", required=True),
            text("渠道", "channel"),
            whole("时长分钟", "minutes", least=0, most=1440),
        ),
        Repeat.NUMBERED,
    ),
    FileSpec(
        "线索",
        business.leads,
        ("lead_no",),
        (
            code("线索编号", "lead_no", required=True),
            moment("到达时间", "received_at", required=True),
            text("来源", "source"),
            company("公司名称", "company", "company_key"),
            text("联系人", "contact"),
            mobile("手机号"),
            text("区域", "region"),
            text("行业", "industry"),
            rough_amount("预估金额"),
            choice("意向", "intent", LEVELS),
            text("需求描述", "note"),
        ),
    ),
    FileSpec(
        "线索指标",
        lead_facts,
        ("fact", "employee_no", "label"),
        (
            text("指标", "fact", required=True),
            code("工号", "employee_no", required=True),
            text("标签", "label", silent=True),
            number("数值", "value", required=True),
        ),
    ),
    FileSpec(
        "知识库",
        business.knowledge,
        ("entry_no",),
        (
            code("条目编号", "entry_no", required=True),
            text("标题", "title", required=True),
            texts("标签", "tags"),
            text("内容", "body"),
            text("适用阶段", "stage"),
            texts("适用行业", "industries"),
        ),
    ),
)
BY_STEM = {spec.stem: spec for spec in CATALOGUE}
