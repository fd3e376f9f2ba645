"""Which flow does which kind of job."""

from models.jobs import JobKind
from workers import images, inventory, linesheets, styles
from workers.order_confirm import CONFIRM
from workers.order_import import IMPORT
from workers.order_scan import SCAN
from workers.style_match import MATCH
from workers.style_remove import REMOVE
from workers.sync import FlowSpec

SPECS: dict[JobKind, FlowSpec] = {
    spec.kind: spec
    for spec in (
        SCAN,
        IMPORT,
        CONFIRM,
        inventory.SCAN,
        inventory.PUSH,
        styles.SCAN,
        styles.EXPORT,
        REMOVE,
        MATCH,
        linesheets.SYNC,
        images.SCAN,
        images.EXPORT,
    )
}
