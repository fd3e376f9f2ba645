"""When a data type of a site is due next: by minutes or a cron line, held back by quiet hours. Reads the schedule alone, no database."""

import hashlib
import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from models.jobs import DataType
from models.settings import Schedule, clock_hours


def interval(schedule: Schedule, data_type: DataType) -> timedelta | None:
    """None where a cron line rules, or nothing does."""
    minutes: int | None = getattr(schedule, f"{data_type.value}_minutes")
    return None if minutes is None or cron(schedule, data_type) else timedelta(minutes=minutes)


def cron(schedule: Schedule, data_type: DataType) -> str | None:
    line: str | None = getattr(schedule, f"{data_type.value}_cron")
    return line


def next_due(schedule: Schedule, data_type: DataType, after: datetime) -> datetime | None:
    """The first time after `after` (aware UTC), as aware UTC; None where nothing is scheduled, or the data type is switched off.

    A cron line speaks the clock of the schedule's time zone: a time of day that the clock skips in spring is due when it goes on, one that
    it shows twice in autumn is due once. What falls into quiet hours is due when they end.
    """
    if data_type.value in schedule.off:
        return None
    line, every = cron(schedule, data_type), interval(schedule, data_type)
    if line is not None:
        found = _next_of(line, after, ZoneInfo(schedule.time_zone))
        return found and out_of_quiet(schedule, data_type, found)
    return out_of_quiet(schedule, data_type, after + every) if every is not None else None


def _next_of(line: str, after: datetime, zone: ZoneInfo) -> datetime | None:
    for local in CronSim(line, after.astimezone(zone)):
        moment = local.astimezone(UTC)
        if moment > after:  # the second showing of an hour in autumn gives times of the first
            return moment
    return None


def out_of_quiet(schedule: Schedule, data_type: DataType, moment: datetime) -> datetime:
    """The moment itself (aware UTC), or the end of the quiet hours that it falls into."""
    if not quiet_holds(schedule, data_type):
        return moment
    begins, ends = clock_hours(schedule.quiet_hours or "")
    zone = ZoneInfo(schedule.time_zone)
    local = moment.astimezone(zone)
    now = local.time()
    overnight = begins > ends
    if not (now >= begins or now < ends if overnight else begins <= now < ends):
        return moment
    return _shown(local.date() + timedelta(days=1 if overnight and now >= begins else 0), ends, zone, moment)


def quiet_holds(schedule: Schedule, data_type: DataType) -> bool:
    """Orders are not held back unless the schedule names them: a retailer waits for each."""
    if schedule.quiet_hours is None:
        return False
    return data_type is not DataType.ORDERS if schedule.quiet_for is None else data_type.value in schedule.quiet_for


def _shown(day: date, hour: time, zone: ZoneInfo, after: datetime) -> datetime:
    """When the clock of the zone shows this time, after `after`; where it skips the time in spring, when it goes on."""
    wanted = datetime.combine(day, hour)
    for fold in (0, 1):  # in autumn an hour is shown twice
        moment = wanted.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        while moment.astimezone(zone).replace(tzinfo=None) != wanted:
            wanted += timedelta(minutes=1)
            moment = wanted.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if moment > after:
            return moment
    return after


def digest(schedule: Schedule, data_type: DataType) -> str:
    """Of everything that says when this data type is due: another one means that the next time is worked out anew."""
    every = interval(schedule, data_type)
    parts = {"minutes": every.total_seconds() / 60 if every else None, "cron": cron(schedule, data_type)}
    parts["quiet"] = schedule.quiet_hours if quiet_holds(schedule, data_type) else None
    parts["zone"] = schedule.time_zone if parts["cron"] or parts["quiet"] else None
    parts["off"] = data_type.value in schedule.off
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
