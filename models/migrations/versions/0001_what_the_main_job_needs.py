"""What the main job needs

Revision: 0001
Follows: nothing
"""

import sqlalchemy as sa
from alembic import op

from models.columns import BigKey, Json, Money, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=250), nullable=False),
        sa.Column("before", Json, nullable=True),
        sa.Column("after", Json, nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"], unique=False)

    op.create_table(
        "credit_window",
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("window_started_at", UtcDateTime(), nullable=True),
        sa.Column("spent", sa.Integer(), nullable=False),
        sa.Column("exhausted_until", UtcDateTime(), nullable=True),
        sa.Column("clock_offset_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_table(
        "lookup",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("aims_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("extra", Json, nullable=True),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "code"),
    )
    op.create_table(
        "rate_limit",
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("tat_us", sa.BigInteger(), nullable=False),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("connection"),
    )
    op.create_table(
        "rate_slot",
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=60), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("connection", "slot"),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("is_sandbox", sa.Boolean(), nullable=False),
        sa.Column("production_open", sa.Boolean(), nullable=False),
        sa.Column("joor_api_url", sa.String(length=300), nullable=False),
        sa.Column("joor_auth_url", sa.String(length=300), nullable=True),
        sa.Column("joor_account_id", sa.String(length=40), nullable=True),
        sa.Column("aims_api_url", sa.String(length=300), nullable=False),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.Column("paused_reason", sa.Text(), nullable=True),
        sa.Column("style_settings", Json, nullable=False),
        sa.Column("inventory_settings", Json, nullable=False),
        sa.Column("order_settings", Json, nullable=False),
        sa.Column("schedule", Json, nullable=False),
        sa.Column("contract_overrides", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "breaker",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.String(length=100), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", UtcDateTime(), nullable=True),
        sa.Column("last_summary", sa.Text(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("site_id", "endpoint"),
    )
    op.create_table(
        "credential",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("ciphertext", sa.Text(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("site_id", "name", name="uq_credential"),
    )
    op.create_index("ix_credential_site_id", "credential", ["site_id"], unique=False)

    op.create_table(
        "cursor",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=True),
        sa.Column("position", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("site_id", "name"),
    )
    op.create_table(
        "division",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("aims_api_url", sa.String(length=300), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("aims_api_url", "code", name="uq_division_one_site"),
    )
    op.create_index("ix_division_site_id", "division", ["site_id"], unique=False)

    op.create_table(
        "fingerprint",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("data_type", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("remote_id", sa.String(length=200), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("site_id", "data_type", "key", "part"),
    )
    op.create_table(
        "inventory_position",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("warehouse", sa.String(length=150), nullable=False),
        sa.Column("sku_key", sa.String(length=250), nullable=False),
        sa.Column("bucket", sa.String(length=10), nullable=False),
        sa.Column("upc", sa.String(length=20), nullable=True),
        sa.Column("style", sa.String(length=100), nullable=False),
        sa.Column("identifier", sa.String(length=100), nullable=False),
        sa.Column("color", sa.String(length=60), nullable=False),
        sa.Column("size", sa.String(length=40), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("wanted_version", sa.BigInteger(), nullable=False),
        sa.Column("wanted_at", UtcDateTime(), nullable=False),
        sa.Column("vanished", sa.Boolean(), nullable=False),
        sa.Column("explain", Json, nullable=True),
        sa.Column("sent", sa.Integer(), nullable=True),
        sa.Column("sent_version", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("refused_quantity", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("site_id", "warehouse", "sku_key", "bucket"),
    )
    op.create_index("ix_position_style", "inventory_position", ["site_id", "style"], unique=False)

    op.create_table(
        "lane_pause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("data_type", sa.String(length=20), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paused_by", sa.String(length=100), nullable=False),
        sa.Column("paused_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("site_id", "data_type", name="uq_lane_pause"),
    )
    op.create_table(
        "manual_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("data_type", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("steps", Json, nullable=False),
        sa.Column("detail", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("done_by", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("site_id", "kind", "key", name="uq_manual_task"),
    )
    op.create_index("ix_manual_task_site_id", "manual_task", ["site_id"], unique=False)

    op.create_table(
        "mapping",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("joor_code", sa.String(length=200), nullable=False),
        sa.Column("joor_name", sa.String(length=200), nullable=False),
        sa.Column("aims_code", sa.String(length=200), nullable=False),
        sa.Column("aims_id", sa.String(length=64), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("ignored", sa.Boolean(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("site_id", "kind", "joor_code", "aims_code", name="uq_mapping"),
    )
    op.create_index("ix_mapping_aims", "mapping", ["site_id", "kind", "aims_code"], unique=False)

    op.create_table(
        "order_import",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("joor_order_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("raw", Json, nullable=False),
        sa.Column("raw_digest", sa.String(length=64), nullable=False),
        sa.Column("joor_status", sa.String(length=20), nullable=False),
        sa.Column("customer_name", sa.String(length=200), nullable=False),
        sa.Column("joor_modified_at", UtcDateTime(), nullable=True),
        sa.Column("downloaded_at", UtcDateTime(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.Column("imported_at", UtcDateTime(), nullable=True),
        sa.Column("imported_raw", Json, nullable=True),
        sa.Column("problems", Json, nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("joor_total", Money(), nullable=True),
        sa.Column("aims_total", Money(), nullable=True),
        sa.Column("difference", Json, nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=True),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.Column("export_state", sa.String(length=10), nullable=False),
        sa.Column("export_wanted", sa.String(length=10), nullable=False),
        sa.Column("export_description", sa.Text(), server_default="", nullable=False),
        sa.Column("export_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("site_id", "joor_order_id", name="uq_order_import"),
    )
    op.create_index("ix_order_state", "order_import", ["site_id", "state"], unique=False)

    op.create_table(
        "run",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("data_type", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("requested_by", sa.String(length=100), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_run_created_at", "run", ["created_at"], unique=False)
    op.create_index("ix_run_site_id", "run", ["site_id"], unique=False)

    op.create_table(
        "job",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("data_type", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("payload", Json, nullable=True),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("run_id", BigKey, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("wanted_at", UtcDateTime(), nullable=False),
        sa.Column("available_at", UtcDateTime(), nullable=False),
        sa.Column("relay_token", sa.String(length=36), nullable=True),
        sa.Column("relay_until", UtcDateTime(), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_by", sa.String(length=100), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("error_kind", sa.String(length=20), nullable=True),
        sa.Column("error_whose", sa.String(length=10), nullable=True),
        sa.Column("error_summary", sa.Text(), nullable=True),
        sa.Column("error_fix", Json, nullable=True),
        sa.Column("error_field", sa.String(length=200), nullable=True),
        sa.Column("remote_message", sa.Text(), nullable=True),
        sa.Column("blocked_on", Json, nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("counts", Json, nullable=True),
        sa.Column("result", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("dismissed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_job_due", "job", ["state", "available_at"], unique=False)
    op.create_index("ix_job_key", "job", ["key"], unique=False)
    op.create_index("ix_job_lane", "job", ["site_id", "data_type", "state", "id"], unique=False)
    op.create_index("ix_job_run", "job", ["run_id", "state"], unique=False)
    op.create_index(
        "uq_job_pending",
        "job",
        ["site_id", "kind", "key", "dry_run"],
        unique=True,
        sqlite_where=sa.text("state IN ('queued','published','retrying','waiting','blocked','unknown')"),
        postgresql_where=sa.text("state IN ('queued','published','retrying','waiting','blocked','unknown')"),
    )

    op.create_table(
        "order_part",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("order_import_id", BigKey, nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("division", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("aims_order", sa.String(length=40), nullable=True),
        sa.Column("total", Money(), nullable=True),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["order_import_id"], ["order_import.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("site_id", "reference", name="uq_order_part_reference"),
    )
    op.create_index("ix_order_part_order_import_id", "order_part", ["order_import_id"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("job_id", BigKey, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=100), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("error_kind", sa.String(length=20), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("remote_message", sa.Text(), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("exchanges", Json, nullable=True),
        sa.Column("seconds", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_attempt_job_id", "attempt", ["job_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_attempt_job_id", "attempt")

    op.drop_table("attempt")
    op.drop_index("ix_order_part_order_import_id", "order_part")

    op.drop_table("order_part")
    op.drop_index(
        "uq_job_pending",
        "job",
        sqlite_where=sa.text("state IN ('queued','published','retrying','waiting','blocked','unknown')"),
        postgresql_where=sa.text("state IN ('queued','published','retrying','waiting','blocked','unknown')"),
    )
    op.drop_index("ix_job_run", "job")
    op.drop_index("ix_job_lane", "job")
    op.drop_index("ix_job_key", "job")
    op.drop_index("ix_job_due", "job")

    op.drop_table("job")
    op.drop_index("ix_run_site_id", "run")
    op.drop_index("ix_run_created_at", "run")

    op.drop_table("run")
    op.drop_index("ix_order_state", "order_import")

    op.drop_table("order_import")
    op.drop_index("ix_mapping_aims", "mapping")

    op.drop_table("mapping")
    op.drop_index("ix_manual_task_site_id", "manual_task")

    op.drop_table("manual_task")
    op.drop_table("lane_pause")
    op.drop_index("ix_position_style", "inventory_position")

    op.drop_table("inventory_position")
    op.drop_table("fingerprint")
    op.drop_index("ix_division_site_id", "division")

    op.drop_table("division")
    op.drop_table("cursor")
    op.drop_index("ix_credential_site_id", "credential")

    op.drop_table("credential")
    op.drop_table("breaker")
    op.drop_table("site")
    op.drop_table("rate_slot")
    op.drop_table("rate_limit")
    op.drop_table("lookup")
    op.drop_table("credit_window")
    op.drop_index("ix_audit_entry_at", "audit_entry")

    op.drop_table("audit_entry")
