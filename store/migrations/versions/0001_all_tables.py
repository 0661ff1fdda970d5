"""All tables of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("user_key", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("employee_no", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("channel", "user_key", name=op.f("accounts_pkey")),
    )
    op.create_index("accounts_employee_no_idx", "accounts", ["employee_no"], unique=False)
    op.create_table(
        "attachments",
        sa.Column("attachment_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("mime", sa.Text(), server_default="", nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("attachments_pkey")),
    )
    op.create_index("attachments_sha256_idx", "attachments", ["sha256"], unique=False)
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("employee_no", sa.Text(), server_default="", nullable=False),
        sa.Column("channel", sa.Text(), server_default="", nullable=False),
        sa.Column("message_id", sa.Text(), server_default="", nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("audit_pkey")),
    )
    op.create_index("audit_subject_idx", "audit", ["subject"], unique=False)
    op.create_table(
        "bind_codes",
        sa.Column("account_key", sa.Text(), nullable=False),
        sa.Column("employee_no", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account_key", name=op.f("bind_codes_pkey")),
    )
    op.create_table(
        "card_codes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("card_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("card_codes_pkey")),
    )
    op.create_index("card_codes_card_id_idx", "card_codes", ["card_id"], unique=False)
    op.create_table(
        "cards",
        sa.Column("card_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipients", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("conversation_id", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("shown_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("settled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("as_text", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("card_id", name=op.f("cards_pkey")),
    )
    op.create_table(
        "communications",
        sa.Column("customer_no", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("occurrence", sa.SmallInteger(), nullable=False),
    )
    op.create_index(
        "communications_customer_no_occurred_at_idx",
        "communications",
        ["customer_no", "occurred_at", "channel", "minutes", "occurrence"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "contacts",
        sa.Column("customer_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("mobile", sa.Text(), server_default="", nullable=False),
        sa.Column("mobile_key", sa.Text(), server_default="", nullable=False),
        sa.Column("preference", sa.Text(), server_default="", nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("customer_no", "name", "occurrence", name=op.f("contacts_pkey")),
    )
    op.create_index("contacts_mobile_key_idx", "contacts", ["mobile_key"], unique=False)
    op.create_table(
        "contracts",
        sa.Column("contract_no", sa.Text(), nullable=False),
        sa.Column("customer_no", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("discount", sa.Numeric(precision=6, scale=4), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("owner_no", sa.Text(), server_default="", nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("contract_no", name=op.f("contracts_pkey")),
    )
    op.create_index(
        "contracts_customer_no_expires_on_idx",
        "contracts",
        ["customer_no", sa.literal_column("expires_on DESC")],
        unique=False,
    )
    op.create_index("contracts_expires_on_idx", "contracts", ["expires_on"], unique=False)
    op.create_table(
        "conversations",
        sa.Column("account_key", sa.Text(), nullable=False),
        sa.Column("dialogue", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_key", name=op.f("conversations_pkey")),
    )
    op.create_table(
        "customers",
        sa.Column("customer_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("short_name", sa.Text(), server_default="", nullable=False),
        sa.Column("industry", sa.Text(), server_default="", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("owner_no", sa.Text(), server_default="", nullable=False),
        sa.Column("success_no", sa.Text(), server_default="", nullable=False),
        sa.Column("external_user_id", sa.Text(), server_default="", nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("annual_purchase_fen", sa.BigInteger(), nullable=True),
        sa.Column("created_on", sa.Date(), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("customer_no", name=op.f("customers_pkey")),
    )
    op.create_index("customers_external_user_id_idx", "customers", ["external_user_id"], unique=False)
    op.create_index("customers_owner_no_idx", "customers", ["owner_no"], unique=False)
    op.create_index("customers_region_idx", "customers", ["region"], unique=False)
    op.create_index("customers_success_no_idx", "customers", ["success_no"], unique=False)
    op.create_table(
        "employees",
        sa.Column("employee_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("role", sa.Text(), server_default="", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("mobile", sa.Text(), server_default="", nullable=False),
        sa.Column("mobile_key", sa.Text(), server_default="", nullable=False),
        sa.Column("wecom_user", sa.Text(), server_default="", nullable=False),
        sa.Column("dingtalk_user", sa.Text(), server_default="", nullable=False),
        sa.Column("superior_no", sa.Text(), server_default="", nullable=False),
        sa.Column("hired_on", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("industries", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("deal_min_fen", sa.BigInteger(), nullable=True),
        sa.Column("deal_max_fen", sa.BigInteger(), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("employee_no", name=op.f("employees_pkey")),
    )
    op.create_index("employees_dingtalk_user_idx", "employees", ["dingtalk_user"], unique=False)
    op.create_index("employees_mobile_key_idx", "employees", ["mobile_key"], unique=False)
    op.create_index("employees_superior_no_idx", "employees", ["superior_no"], unique=False)
    op.create_index("employees_wecom_user_idx", "employees", [sa.literal_column("lower(wecom_user)")], unique=False)
    op.create_table(
        "inbox",
        sa.Column("inbox_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("sender_key", sa.Text(), nullable=False),
        sa.Column("message", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default="received", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "received_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("inbox_id", name=op.f("inbox_pkey")),
        sa.UniqueConstraint("channel", "app_id", "message_id", name=op.f("inbox_channel_app_id_message_id_key")),
    )
    op.create_index(
        "inbox_waiting_idx",
        "inbox",
        ["sender_key", "inbox_id"],
        unique=False,
        postgresql_where=sa.text("state = 'received'"),
    )
    op.create_table(
        "invoices",
        sa.Column("invoice_no", sa.Text(), nullable=False),
        sa.Column("order_no", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("tax_rate", sa.Numeric(precision=6, scale=4), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("invoice_no", "order_no", name=op.f("invoices_pkey")),
    )
    op.create_index("invoices_order_no_idx", "invoices", ["order_no"], unique=False)
    op.create_table(
        "job_runs",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("fire_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("result", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("job", "fire_at", name=op.f("job_runs_pkey")),
    )
    op.create_table(
        "knowledge",
        sa.Column("entry_no", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("stage", sa.Text(), server_default="", nullable=False),
        sa.Column("industries", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("entry_no", name=op.f("knowledge_pkey")),
    )
    op.create_table(
        "leads",
        sa.Column("lead_no", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("company", sa.Text(), server_default="", nullable=False),
        sa.Column("contact", sa.Text(), server_default="", nullable=False),
        sa.Column("mobile", sa.Text(), server_default="", nullable=False),
        sa.Column("mobile_key", sa.Text(), server_default="", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("industry", sa.Text(), server_default="", nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("amount_text", sa.Text(), server_default="", nullable=False),
        sa.Column("intent", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("lead_no", name=op.f("leads_pkey")),
    )
    op.create_index("leads_mobile_key_idx", "leads", ["mobile_key"], unique=False)
    op.create_index("leads_received_at_idx", "leads", ["received_at"], unique=False)
    op.create_table(
        "limits",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("next_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("seconds", sa.Double(), server_default="0", nullable=False),
        sa.Column("paused_until", sa.Double(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("limits_pkey")),
    )
    op.create_table(
        "orders",
        sa.Column("order_no", sa.Text(), nullable=False),
        sa.Column("customer_no", sa.Text(), server_default="", nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("promotion_fen", sa.BigInteger(), nullable=True),
        sa.Column("receivable_fen", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("order_no", name=op.f("orders_pkey")),
    )
    op.create_index("orders_customer_no_delivered_at_idx", "orders", ["customer_no", "delivered_at"], unique=False)
    op.create_index(
        "orders_customer_no_ordered_at_idx",
        "orders",
        ["customer_no", sa.literal_column("ordered_at DESC")],
        unique=False,
    )
    op.create_table(
        "outbox",
        sa.Column("outbox_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipients", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("conversation_id", sa.Text(), server_default="", nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("card_id", sa.Text(), server_default="", nullable=False),
        sa.Column("interactive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("dedup_key", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("platform_id", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("outbox_pkey")),
        sa.UniqueConstraint("dedup_key", name=op.f("outbox_dedup_key_key")),
    )
    op.create_index(
        "outbox_card_id_idx", "outbox", ["card_id"], unique=False, postgresql_where=sa.text("card_id <> ''")
    )
    op.create_index(
        "outbox_open_idx",
        "outbox",
        ["state"],
        unique=False,
        postgresql_where=sa.text("state not in ('sent', 'skipped')"),
    )
    op.create_table(
        "products",
        sa.Column("product_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("spec", sa.Text(), server_default="", nullable=False),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("product_no", name=op.f("products_pkey")),
    )
    op.create_table(
        "promotion_claims",
        sa.Column("claim_no", sa.Text(), nullable=False),
        sa.Column("customer_no", sa.Text(), server_default="", nullable=False),
        sa.Column("order_no", sa.Text(), server_default="", nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("claimed_on", sa.Date(), nullable=True),
        sa.Column("campaign", sa.Text(), server_default="", nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("claim_no", name=op.f("promotion_claims_pkey")),
    )
    op.create_index("promotion_claims_customer_no_idx", "promotion_claims", ["customer_no"], unique=False)
    op.create_index("promotion_claims_order_no_idx", "promotion_claims", ["order_no"], unique=False)
    op.create_table(
        "quotas",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("used", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("key", "month", name=op.f("quotas_pkey")),
    )
    op.create_table(
        "rebate_policies",
        sa.Column("policy_no", sa.Text(), nullable=False),
        sa.Column("applies_to", sa.Text(), server_default="", nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("tiers", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("tier_method", sa.Text(), server_default="", nullable=False),
        sa.Column("period_months", sa.SmallInteger(), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("policy_no", name=op.f("rebate_policies_pkey")),
    )
    op.create_index("rebate_policies_applies_to_idx", "rebate_policies", ["applies_to"], unique=False)
    op.create_table(
        "receipts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("receipt_no", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payer", sa.Text(), server_default="", nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("memo", sa.Text(), server_default="", nullable=False),
        sa.Column("repeats", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account", "receipt_no", name=op.f("receipts_pkey")),
    )
    op.create_index(
        "receipts_memo_order_no_idx",
        "receipts",
        [sa.literal_column("substring(upper(memo), 'SO[0-9]{10}')")],
        unique=False,
    )
    op.create_index("receipts_payer_idx", "receipts", ["payer"], unique=False)
    op.create_index("receipts_receipt_no_idx", "receipts", ["receipt_no"], unique=False)
    op.create_index("receipts_received_at_idx", "receipts", ["received_at"], unique=False)
    op.create_table(
        "schedules",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("changed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("schedules_pkey")),
    )
    op.create_table(
        "seen",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), server_default="1", nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("seen_pkey")),
    )
    op.create_table(
        "state",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("state_pkey")),
    )
    op.create_table(
        "stock",
        sa.Column("customer_no", sa.Text(), nullable=False),
        sa.Column("product_no", sa.Text(), nullable=False),
        sa.Column("product_name", sa.Text(), server_default="", nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=3), nullable=True),
        sa.Column("safety_quantity", sa.Numeric(precision=18, scale=3), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("customer_no", "product_no", name=op.f("stock_pkey")),
    )
    op.create_table(
        "tickets",
        sa.Column("ticket_no", sa.Text(), nullable=False),
        sa.Column("customer_no", sa.Text(), server_default="", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("rating", sa.SmallInteger(), nullable=True),
        sa.Column("module", sa.Text(), server_default="", nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("ticket_no", name=op.f("tickets_pkey")),
    )
    op.create_index(
        "tickets_customer_no_opened_at_idx",
        "tickets",
        ["customer_no", sa.literal_column("opened_at DESC")],
        unique=False,
    )
    op.create_table(
        "tokens",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), server_default="", nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), server_default=sa.text("'epoch'"), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), server_default=sa.text("'epoch'"), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), server_default=sa.text("'epoch'"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("tokens_pkey")),
    )
    op.create_table(
        "uploads",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("media_id", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "sha256", name=op.f("uploads_pkey")),
    )
    op.create_table(
        "usage_events",
        sa.Column("customer_no", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.SmallInteger(), nullable=False),
    )
    op.create_index(
        "usage_events_customer_no_occurred_at_idx",
        "usage_events",
        ["customer_no", "occurred_at", "user_name", "event", "object", "occurrence"],
        unique=True,
    )
    op.create_index("usage_events_occurred_at_idx", "usage_events", ["occurred_at"], unique=False)
    op.create_table(
        "visit_attachments",
        sa.Column("visit_no", sa.Text(), nullable=False),
        sa.Column("attachment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("visit_no", "attachment_id", name=op.f("visit_attachments_pkey")),
    )
    op.create_table(
        "visit_changes",
        sa.Column("change_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("visit_no", sa.Text(), nullable=False),
        sa.Column("employee_no", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("former", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("message_id", sa.Text(), server_default="", nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("change_id", name=op.f("visit_changes_pkey")),
    )
    op.create_index(
        "visit_changes_employee_no_idx",
        "visit_changes",
        ["employee_no", sa.literal_column("change_id DESC")],
        unique=False,
    )
    op.create_index("visit_changes_visit_no_idx", "visit_changes", ["visit_no"], unique=False)
    op.create_table(
        "visit_media",
        sa.Column("visit_media_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("employee_no", sa.Text(), nullable=False),
        sa.Column("visit_no", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("ref", sa.Text(), server_default="", nullable=False),
        sa.Column("file_name", sa.Text(), server_default="", nullable=False),
        sa.Column("mime", sa.Text(), server_default="", nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("attachment_id", sa.BigInteger(), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("visit_media_id", name=op.f("visit_media_pkey")),
        sa.UniqueConstraint(
            "channel", "message_id", "position", name=op.f("visit_media_channel_message_id_position_key")
        ),
    )
    op.create_index(
        "visit_media_employee_no_idx", "visit_media", ["employee_no", sa.literal_column("said_at DESC")], unique=False
    )
    op.create_index(
        "visit_media_visit_no_idx",
        "visit_media",
        ["visit_no"],
        unique=False,
        postgresql_where=sa.text("visit_no IS NOT NULL"),
    )
    op.create_table(
        "visits",
        sa.Column("visit_no", sa.Text(), nullable=False),
        sa.Column("customer_no", sa.Text(), nullable=True),
        sa.Column("employee_no", sa.Text(), server_default="", nullable=False),
        sa.Column("visited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.Column("next_follow_up", sa.Date(), nullable=True),
        sa.Column("contact", sa.Text(), server_default="", nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("intent", sa.Text(), server_default="", nullable=False),
        sa.Column("competitor", sa.Text(), server_default="", nullable=False),
        sa.Column("met", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("candidates", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text(), server_default="已载入", nullable=False),
        sa.Column("source_channel", sa.Text(), server_default="", nullable=False),
        sa.Column("raw_text", sa.Text(), server_default="", nullable=False),
        sa.Column("heard", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("message_id", sa.Text(), server_default="", nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column("card_id", sa.Text(), server_default="", nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("visit_no", name=op.f("visits_pkey")),
    )
    op.create_index(
        "visits_card_id_idx", "visits", ["card_id"], unique=False, postgresql_where=sa.text("card_id <> ''")
    )
    op.create_index(
        "visits_customer_no_visited_at_idx",
        "visits",
        ["customer_no", sa.literal_column("visited_at DESC")],
        unique=False,
    )
    op.create_index(
        "visits_employee_no_visited_at_idx",
        "visits",
        ["employee_no", sa.literal_column("visited_at DESC")],
        unique=False,
    )
    op.create_index(
        "visits_inbox_id_idx", "visits", ["inbox_id"], unique=False, postgresql_where=sa.text("inbox_id IS NOT NULL")
    )
    op.create_index(
        "visits_next_follow_up_idx",
        "visits",
        ["next_follow_up"],
        unique=False,
        postgresql_where=sa.text("next_follow_up IS NOT NULL"),
    )


def downgrade() -> None:
    """Nothing lies before the first version."""
