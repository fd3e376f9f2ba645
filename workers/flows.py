"""Which flow does which kind of job."""

from models.jobs import JobKind
from workers import code_lists, customer_match, customers, images, inventory, linesheets, styles
from workers.customer_code import CODE
from workers.customer_store import STORE
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
        customers.SCAN,
        customers.EXPORT,
        customer_match.MATCH,
        code_lists.LISTS,
        CODE,
        STORE,
    )
}
