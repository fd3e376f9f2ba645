"""Customers, AIMS360 -> JOOR: what the runner needs to know about scan and export."""

from models.jobs import JobKind
from workers.customer_export import export
from workers.customer_scan import scan
from workers.sync import FlowSpec

SCAN = FlowSpec(kind=JobKind.CUSTOMERS_SCAN, run=scan, lease_seconds=300, endpoints=("aims360.customers",), writes=False)
#: One claim takes many: customers that wait for JOOR together are looked at together. A bulk call holds `customers.batch_size` of them.
EXPORT = FlowSpec(kind=JobKind.CUSTOMERS_EXPORT, run_batch=export, batch_size=500, lease_seconds=300, endpoints=("joor.connections",))

__all__ = ["EXPORT", "SCAN", "export", "scan"]
