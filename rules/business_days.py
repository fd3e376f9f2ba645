"""Business days and hours of JOOR Data Services, who match new customers by hand (joor-api facts 3.2). Pure.

Which zone, hours and public holidays are theirs is ASSUMED (`models.settings.CustomerSettings`). Times in and out are aware UTC; days and
hours are counted by the clock on the wall there, so a change to summer time moves nothing.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from models.errors import NotPossible
from models.settings import CustomerSettings, clock_hours

_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True)
class BusinessHours:
    """`country` is a code that the `holidays` library knows, for example US; "" for none: then only weekends are off."""

    zone: str
    country: str = ""
    opens: time = time(9)
    closes: time = time(18)


def hours_of(settings: CustomerSettings) -> BusinessHours:
    opens, closes = clock_hours(settings.business_hours)
    return BusinessHours(settings.time_zone, settings.holidays, opens, closes)


def is_business_day(day: date, country: str) -> bool:
    """Monday to Friday, no public holiday. Raises NotPossible for a country without a calendar."""
    return day.weekday() < _SATURDAY and day not in _holidays(country, day.year)


def is_business_moment(at: datetime, hours: BusinessHours) -> bool:
    local = at.astimezone(ZoneInfo(hours.zone))
    return is_business_day(local.date(), hours.country) and hours.opens <= local.time() < hours.closes


def add_business_days(start: datetime, days: int, hours: BusinessHours) -> datetime:
    """The same time of day so many business days later. What begins outside business hours counts from when they next open."""
    zone = ZoneInfo(hours.zone)
    local = start.astimezone(zone)
    day, clock = local.date(), local.time()
    if not is_business_day(day, hours.country) or clock >= hours.closes:
        day, clock = _next_business_day(day, hours.country), hours.opens
    clock = max(clock, hours.opens)
    for _ in range(days):
        day = _next_business_day(day, hours.country)
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def next_look(after: datetime, every_hours: int, hours: BusinessHours) -> datetime:
    """The next of the times at which everything that waits is looked at together: at opening and every so many hours until closing.

    With 4 hours and 09:00-18:00 that is 09:00, 13:00 and 17:00 of each business day. Always later than `after`.
    """
    zone = ZoneInfo(hours.zone)
    day = after.astimezone(zone).date()
    if not is_business_day(day, hours.country):
        day = _next_business_day(day, hours.country)
    while True:
        for clock in _looks(every_hours, hours):
            look = datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
            if look > after:
                return look
        day = _next_business_day(day, hours.country)


def business_days_for(volume: int, match_days: dict[int, int]) -> int:
    """JOOR's stated time by volume, for example {100: 2, 500: 3}: up to 100 customers 2 business days; beyond the last step its days."""
    steps = sorted(match_days.items())
    return next((days for up_to, days in steps if volume <= up_to), steps[-1][1])


def _looks(every_hours: int, hours: BusinessHours) -> list[time]:
    minutes = range(_minutes(hours.opens), _minutes(hours.closes), every_hours * 60)
    return [time(*divmod(minute, 60)) for minute in minutes]


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _next_business_day(day: date, country: str) -> date:
    day += _DAY
    while not is_business_day(day, country):
        day += _DAY
    return day


@lru_cache(maxsize=64)
def _holidays(country: str, year: int) -> frozenset[date]:
    if not country:
        return frozenset()
    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        raise NotPossible(
            f"There is no calendar of public holidays for {country!r}",
            fix=['Give a country by its two letters, or none: joorsync sites set SITE --customer "holidays=US"'],
            field="holidays",
        ) from None
