"""Which of JOOR's addresses a site may have: a test account must never reach the live one, and a live site no test account."""

from urllib.parse import urlsplit

from console.process import Process
from models.errors import NotPossible

#: joor-api facts 1.1.
PRODUCTION_HOSTS = ("api.jooraccess.com", "atlas.jooraccess.com", "www.jooraccess.com")
SANDBOX_HOSTS = ("apisandbox.jooraccess.com", "atlas-sandbox.jooraccess.com", "sandbox.jooraccess.com", "udt-sandbox.jooraccess.com")


def joor_address(process: Process, key: str, url: str, sandbox: bool) -> str:
    """The checked address, without its trailing slash. Raises NotPossible for one that may not be called, and for the wrong environment."""
    checked = process.work.address(url, sandbox)
    host = (urlsplit(checked).hostname or "").rstrip(".").lower()
    if sandbox and host in PRODUCTION_HOSTS:
        raise NotPossible(
            f"{host} is JOOR's production address, and site {key} is a sandbox account: what is only tried would reach real retailers",
            fix=[
                "Give the sandbox's addresses: --joor-api https://apisandbox.jooraccess.com "
                "--joor-auth https://atlas-sandbox.jooraccess.com/auth/.",
                "If the site is the live account, it is added without --sandbox, or changed with --production.",
            ],
            field="joor_api_url",
        )
    if not sandbox and host in SANDBOX_HOSTS:
        raise NotPossible(
            f"{host} is JOOR's sandbox, and site {key} is not marked as a sandbox account: its orders would be taken for real ones",
            fix=[
                f"For a test account beside a live site: joorsync sites add {key}-test --sandbox-of {key} --joor-api URL.",
                "Or mark the site itself as a test system: --sandbox.",
            ],
            field="joor_api_url",
        )
    return checked
