"""Business days of JOOR's people: weekends, holidays, hours, summer time."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from models.errors import NotPossible
from models.settings import CustomerSettings
from rules.business_days import (
    BusinessHours,
    add_business_days,
    business_days_for,
    hours_of,
    is_business_day,
    is_business_moment,
    next_look,
)

NEW_YORK = BusinessHours("America/New_York", "US")
PLAIN = BusinessHours("UTC")
MOMENTS = some.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001  # hypothesis takes no zone in bounds


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_two_business_days_from_a_monday_end_on_wednesday_at_the_same_time() -> None:
    assert add_business_days(at("2026-03-02T15:30"), 2, NEW_YORK) == at("2026-03-04T15:30")


def test_a_weekend_is_no_business_day() -> None:
    assert add_business_days(at("2026-03-06T15:30"), 1, PLAIN) == at("2026-03-09T15:30")
    assert add_business_days(at("2026-03-07T15:30"), 1, PLAIN) == at("2026-03-10T09:00")


def test_what_comes_after_closing_counts_from_the_next_morning_and_before_opening_from_that_morning() -> None:
    assert add_business_days(at("2026-03-02T18:00"), 1, PLAIN) == at("2026-03-04T09:00")
    assert add_business_days(at("2026-03-02T06:00"), 1, PLAIN) == at("2026-03-03T09:00")


def test_thanksgiving_is_skipped_where_the_country_has_it() -> None:
    wednesday = at("2026-11-25T16:00")  # 11:00 in New York
    assert add_business_days(wednesday, 1, NEW_YORK) == at("2026-11-27T16:00")
    assert add_business_days(wednesday, 1, BusinessHours("America/New_York")) == at("2026-11-26T16:00")


def test_the_turn_of_the_year_skips_christmas_and_new_year() -> None:
    assert add_business_days(at("2026-12-24T16:00"), 1, NEW_YORK) == at("2026-12-28T16:00")
    assert add_business_days(at("2026-12-31T16:00"), 1, NEW_YORK) == at("2027-01-04T16:00")


def test_summer_time_keeps_the_time_on_the_wall() -> None:
    friday = at("2026-03-06T15:00")  # 10:00 EST; clocks go forward on Sunday
    assert add_business_days(friday, 1, NEW_YORK) == at("2026-03-09T14:00")
    autumn = at("2026-10-30T14:00")  # 10:00 EDT; clocks go back on Sunday
    assert add_business_days(autumn, 1, NEW_YORK) == at("2026-11-02T15:00")


def test_looks_stand_on_a_grid_so_that_all_come_due_together() -> None:
    looks = [at("2026-03-02T09:00")]
    for _ in range(4):
        looks.append(next_look(looks[-1], 4, PLAIN))
    assert [look.strftime("%a %H:%M") for look in looks] == ["Mon 09:00", "Mon 13:00", "Mon 17:00", "Tue 09:00", "Tue 13:00"]
    assert next_look(at("2026-03-02T09:01"), 4, PLAIN) == next_look(at("2026-03-02T12:59"), 4, PLAIN)


def test_nobody_is_looked_for_at_night_on_a_weekend_or_on_a_holiday() -> None:
    assert next_look(at("2026-03-06T17:30"), 4, PLAIN) == at("2026-03-09T09:00")
    assert next_look(at("2026-11-25T22:30"), 4, NEW_YORK) == at("2026-11-27T14:00")  # 09:00 in New York, the day after Thanksgiving


@given(MOMENTS, some.integers(1, 24))
def test_a_look_is_always_later_and_in_business_hours(moment: datetime, every: int) -> None:
    look = next_look(moment, every, NEW_YORK)
    assert look > moment
    assert is_business_moment(look, NEW_YORK)


@given(MOMENTS, some.integers(1, 10))
def test_more_business_days_end_later_and_on_a_business_day(moment: datetime, days: int) -> None:
    end = add_business_days(moment, days, NEW_YORK)
    assert moment < end
    assert add_business_days(moment, days - 1, NEW_YORK) < end
    assert is_business_moment(end, NEW_YORK)


def test_business_hours_are_open_at_the_beginning_and_closed_at_the_end() -> None:
    assert is_business_moment(at("2026-03-02T09:00"), PLAIN)
    assert not is_business_moment(at("2026-03-02T18:00"), PLAIN)
    assert not is_business_moment(at("2026-03-01T10:00"), PLAIN)


def test_the_stated_time_grows_with_the_volume() -> None:
    days = CustomerSettings().match_days
    assert [business_days_for(volume, days) for volume in (1, 100, 101, 500, 501, 1000, 1001)] == [2, 2, 3, 3, 4, 4, 5]
    assert business_days_for(50, {10: 2}) == 2


def test_the_settings_say_whose_hours_they_are() -> None:
    hours = hours_of(CustomerSettings(time_zone="Europe/Berlin", holidays="DE", business_hours="08:30-16:00"))
    assert hours == BusinessHours("Europe/Berlin", "DE", time(8, 30), time(16))


def test_a_country_without_a_calendar_is_refused_with_what_to_do() -> None:
    with pytest.raises(NotPossible) as refused:
        is_business_day(date(2026, 3, 2), "XX")
    assert "holidays=US" in refused.value.fix[0]
