"""Which flow does which kind of job."""

from models.jobs import JobKind
from workers import inventory, order_confirm, order_import, order_scan
from workers.sync import FlowSpec

SPECS: dict[JobKind, FlowSpec] = {
    spec.kind: spec
    for spec in (
        order_scan.SCAN,
        order_import.IMPORT,
        order_confirm.CONFIRM,
        inventory.SCAN,
        inventory.PUSH,
    )
}
