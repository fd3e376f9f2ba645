"""Images, the source -> JOOR: what the runner needs to know about its two flows."""

from models.jobs import JobKind
from workers.image_export import export
from workers.image_scan import scan
from workers.sync import FlowSpec

SCAN = FlowSpec(kind=JobKind.IMAGES_SCAN, run=scan, lease_seconds=300, endpoints=("images.source",), writes=False)
EXPORT = FlowSpec(kind=JobKind.IMAGES_EXPORT, run_batch=export, batch_size=50, lease_seconds=300, endpoints=("joor.images",))

__all__ = ["EXPORT", "SCAN", "export", "scan"]
