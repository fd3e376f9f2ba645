"""Linesheets, AIMS360 -> JOOR: what the runner needs to know about the flow."""

from models.jobs import JobKind
from workers.linesheet_sync import sync
from workers.sync import FlowSpec

SYNC = FlowSpec(kind=JobKind.LINESHEETS_SYNC, run=sync, lease_seconds=300, endpoints=("joor.linesheets",))

__all__ = ["SYNC", "sync"]
