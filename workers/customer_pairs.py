"""The customer code that an AIMS360 account has on JOOR."""

from sqlmodel import Session, col, select

from models.accounts import RETAILER
from models.mappings import Mapping, MappingKind

#: Keys of customer pairs that are no customer codes: how orders without a code are told apart.
NO_CUSTOMER_CODE = ("shipping:", RETAILER)


def joor_code_of(session: Session, site_id: int, account: str) -> str:
    """A pair's code (the primary one first), else the account itself."""
    query = (
        select(Mapping.joor_code)
        .where(
            Mapping.site_id == site_id,
            Mapping.kind == MappingKind.CUSTOMER.value,
            Mapping.aims_code == account,
            col(Mapping.ignored).is_(False),
        )
        .order_by(col(Mapping.is_primary).desc(), col(Mapping.id))
    )
    return next((code for code in session.exec(query) if code and not code.startswith(NO_CUSTOMER_CODE)), account)
