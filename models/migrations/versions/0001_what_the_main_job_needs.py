"""What the main job needs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# The types of models.columns as they are today: a migration must not change when the models do.
TIME = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")
MONEY = sa.Numeric(18, 4).with_variant(sa.String(24), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PENDING = "state IN ('queued','published','retrying','waiting','blocked','unknown')"


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(250), nullable=False),
        sa.Column("before", JSON, nullable=True),
        sa.Column("after", JSON, nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_entry_pkey")),
    )
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"])
    op.create_table(
        "credit_spend",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("account", sa.String(200), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("sent_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("credit_spend_pkey")),
    )
    op.create_index("ix_credit_spend", "credit_spend", ["account", "expires_at"])
    op.create_table(
        "credit_window",
        sa.Column("account", sa.String(200), nullable=False),
        sa.Column("window_started_at", TIME, nullable=True),
        sa.Column("spent", sa.Integer(), nullable=False),
        sa.Column("exhausted_until", TIME, nullable=True),
        sa.Column("clock_offset_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("credit_window_pkey")),
    )
    op.create_table(
        "lookup",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("code", sa.String(200), nullable=False),
        sa.Column("aims_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("extra", JSON, nullable=True),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "code", name=op.f("lookup_pkey")),
    )
    op.create_table(
        "rate_limit",
        sa.Column("connection", sa.String(200), nullable=False),
        sa.Column("tat_us", sa.BigInteger(), nullable=False),
        sa.Column("held_until", TIME, nullable=True),
        sa.PrimaryKeyConstraint("connection", name=op.f("rate_limit_pkey")),
    )
    op.create_table(
        "rate_slot",
        sa.Column("connection", sa.String(200), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(60), nullable=True),
        sa.Column("expires_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("connection", "slot", name=op.f("rate_slot_pkey")),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(30), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("is_sandbox", sa.Boolean(), nullable=False),
        sa.Column("production_open", sa.Boolean(), nullable=False),
        sa.Column("joor_api_url", sa.String(300), nullable=False),
        sa.Column("joor_auth_url", sa.String(300), nullable=True),
        sa.Column("joor_account_id", sa.String(40), nullable=True),
        sa.Column("aims_api_url", sa.String(300), nullable=False),
        sa.Column("paused_at", TIME, nullable=True),
        sa.Column("paused_reason", sa.Text(), nullable=True),
        sa.Column("style_settings", JSON, nullable=False),
        sa.Column("inventory_settings", JSON, nullable=False),
        sa.Column("order_settings", JSON, nullable=False),
        sa.Column("schedule", JSON, nullable=False),
        sa.Column("contract_overrides", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("site_pkey")),
        sa.UniqueConstraint("key", name=op.f("site_key_key")),
    )
    op.create_table(
        "breaker",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", TIME, nullable=True),
        sa.Column("last_summary", sa.Text(), nullable=True),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("breaker_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "endpoint", name=op.f("breaker_pkey")),
    )
    op.create_table(
        "credential",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("ciphertext", sa.Text(), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("credential_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("credential_pkey")),
        sa.UniqueConstraint("site_id", "name", name="uq_credential"),
    )
    op.create_index(op.f("ix_credential_site_id"), "credential", ["site_id"])
    op.create_table(
        "cursor",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("at", TIME, nullable=True),
        sa.Column("position", JSON, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("cursor_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "name", name=op.f("cursor_pkey")),
    )
    op.create_table(
        "division",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("aims_api_url", sa.String(300), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("division_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("division_pkey")),
        sa.UniqueConstraint("aims_api_url", "code", name="uq_division_one_site"),
    )
    op.create_index(op.f("ix_division_site_id"), "division", ["site_id"])
    op.create_table(
        "fingerprint",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("data_type", sa.String(20), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("part", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("remote_id", sa.String(200), nullable=True),
        sa.Column("sent_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fingerprint_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "data_type", "key", "part", name=op.f("fingerprint_pkey")),
    )
    op.create_table(
        "inventory_position",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("warehouse", sa.String(150), nullable=False),
        sa.Column("sku_key", sa.String(250), nullable=False),
        sa.Column("bucket", sa.String(10), nullable=False),
        sa.Column("upc", sa.String(20), nullable=True),
        sa.Column("style", sa.String(100), nullable=False),
        sa.Column("identifier", sa.String(100), nullable=False),
        sa.Column("color", sa.String(60), nullable=False),
        sa.Column("size", sa.String(40), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("wanted_version", sa.BigInteger(), nullable=False),
        sa.Column("wanted_at", TIME, nullable=False),
        sa.Column("vanished", sa.Boolean(), nullable=False),
        sa.Column("explain", JSON, nullable=True),
        sa.Column("sent", sa.Integer(), nullable=True),
        sa.Column("sent_version", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", TIME, nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("refused_quantity", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("inventory_position_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "warehouse", "sku_key", "bucket", name=op.f("inventory_position_pkey")),
    )
    op.create_index("ix_position_style", "inventory_position", ["site_id", "style"])
    op.create_table(
        "lane_pause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("data_type", sa.String(20), nullable=False),
        sa.Column("until", TIME, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paused_by", sa.String(100), nullable=False),
        sa.Column("paused_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("lane_pause_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("lane_pause_pkey")),
        sa.UniqueConstraint("site_id", "data_type", name="uq_lane_pause"),
    )
    op.create_table(
        "manual_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("data_type", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("key", sa.String(250), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("steps", JSON, nullable=False),
        sa.Column("detail", JSON, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("done_at", TIME, nullable=True),
        sa.Column("done_by", sa.String(100), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("manual_task_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("manual_task_pkey")),
        sa.UniqueConstraint("site_id", "kind", "key", name="uq_manual_task"),
    )
    op.create_index(op.f("ix_manual_task_site_id"), "manual_task", ["site_id"])
    op.create_table(
        "mapping",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("joor_code", sa.String(200), nullable=False),
        sa.Column("joor_name", sa.String(200), nullable=False),
        sa.Column("aims_code", sa.String(200), nullable=False),
        sa.Column("aims_id", sa.String(64), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("ignored", sa.Boolean(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("mapping_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("mapping_pkey")),
        sa.UniqueConstraint("site_id", "kind", "joor_code", "aims_code", name="uq_mapping"),
    )
    op.create_index("ix_mapping_aims", "mapping", ["site_id", "kind", "aims_code"])
    op.create_table(
        "order_import",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("joor_order_id", sa.String(40), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("raw", JSON, nullable=False),
        sa.Column("raw_digest", sa.String(64), nullable=False),
        sa.Column("joor_status", sa.String(20), nullable=False),
        sa.Column("customer_name", sa.String(200), nullable=False),
        sa.Column("joor_modified_at", TIME, nullable=True),
        sa.Column("downloaded_at", TIME, nullable=False),
        sa.Column("checked_at", TIME, nullable=True),
        sa.Column("imported_at", TIME, nullable=True),
        sa.Column("imported_raw", JSON, nullable=True),
        sa.Column("problems", JSON, nullable=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("joor_total", MONEY, nullable=True),
        sa.Column("aims_total", MONEY, nullable=True),
        sa.Column("difference", JSON, nullable=True),
        sa.Column("changed_at", TIME, nullable=True),
        sa.Column("cancelled_at", TIME, nullable=True),
        sa.Column("export_state", sa.String(10), nullable=False),
        sa.Column("export_wanted", sa.String(10), nullable=False),
        sa.Column("export_description", sa.Text(), server_default="", nullable=False),
        sa.Column("export_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("order_import_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("order_import_pkey")),
        sa.UniqueConstraint("site_id", "joor_order_id", name="uq_order_import"),
    )
    op.create_index("ix_order_state", "order_import", ["site_id", "state"])
    op.create_table(
        "run",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("data_type", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("requested_by", sa.String(100), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("run_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("run_pkey")),
    )
    op.create_index(op.f("ix_run_created_at"), "run", ["created_at"])
    op.create_index(op.f("ix_run_site_id"), "run", ["site_id"])
    op.create_table(
        "job",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("data_type", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("payload", JSON, nullable=True),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("run_id", BIG_KEY, nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("wanted_at", TIME, nullable=False),
        sa.Column("available_at", TIME, nullable=False),
        sa.Column("relay_token", sa.String(36), nullable=True),
        sa.Column("relay_until", TIME, nullable=True),
        sa.Column("published_at", TIME, nullable=True),
        sa.Column("claimed_by", sa.String(100), nullable=True),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("error_kind", sa.String(20), nullable=True),
        sa.Column("error_whose", sa.String(10), nullable=True),
        sa.Column("error_summary", sa.Text(), nullable=True),
        sa.Column("error_fix", JSON, nullable=True),
        sa.Column("error_field", sa.String(200), nullable=True),
        sa.Column("remote_message", sa.Text(), nullable=True),
        sa.Column("blocked_on", JSON, nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("counts", JSON, nullable=True),
        sa.Column("result", JSON, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("dismissed_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("job_run_id_fkey")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("job_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("job_pkey")),
    )
    op.create_index("ix_job_due", "job", ["state", "available_at"])
    op.create_index("ix_job_key", "job", ["key"])
    op.create_index("ix_job_lane", "job", ["site_id", "data_type", "state", "id"])
    op.create_index("ix_job_run", "job", ["run_id", "state"])
    op.create_index(
        "uq_job_pending",
        "job",
        ["site_id", "kind", "key", "dry_run"],
        unique=True,
        sqlite_where=sa.text(PENDING),
        postgresql_where=sa.text(PENDING),
    )
    op.create_table(
        "order_part",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("order_import_id", BIG_KEY, nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("division", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(100), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("body_digest", sa.String(64), nullable=False),
        sa.Column("aims_order", sa.String(40), nullable=True),
        sa.Column("total", MONEY, nullable=True),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("sent_at", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["order_import_id"], ["order_import.id"], name=op.f("order_part_order_import_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("order_part_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("order_part_pkey")),
        sa.UniqueConstraint("site_id", "reference", name="uq_order_part_reference"),
    )
    op.create_index(op.f("ix_order_part_order_import_id"), "order_part", ["order_import_id"])
    op.create_table(
        "attempt",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("job_id", BIG_KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(100), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("outcome", sa.String(20), nullable=True),
        sa.Column("error_kind", sa.String(20), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("remote_message", sa.Text(), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("exchanges", JSON, nullable=True),
        sa.Column("seconds", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("attempt_job_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("attempt_pkey")),
    )
    op.create_index(op.f("ix_attempt_job_id"), "attempt", ["job_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_attempt_job_id"), table_name="attempt")
    op.drop_table("attempt")
    op.drop_index(op.f("ix_order_part_order_import_id"), table_name="order_part")
    op.drop_table("order_part")
    op.drop_index("uq_job_pending", table_name="job", sqlite_where=sa.text(PENDING), postgresql_where=sa.text(PENDING))
    op.drop_index("ix_job_run", table_name="job")
    op.drop_index("ix_job_lane", table_name="job")
    op.drop_index("ix_job_key", table_name="job")
    op.drop_index("ix_job_due", table_name="job")
    op.drop_table("job")
    op.drop_index(op.f("ix_run_site_id"), table_name="run")
    op.drop_index(op.f("ix_run_created_at"), table_name="run")
    op.drop_table("run")
    op.drop_index("ix_order_state", table_name="order_import")
    op.drop_table("order_import")
    op.drop_index("ix_mapping_aims", table_name="mapping")
    op.drop_table("mapping")
    op.drop_index(op.f("ix_manual_task_site_id"), table_name="manual_task")
    op.drop_table("manual_task")
    op.drop_table("lane_pause")
    op.drop_index("ix_position_style", table_name="inventory_position")
    op.drop_table("inventory_position")
    op.drop_table("fingerprint")
    op.drop_index(op.f("ix_division_site_id"), table_name="division")
    op.drop_table("division")
    op.drop_table("cursor")
    op.drop_index(op.f("ix_credential_site_id"), table_name="credential")
    op.drop_table("credential")
    op.drop_table("breaker")
    op.drop_table("site")
    op.drop_table("rate_slot")
    op.drop_table("rate_limit")
    op.drop_table("lookup")
    op.drop_table("credit_window")
    op.drop_index("ix_credit_spend", table_name="credit_spend")
    op.drop_table("credit_spend")
    op.drop_index(op.f("ix_audit_entry_at"), table_name="audit_entry")
    op.drop_table("audit_entry")
