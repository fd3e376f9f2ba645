"""Looking at ship-tos that came with orders. Deciding on them is in `producers.ship_tos`."""

from typing import Any

from sqlmodel import Session

from console.jobs import site_keys
from producers import ship_tos


def listing(session: Session, site: str, everything: bool) -> list[dict[str, Any]]:
    """One row per customer and address; the same in `--json`. Raises NotPossible for an unknown site."""
    keys = site_keys(session)
    return [
        {
            **offer.model_dump(exclude={"site_id", "digest", "address"}),
            "site": keys.get(offer.site_id, str(offer.site_id)),
            "address": offer.address,
            "place": ", ".join(value for name, value in offer.address.items() if value and name != "country_id"),
        }
        for offer in ship_tos.listing(session, site, everything)
    ]
