"""Under which names the shared limits of a site are kept: sites of one JOOR account share its credits."""

from models.sites import Site

_LONGEST = 200


def joor_account(site: Site) -> str:
    """The key of `CreditWindow`: JOOR's address and the account id (the site's own key where no id is stored)."""
    return f"{site.joor_api_url.rstrip('/').lower()}#{site.joor_account_id or site.key}"[:_LONGEST]
