"""Business-side tables: one per file of the company's data, and what the bot adds to visits.

Columns carry the English names of interface.md's intake records. Money is whole fen (`*_fen`), moments are timestamptz
in business time, texts are never NULL (empty = unknown). There are no foreign keys between files: they arrive in any
order, and a row that names an unknown customer is kept.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    Numeric,
    Sequence,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from store.metadata import metadata

Moment = DateTime(timezone=True)

#: Serial of the visits the bot records: BF + yymmdd + at least six digits, one more than any number that came by file.
visit_serial = Sequence("visit_serial", metadata=metadata)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _texts(name: str) -> Column[list[str]]:
    return Column(name, ARRAY(Text), nullable=False, server_default=text("'{}'"))


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _loaded_at() -> Column[object]:
    """When the row last came in or changed; real time."""
    return Column("loaded_at", Moment, nullable=False, server_default=text("now()"))


employees = Table(
    "employees",
    metadata,
    _key("employee_no"),
    _text("name"),
    _text("role"),
    _text("region"),
    _text("mobile"),
    _text("mobile_key"),
    _text("wecom_user"),
    _text("dingtalk_user"),
    _text("superior_no"),
    Column("hired_on", Date),
    _text("status"),  # 在职, 离职
    _texts("industries"),
    Column("deal_min_fen", BigInteger),  # 成交带宽
    Column("deal_max_fen", BigInteger),
    _loaded_at(),
    Index("employees_wecom_user_idx", text("lower(wecom_user)")),
    Index("employees_dingtalk_user_idx", "dingtalk_user"),
    Index("employees_mobile_key_idx", "mobile_key"),
    Index("employees_superior_no_idx", "superior_no"),
)

customers = Table(
    "customers",
    metadata,
    _key("customer_no"),
    _text("name"),
    _text("short_name"),
    _text("company_key"),  # bot.domain.leads.company_names: what leads are compared by
    _text("short_key"),
    _text("industry"),
    _text("region"),
    _text("address"),
    Column("latitude", Double),
    Column("longitude", Double),
    _text("owner_no"),
    _text("success_no"),
    _text("external_user_id"),
    _texts("tags"),
    Column("annual_purchase_fen", BigInteger),
    Column("created_on", Date),
    _loaded_at(),
    Index("customers_owner_no_idx", "owner_no"),
    Index("customers_success_no_idx", "success_no"),
    Index("customers_region_idx", "region"),
    Index("customers_external_user_id_idx", "external_user_id"),
    Index("customers_company_key_idx", "company_key", postgresql_where=text("company_key <> ''")),
    Index("customers_short_key_idx", "short_key", postgresql_where=text("short_key <> ''")),
)

contacts = Table(
    "contacts",
    metadata,
    _key("customer_no"),
    _key("name"),
    Column("occurrence", SmallInteger, primary_key=True, autoincrement=False),  # namesakes at one customer: 1, 2, …
    Column("position", BigInteger, Identity(always=True), nullable=False),  # the order in which they were entered
    _text("title"),
    _text("mobile"),
    _text("mobile_key"),
    _text("preference"),
    _loaded_at(),
    Index("contacts_mobile_key_idx", "mobile_key"),
)

products = Table(
    "products",
    metadata,
    _key("product_no"),
    _text("name"),
    _text("spec"),
    _text("unit"),
    Column("price_fen", BigInteger),  # per unit
    _loaded_at(),
)

stock = Table(  # at the customer's place
    "stock",
    metadata,
    _key("customer_no"),
    _key("product_no"),
    _text("product_name"),  # as typed; the product number counts
    Column("quantity", Numeric(18, 3)),
    Column("safety_quantity", Numeric(18, 3)),
    Column("updated_at", Moment),
    _loaded_at(),
)

orders = Table(
    "orders",
    metadata,
    _key("order_no"),
    _text("customer_no"),
    Column("ordered_at", Moment),
    Column("delivered_at", Moment),
    Column("amount_fen", BigInteger),
    Column("promotion_fen", BigInteger),
    Column("receivable_fen", BigInteger),
    _text("status"),  # 已签收, 已退货, 已取消, 配送中, 待发货
    _loaded_at(),
    Index("orders_customer_no_ordered_at_idx", "customer_no", text("ordered_at DESC")),
    Index("orders_customer_no_delivered_at_idx", "customer_no", "delivered_at"),
    Index("orders_ordered_at_idx", "ordered_at"),
    Index(  # first orders of all customers, from the index alone: store/lead_facts.py
        "orders_deals_idx",
        "customer_no",
        "ordered_at",
        postgresql_include=["amount_fen"],
        postgresql_where=text("status NOT IN ('已取消', '已退货')"),
    ),
)

invoices = Table(
    "invoices",
    metadata,
    _key("invoice_no"),
    _key("order_no"),
    Column("issued_on", Date),
    Column("amount_fen", BigInteger),  # negative: a red invoice
    Column("tax_rate", Numeric(6, 4)),
    _loaded_at(),
    Index("invoices_order_no_idx", "order_no"),
)

receipts = Table(  # a bank line is known by account and serial (engines.md 3)
    "receipts",
    metadata,
    _key("account"),
    _key("receipt_no"),
    Column("received_at", Moment),
    _text("payer"),
    Column("amount_fen", BigInteger),  # negative: a refund
    _text("memo"),
    Column("repeats", SmallInteger, nullable=False, server_default="0"),  # the same serial again in one file
    _loaded_at(),
    Index("receipts_receipt_no_idx", "receipt_no"),
    Index("receipts_received_at_idx", "received_at"),
    Index("receipts_payer_idx", "payer"),
    Index("receipts_memo_order_no_idx", text("substring(upper(memo), 'SO[0-9]{10}')")),  # store/receivables.py
)

promotion_claims = Table(
    "promotion_claims",
    metadata,
    _key("claim_no"),
    _text("customer_no"),
    _text("order_no"),
    Column("amount_fen", BigInteger),
    Column("claimed_on", Date),
    _text("campaign"),
    _loaded_at(),
    Index("promotion_claims_order_no_idx", "order_no"),
    Index("promotion_claims_customer_no_idx", "customer_no"),
)

rebate_policies = Table(
    "rebate_policies",
    metadata,
    _key("policy_no"),
    _text("applies_to"),  # a kind of shop, or a customer number
    Column("starts_on", Date),
    Column("ends_on", Date),  # inclusive
    _text("basis"),  # 签收金额, 回款金额
    Column("tiers", JSONB, nullable=False, server_default=text("'[]'")),  # [[from fen, to fen or null, "0.015"], …]
    _text("tier_method"),  # 超额累进, 全额累进
    Column("period_months", SmallInteger),
    _loaded_at(),
    Index("rebate_policies_applies_to_idx", "applies_to"),
)

contracts = Table(
    "contracts",
    metadata,
    _key("contract_no"),
    _text("customer_no"),
    _text("kind"),
    Column("amount_fen", BigInteger),
    Column("discount", Numeric(6, 4)),  # 0.85 = 八五折
    Column("signed_on", Date),
    Column("expires_on", Date),
    _text("status"),
    _text("owner_no"),
    _loaded_at(),
    Index("contracts_customer_no_expires_on_idx", "customer_no", text("expires_on DESC")),
    Index("contracts_expires_on_idx", "expires_on"),
)

tickets = Table(
    "tickets",
    metadata,
    _key("ticket_no"),
    _text("customer_no"),
    Column("opened_at", Moment),
    Column("closed_at", Moment),  # NULL: still open
    _text("subject"),
    _text("body"),
    Column("rating", SmallInteger),  # 1 to 5
    _text("module"),
    _loaded_at(),
    Index("tickets_customer_no_opened_at_idx", "customer_no", text("opened_at DESC")),
)

usage_events = Table(  # known by all columns and, for equal lines of one file, by their count
    "usage_events",
    metadata,
    Column("customer_no", Text, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("occurrence", SmallInteger, nullable=False),
    Index(
        "usage_events_customer_no_occurred_at_idx",
        *("customer_no", "occurred_at", "user_name", "event", "object", "occurrence"),
        unique=True,
    ),
    Index("usage_events_occurred_at_idx", "occurred_at"),  # the newest day there is
)

visits = Table(
    "visits",
    metadata,
    _key("visit_no"),
    Column("customer_no", Text),  # NULL while 待选客户
    _text("employee_no"),
    Column("visited_at", Moment),
    _text("kind"),  # 方式: 上门拜访, 电话, 微信, 视频会议, 客户来访, 展会
    _text("content"),
    Column("next_follow_up", Date),
    # -- what only the bot knows
    _text("contact"),
    Column("amount_fen", BigInteger),
    _text("intent"),  # 高, 中, 低
    _text("competitor"),
    Column("met", Boolean, nullable=False, server_default=text("true")),
    _texts("candidates"),  # customers the words could mean, while 待选客户
    Column("state", Text, nullable=False, server_default="已载入"),  # 已确认, 待确认, 待选客户, 已撤销, 已载入
    _text("source_channel"),  # 来源渠道: wecom, dingtalk; empty when loaded
    _text("raw_text"),
    Column("heard", Boolean, nullable=False, server_default=text("false")),  # raw_text came from speech recognition
    _text("message_id"),
    Column("inbox_id", BigInteger),
    _text("card_id"),
    Column("said_at", Moment),  # when it was told, business time
    Column("created_at", Moment, nullable=False, server_default=text("now()")),  # real time, as the next three
    Column("confirmed_at", Moment),
    Column("undone_at", Moment),
    Column("reminded_at", Moment),
    _loaded_at(),
    Index("visits_customer_no_visited_at_idx", "customer_no", text("visited_at DESC")),
    Index("visits_employee_no_visited_at_idx", "employee_no", text("visited_at DESC")),
    Index("visits_next_follow_up_idx", "next_follow_up", postgresql_where=text("next_follow_up IS NOT NULL")),
    Index("visits_inbox_id_idx", "inbox_id", postgresql_where=text("inbox_id IS NOT NULL")),
    Index("visits_card_id_idx", "card_id", postgresql_where=text("card_id <> ''")),
)

visit_attachments = Table(
    "visit_attachments",
    metadata,
    _key("visit_no"),
    Column("attachment_id", BigInteger, primary_key=True, autoincrement=False),
)

communications = Table(  # 续约沟通; known as usage_events are
    "communications",
    metadata,
    Column("customer_no", Text, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("channel", Text, nullable=False),
    Column("minutes", Integer),
    Column("occurrence", SmallInteger, nullable=False),
    Index(
        "communications_customer_no_occurred_at_idx",
        *("customer_no", "occurred_at", "channel", "minutes", "occurrence"),
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
)

leads = Table(
    "leads",
    metadata,
    _key("lead_no"),
    Column("received_at", Moment),
    _text("source"),
    _text("company"),
    _text("company_key"),  # as that of customers
    _text("contact"),
    _text("mobile"),
    _text("mobile_key"),
    _text("region"),
    _text("industry"),
    Column("amount_fen", BigInteger),  # of a range the lower end; NULL when empty or not a number
    _text("amount_text"),  # as typed
    _text("intent"),  # 高, 中, 低
    _text("note"),
    _loaded_at(),
    Index("leads_mobile_key_idx", "mobile_key"),
    Index("leads_company_key_idx", "company_key", postgresql_where=text("company_key <> ''")),
    Index("leads_received_at_idx", "received_at"),
)

knowledge = Table(
    "knowledge",
    metadata,
    _key("entry_no"),
    _text("title"),
    _texts("tags"),
    _text("body"),
    _text("stage"),
    _texts("industries"),
    _loaded_at(),
)
