"""THE GROUND: what we remember. Imports nothing of ours.

Re-exported here so that one import registers every table (Alembic and `create_all` need that).
"""

from models.audit import AuditEntry
from models.catalogue import ImageSent, Linesheet, LinesheetItem, StyleCard, StyleField, StyleSource
from models.cursors import Cursor
from models.customers import CustomerCard, CustomerSource, JoorCode, JoorConnection, ShipToOffer
from models.golive import Certification, Confirmation
from models.jobs import Attempt, Job, Run
from models.ledgers import InventoryPosition, ManualTask, OrderImport, OrderPart
from models.limits import Breaker, CreditSpend, CreditWindow, LanePause, RateLimit, RateSlot
from models.lookups import Lookup
from models.mappings import Fingerprint, Mapping, Proposal
from models.sites import Credential, Division, Site

__all__ = [
    "Attempt",
    "AuditEntry",
    "Breaker",
    "Certification",
    "Confirmation",
    "Credential",
    "CreditSpend",
    "CreditWindow",
    "Cursor",
    "CustomerCard",
    "CustomerSource",
    "Division",
    "Fingerprint",
    "ImageSent",
    "InventoryPosition",
    "Job",
    "JoorCode",
    "JoorConnection",
    "LanePause",
    "Linesheet",
    "LinesheetItem",
    "Lookup",
    "ManualTask",
    "Mapping",
    "OrderImport",
    "OrderPart",
    "Proposal",
    "RateLimit",
    "RateSlot",
    "Run",
    "ShipToOffer",
    "Site",
    "StyleCard",
    "StyleField",
    "StyleSource",
]
