"""When a data type is due next: minutes, cron lines on a local clock, quiet hours, and both turns of the clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from models.jobs import DataType
from models.settings import Schedule
from producers.schedules import digest, next_due

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def berlin(text: str, fold: int = 0) -> datetime:
    """A time of Berlin's clock, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


def styles(cron: str | None = None, **values: object) -> Schedule:
    return Schedule.model_validate({"styles_cron": cron, "time_zone": "Europe/Berlin", **values})


def after(schedule: Schedule, moment: datetime, data_type: DataType = DataType.STYLES) -> datetime | None:
    return next_due(schedule, data_type, moment)


def test_minutes_count_from_the_last_time() -> None:
    assert after(Schedule(styles_minutes=45), NOON) == NOON + timedelta(minutes=45)


def test_nothing_scheduled_is_never_due() -> None:
    assert after(Schedule(styles_minutes=None), NOON) is None


def test_a_cron_line_rules_over_minutes_and_speaks_local_time() -> None:
    schedule = styles("0 6 * * 1-5", styles_minutes=5)
    assert after(schedule, NOON) == berlin("2026-03-03 06:00")
    assert after(schedule, berlin("2026-03-06 06:00")) == berlin("2026-03-09 06:00"), "over the weekend"


def test_what_is_off_is_never_due_whatever_its_times_say() -> None:
    schedule = styles("0 6 * * *", off=["styles"], orders_minutes=5)
    assert after(schedule, NOON) is None
    assert after(schedule, NOON, DataType.ORDERS) is not None


def test_a_time_that_the_clock_skips_in_spring_is_due_when_it_goes_on() -> None:
    assert after(styles("30 2 * * *"), berlin("2026-03-29 01:00")) == berlin("2026-03-29 03:00")
    assert after(styles("30 2 * * *"), berlin("2026-03-29 03:00")) == berlin("2026-03-30 02:30")


def test_a_time_that_the_clock_shows_twice_in_autumn_is_due_once() -> None:
    first = after(styles("30 2 * * *"), berlin("2026-10-25 01:00"))
    assert first == berlin("2026-10-25 02:30")
    assert after(styles("30 2 * * *"), first) == berlin("2026-10-26 02:30")
    second_showing = berlin("2026-10-25 02:10", fold=1)
    assert after(styles("30 2 * * *"), second_showing) == berlin("2026-10-26 02:30"), "the first 02:30 has passed"


def test_a_cron_line_every_few_minutes_goes_on_through_both_showings_of_the_hour() -> None:
    moment, times = berlin("2026-10-25 01:45"), []
    for _ in range(9):
        moment = after(styles("*/15 * * * *"), moment) or NOON
        times.append(moment)
    assert times == [berlin("2026-10-25 01:45") + timedelta(minutes=15 * n) for n in range(1, 10)]


@pytest.mark.parametrize(
    ("falls", "due"),
    [
        ("2026-03-02 21:59", "2026-03-02 21:59"),
        ("2026-03-02 22:00", "2026-03-03 06:00"),
        ("2026-03-03 03:00", "2026-03-03 06:00"),
        ("2026-03-03 06:00", "2026-03-03 06:00"),
    ],
)
def test_what_falls_into_quiet_hours_is_due_when_they_end(falls: str, due: str) -> None:
    schedule = styles(styles_minutes=1, quiet_hours="22:00-06:00")
    assert after(schedule, berlin(falls) - timedelta(minutes=1)) == berlin(due)


def test_orders_are_not_held_back_unless_the_schedule_names_them() -> None:
    night = berlin("2026-03-03 03:00")
    quiet = {"orders_minutes": 1, "quiet_hours": "22:00-06:00", "time_zone": "Europe/Berlin"}
    assert after(Schedule.model_validate(quiet), night, DataType.ORDERS) == night + timedelta(minutes=1)
    named = Schedule.model_validate({**quiet, "quiet_for": ["orders"], "styles_minutes": 1})
    assert after(named, night, DataType.ORDERS) == berlin("2026-03-03 06:00")
    assert after(named, night) == night + timedelta(minutes=1), "only what is named is held back"


def test_a_cron_line_in_quiet_hours_is_due_once_at_their_end() -> None:
    schedule = styles("0 * * * *", quiet_hours="01:00-04:30")
    assert after(schedule, berlin("2026-03-03 00:30")) == berlin("2026-03-03 04:30")
    assert after(schedule, berlin("2026-03-03 04:30")) == berlin("2026-03-03 05:00")


def test_quiet_hours_that_end_in_the_skipped_hour_end_when_the_clock_goes_on() -> None:
    schedule = styles(styles_minutes=1, quiet_hours="22:00-02:30")
    assert after(schedule, berlin("2026-03-29 01:30")) == berlin("2026-03-29 03:00")


def test_quiet_hours_that_end_in_the_doubled_hour_end_at_the_showing_that_comes() -> None:
    schedule = styles(styles_minutes=1, quiet_hours="22:00-02:30")
    assert after(schedule, berlin("2026-10-25 02:10")) == berlin("2026-10-25 02:30")
    assert after(schedule, berlin("2026-10-25 02:10", fold=1)) == berlin("2026-10-25 02:30", fold=1)


@given(
    moment=some.integers(0, 366 * 86_400).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)),
    cron=some.sampled_from([None, "*/7 * * * *", "30 2 * * *", "0 1-4 * * *", "15 0 1 * *"]),
    quiet=some.sampled_from([None, "22:00-02:30", "01:30-03:15", "02:15-02:45"]),
    zone=some.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_the_next_time_is_always_later_and_never_in_quiet_hours(moment: datetime, cron: str | None, quiet: str | None, zone: str) -> None:
    schedule = Schedule(styles_minutes=20, styles_cron=cron, time_zone=zone, quiet_hours=quiet)
    found = after(schedule, moment)
    assert found is not None
    assert found > moment
    if quiet is not None:
        begins, ends = quiet.split("-")
        local = found.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S")
        inside = local >= begins + ":00" or local < ends + ":00" if begins > ends else begins + ":00" <= local < ends + ":00"
        assert not inside


def test_a_digest_tells_only_changes_of_its_own_data_type() -> None:
    plain = digest(Schedule(styles_minutes=20), DataType.STYLES)
    assert digest(Schedule(styles_minutes=20, orders_minutes=7, time_zone="Europe/Berlin"), DataType.STYLES) == plain
    changed = [
        Schedule(styles_minutes=21),
        Schedule(styles_minutes=20, styles_cron="0 6 * * *"),
        Schedule(styles_minutes=20, quiet_hours="22:00-06:00"),
        Schedule(styles_minutes=20, off=["styles"]),
    ]
    assert plain not in {digest(schedule, DataType.STYLES) for schedule in changed}
    quiet = digest(changed[2], DataType.ORDERS)
    assert quiet == digest(Schedule(), DataType.ORDERS), "quiet hours are not for orders"
