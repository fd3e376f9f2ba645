"""Customers; going live: confirmations, test scenarios, the sandbox of a site.

A production site that works already goes on working: the gates of a first run are for sites that were never used.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TIME = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TABLES = ("certification", "confirmation", "ship_to_offer", "joor_code", "joor_connection", "customer_card", "customer_source")


def upgrade() -> None:
    for name in ("customer_settings", "report_settings"):
        op.add_column("site", sa.Column(name, JSON, server_default="{}", nullable=False))
    op.add_column("site", sa.Column("sandbox_of", sa.Integer(), nullable=True))
    _customers()
    _going_live()
    _keep_working_sites_open()


def _customers() -> None:
    op.create_table(
        "customer_source",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(60), nullable=False),
        sa.Column("aims_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("phone", sa.String(60), nullable=False),
        sa.Column("postal_code", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("row", JSON, nullable=False),
        sa.Column("stores", JSON, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("exported_digest", sa.String(64), nullable=True),
        sa.Column("read_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("customer_source_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "account", name=op.f("customer_source_pkey")),
    )
    op.create_table(
        "customer_card",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(50), nullable=False),
        sa.Column("account", sa.String(60), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("connection_id", sa.String(60), nullable=True),
        sa.Column("digest", sa.String(64), nullable=True),
        sa.Column("sent", JSON, nullable=True),
        sa.Column("sent_digest", sa.String(64), nullable=True),
        sa.Column("job", JSON, nullable=True),
        sa.Column("sent_at", TIME, nullable=True),
        sa.Column("awaiting_since", TIME, nullable=True),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("escalated_at", TIME, nullable=True),
        sa.Column("active_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("customer_card_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "code", name=op.f("customer_card_pkey")),
    )
    op.create_index("ix_customer_card_account", "customer_card", ["site_id", "account"])
    op.create_index("ix_customer_card_state", "customer_card", ["site_id", "state"])
    op.create_table(
        "joor_connection",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.String(60), nullable=False),
        sa.Column("customer_code", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("phone", sa.String(60), nullable=False),
        sa.Column("postal_code", sa.String(40), nullable=False),
        sa.Column("raw", JSON, nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("read_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("joor_connection_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "connection_id", name=op.f("joor_connection_pkey")),
    )
    op.create_index("ix_joor_connection_code", "joor_connection", ["site_id", "customer_code"])
    op.create_table(
        "joor_code",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("code", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("joor_code_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "kind", "code", name=op.f("joor_code_pkey")),
    )
    op.create_table(
        "ship_to_offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(60), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("joor_code", sa.String(60), nullable=False),
        sa.Column("store_code", sa.String(40), nullable=False),
        sa.Column("address", JSON, nullable=False),
        sa.Column("orders", JSON, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("decided_by", sa.String(100), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("ship_to_offer_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("ship_to_offer_pkey")),
    )
    op.create_index("ix_ship_to_offer_site_id", "ship_to_offer", ["site_id"])


def _going_live() -> None:
    op.create_table(
        "confirmation",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", JSON, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("confirmation_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "name", name=op.f("confirmation_pkey")),
    )
    op.create_table(
        "certification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("sandbox_id", sa.Integer(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("started_by", sa.String(100), nullable=False),
        sa.Column("settings_digest", sa.String(64), nullable=False),
        sa.Column("report", JSON, nullable=True),
        sa.ForeignKeyConstraint(["sandbox_id"], ["site.id"], name=op.f("certification_sandbox_id_fkey")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("certification_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("certification_pkey")),
    )
    op.create_index("ix_certification_site_id", "certification", ["site_id"])


def _keep_working_sites_open() -> None:
    """A production site that has sent something is open, and what it has sent is confirmed."""
    worked = """
        SELECT site.id, job.data_type, max(job.finished_at) FROM job JOIN site ON site.id = job.site_id
        WHERE job.state = 'succeeded' AND job.sent > 0 AND NOT job.dry_run AND NOT site.is_sandbox GROUP BY site.id, job.data_type
    """
    connection = op.get_bind()
    for site_id, data_type, at in connection.execute(sa.text(worked)).all():
        connection.execute(sa.text("UPDATE site SET production_open = :yes WHERE id = :id"), {"yes": True, "id": site_id})
        connection.execute(
            sa.text('INSERT INTO confirmation (site_id, name, at, "by", reason) VALUES (:id, :name, :at, :by, :reason)'),
            {
                "id": site_id,
                "name": f"first_run.{data_type}",
                "at": at,
                "by": "migration 0003",
                "reason": "it was in use before first runs were confirmed",
            },
        )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    for name in ("sandbox_of", "report_settings", "customer_settings"):
        op.drop_column("site", name)
