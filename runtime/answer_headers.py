"""The few answer headers that the limits read. Names are found in any case; nonsense is as good as nothing."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: More than a day is a mistake of theirs; we would rather ask once more.
LONGEST_RETRY_AFTER = 86_400.0


def header(headers: Mapping[str, str], name: str) -> str:
    """`name` in lower case; "" when it is not there."""
    return next((value.strip() for key, value in headers.items() if key.lower() == name), "")


def moment(text: str) -> datetime | None:
    """An HTTP date (RFC 9110 5.6.7), aware UTC."""
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def retry_after(headers: Mapping[str, str], theirs: datetime) -> float | None:
    """Seconds, from either form of the header (RFC 9110 10.2.3). `theirs` is now by the remote clock."""
    text = header(headers, "retry-after")
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_RETRY_AFTER)
    at = moment(text)
    return None if at is None else min(max((at - theirs).total_seconds(), 0.0), LONGEST_RETRY_AFTER)
