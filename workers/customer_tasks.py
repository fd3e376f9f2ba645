"""One customer's export in work: what is known of it, and whether something has to be sent."""

from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from clients.aims360.types import Customer
from clients.joor.types import Connection
from models.customers import CustomerCard, CustomerSource, CustomerState
from rules.customer_codes import CustomerCode
from rules.customers import CustomerFrame, CustomerPlan, connection_from, draft, draft_digest, expected, is_open
from workers.customer_sources import customer_from, stores_from
from workers.sync import JobView

#: A bulk job of JOOR has it, or JOOR matches it: nothing is sent for it meanwhile.
IN_FLIGHT = (CustomerState.SENT, CustomerState.AWAITING)


@dataclass
class CustomerTask:
    """`card` is what was stored when the run began, kept up to date by it. `source` None: AIMS360 was never read for it. `arrived`: this
    run saw on JOOR what was sent. `failed_job`: JOOR's word for a job that it gave up."""

    job: JobView
    code: CustomerCode
    card: CustomerCard | None = None
    source: CustomerSource | None = None
    plan: CustomerPlan | None = None
    is_new: bool = False
    arrived: bool = False
    failed_job: str = ""
    expected: str = ""
    connection: Connection | None = field(default=None, repr=False)

    @property
    def account(self) -> str:
        return self.job.key

    @property
    def customer(self) -> Customer:
        if self.source is None:
            raise ValueError(f"{self.account} was not read")
        return customer_from(self.source.row)

    @property
    def name(self) -> str:
        """For people: "Harbor & Pine (HARB)"."""
        called = self.source.name.strip() if self.source else ""
        return f"{called} ({self.account})" if called else self.account

    @property
    def in_flight(self) -> bool:
        return self.card is not None and self.card.state in IN_FLIGHT

    @property
    def closed(self) -> bool:
        """Not orderable: gone from AIMS360, Inactive or No Shipment."""
        return self.source is not None and (self.source.gone or not is_open(self.customer))

    @property
    def digest(self) -> str:
        return draft_digest(self.plan.draft) if self.plan else ""

    def make(self, frame: CustomerFrame) -> None:
        """Plan and expectation of the source as it is now."""
        if self.source is None:
            raise ValueError(f"{self.account} was not read")
        stores = stores_from(self.source.stores)
        self.plan = None if self.closed else draft(self.customer, stores, frame)
        self.expected = expected(self.customer, stores, frame, self.source.digest, gone=self.source.gone)

    def sent(self) -> Any:
        """The draft that JOOR was last told; None for none."""
        return connection_from(self.card.sent) if self.card is not None and self.card.sent else None


def cards_of(session: Session, site_id: int, codes: set[str]) -> dict[str, CustomerCard]:
    query = select(CustomerCard).where(CustomerCard.site_id == site_id, col(CustomerCard.code).in_(sorted(codes)))
    return {card.code: card for card in session.exec(query)}
