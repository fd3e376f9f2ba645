"""An address of a JOOR order as AIMS360 takes it."""

from clients.aims360.types import OneTimeAddress
from clients.joor.types import Address
from workers.order_lookups import AimsLookups
from workers.order_pairs import Gaps, Pairs


def one_time_address(address: Address, customer_name: str, country_id: str | None) -> OneTimeAddress:
    return OneTimeAddress(
        name=address.name.strip() or customer_name.strip(),
        address1=address.address_1,
        address2=address.address_2,
        city=address.city,
        state=address.region,
        zip_code=address.postal_code,
        country_id=country_id,
    )


def country_of(address: Address, lookups: AimsLookups, pairs: Pairs, gaps: Gaps, where: str) -> str | None:
    """By pair, else AIMS360's code equal to the ISO code (two or three letters; which one AIMS360 uses is UNKNOWN)."""
    keys = [key for key in (address.country_iso_two.strip(), address.country_iso_three.strip(), address.country.strip()) if key]
    for key in keys:
        for pair in pairs.of("country", key):
            row = lookups.code("country", pair.aims_code) if pair.aims_code else None
            if row is not None:
                return row.aims_id
    for key in keys[: 2 if address.country_iso_two else 1]:
        row = lookups.code("country", key)
        if row is not None:
            return row.aims_id
    if keys:
        gaps.pair("country", keys[0], where)
    return None
