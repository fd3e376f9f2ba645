"""Inventory, AIMS360 -> JOOR: what the runner needs to know about its two flows."""

from models.jobs import JobKind
from workers.inventory_push import push
from workers.inventory_scan import scan
from workers.sync import FlowSpec

SCAN = FlowSpec(kind=JobKind.INVENTORY_SCAN, run=scan, lease_seconds=300, endpoints=("aims360.inventory",), writes=False)
PUSH = FlowSpec(kind=JobKind.INVENTORY_PUSH, run=push, lease_seconds=300, endpoints=("joor.bulk-inventory",))

__all__ = ["PUSH", "SCAN", "push", "scan"]
