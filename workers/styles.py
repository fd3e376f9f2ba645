"""Styles, AIMS360 -> JOOR: what the runner needs to know about scan and export."""

from models.jobs import JobKind
from workers.style_export import export
from workers.style_scan import scan
from workers.sync import FlowSpec

SCAN = FlowSpec(kind=JobKind.STYLES_SCAN, run=scan, lease_seconds=300, endpoints=("aims360.styles",), writes=False)
EXPORT = FlowSpec(kind=JobKind.STYLES_EXPORT, run_batch=export, batch_size=100, lease_seconds=300, endpoints=("joor.styles",))

__all__ = ["EXPORT", "SCAN", "export", "scan"]
