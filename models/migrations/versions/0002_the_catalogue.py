"""The catalogue: styles, linesheets and images."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TIME = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    for name in ("linesheet_settings", "image_settings"):
        op.add_column("site", sa.Column(name, JSON, server_default="{}", nullable=False))
    _sources_and_cards()
    _linesheets()
    op.create_table(
        "image_sent",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.String(100), nullable=False),
        sa.Column("level", sa.String(10), nullable=False),
        sa.Column("color", sa.String(60), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=True),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("source_version", sa.String(200), nullable=False),
        sa.Column("filename", sa.String(100), nullable=False),
        sa.Column("route", sa.String(10), nullable=False),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("sent_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("image_sent_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "identifier", "level", "color", "place", name=op.f("image_sent_pkey")),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("joor_code", sa.String(200), nullable=False),
        sa.Column("joor_name", sa.String(200), nullable=False),
        sa.Column("aims_code", sa.String(200), nullable=False),
        sa.Column("aims_name", sa.String(200), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(300), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("decided_by", sa.String(100), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("proposal_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("proposal_pkey")),
        sa.UniqueConstraint("site_id", "kind", "joor_code", "aims_code", name="uq_proposal"),
    )


def _sources_and_cards() -> None:
    op.create_table(
        "style_source",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("style", sa.String(100), nullable=False),
        sa.Column("division", sa.String(40), nullable=False),
        sa.Column("season", sa.String(40), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("rows", JSON, nullable=False),
        sa.Column("prices", JSON, nullable=True),
        sa.Column("details", JSON, nullable=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("exported_digest", sa.String(64), nullable=True),
        sa.Column("read_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("style_source_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "style", name=op.f("style_source_pkey")),
    )
    op.create_index("ix_style_source_season", "style_source", ["site_id", "season"])
    op.create_table(
        "style_card",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.String(100), nullable=False),
        sa.Column("style", sa.String(100), nullable=False),
        sa.Column("color", sa.String(60), nullable=False),
        sa.Column("number", sa.String(100), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("joor_id", sa.String(100), nullable=True),
        sa.Column("product_digest", sa.String(64), nullable=True),
        sa.Column("skus_digest", sa.String(64), nullable=True),
        sa.Column("prices_digest", sa.String(64), nullable=True),
        sa.Column("ids", JSON, nullable=True),
        sa.Column("sent", JSON, nullable=True),
        sa.Column("pending", JSON, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("sent_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("style_card_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "identifier", name=op.f("style_card_pkey")),
    )
    op.create_index("ix_style_card_style", "style_card", ["site_id", "style"])
    op.create_table(
        "style_field",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("joor_field", sa.String(100), nullable=False),
        sa.Column("aims_field", sa.String(100), nullable=False),
        sa.Column("constant", sa.String(500), nullable=False),
        sa.Column("fallback", sa.String(500), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("updated_by", sa.String(100), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("style_field_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "joor_field", name=op.f("style_field_pkey")),
    )


def _linesheets() -> None:
    op.create_table(
        "linesheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(50), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("season_code", sa.String(40), nullable=False),
        sa.Column("season_name", sa.String(100), nullable=False),
        sa.Column("season_year", sa.Integer(), nullable=True),
        sa.Column("ship_start", sa.String(10), nullable=True),
        sa.Column("ship_complete", sa.String(10), nullable=True),
        sa.Column("cancel_date", sa.String(10), nullable=True),
        sa.Column("minimum_window", sa.Integer(), nullable=True),
        sa.Column("rule", JSON, nullable=False),
        sa.Column("dropped", JSON, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("joor_id", sa.String(100), nullable=True),
        sa.Column("season_id", sa.String(100), nullable=True),
        sa.Column("sending", sa.Boolean(), nullable=False),
        sa.Column("header_digest", sa.String(64), nullable=True),
        sa.Column("items_digest", sa.String(64), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("synced_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("linesheet_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("linesheet_pkey")),
        sa.UniqueConstraint("site_id", "code", name="uq_linesheet"),
    )
    op.create_table(
        "linesheet_item",
        sa.Column("linesheet_id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.String(100), nullable=False),
        sa.Column("joor_id", sa.String(100), nullable=True),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("order_number", sa.Integer(), nullable=True),
        sa.Column("excluded", JSON, nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["linesheet_id"], ["linesheet.id"], name=op.f("linesheet_item_linesheet_id_fkey")),
        sa.PrimaryKeyConstraint("linesheet_id", "identifier", name=op.f("linesheet_item_pkey")),
    )


def downgrade() -> None:
    for table in ("proposal", "image_sent", "linesheet_item", "linesheet", "style_field"):
        op.drop_table(table)
    op.drop_index("ix_style_card_style", table_name="style_card")
    op.drop_table("style_card")
    op.drop_index("ix_style_source_season", table_name="style_source")
    op.drop_table("style_source")
    for name in ("image_settings", "linesheet_settings"):
        op.drop_column("site", name)
