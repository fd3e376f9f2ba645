"""Times, money and JSON mean the same on both databases; what must be unique is."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import Session, col, select

from models.jobs import PENDING, Attempt, Job, JobState
from models.ledgers import OrderImport, OrderPart
from models.limits import RateLimit
from models.sites import Site
from runtime.db import Sessions, make_engine, session_factory

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def sessions(database_url: str) -> Sessions:
    sessions = session_factory(make_engine(database_url))
    with sessions() as session:
        for key in ("us", "eu"):
            session.add(Site(key=key, joor_api_url="http://joor", aims_api_url="http://aims", created_at=NOON, updated_at=NOON))
    return sessions


def order(joor_order_id: str = "7700123", site_id: int = 1, **columns: Any) -> OrderImport:
    return OrderImport(**{"site_id": site_id, "joor_order_id": joor_order_id, "raw": {}, "raw_digest": "", "downloaded_at": NOON} | columns)


def part(reference: str, order_import_id: int = 1, site_id: int = 1) -> OrderPart:
    return OrderPart(order_import_id=order_import_id, site_id=site_id, reference=reference, body={}, body_digest="")


def kept(sessions: Sessions, **columns: Any) -> OrderImport:
    with sessions() as session:
        session.add(order(**columns))
    with sessions() as session:
        return session.exec(select(OrderImport)).one()


# ---- times ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "at",
    [
        NOON,
        NOON + 123456 * MICROSECOND,
        datetime(2026, 3, 2, 7, 0, tzinfo=timezone(timedelta(hours=-5))),
        datetime(2026, 3, 8, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        datetime(1899, 12, 30, tzinfo=UTC),
    ],
)
def test_a_time_comes_back_as_the_same_moment_in_utc(sessions: Sessions, at: datetime) -> None:
    back = kept(sessions, downloaded_at=at).downloaded_at
    assert back == at
    assert back.utcoffset() == timedelta(0)


def test_no_time_stays_no_time(sessions: Sessions) -> None:
    assert kept(sessions).imported_at is None


def test_a_naive_time_is_refused_wherever_it_is_used(sessions: Sessions) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(StatementError, match="naive datetime"):
        kept(sessions, downloaded_at=naive)
    with sessions() as session, pytest.raises(StatementError, match="naive datetime"):
        session.exec(select(OrderImport).where(OrderImport.downloaded_at < naive)).all()


def test_times_are_compared_and_sorted_as_times_in_sql(sessions: Sessions) -> None:
    times = [NOON + step for step in (-MICROSECOND, timedelta(0), MICROSECOND, timedelta(seconds=10), timedelta(days=300))]
    with sessions() as session:
        session.add_all(order(str(number), downloaded_at=at) for number, at in enumerate(reversed(times)))
    with sessions() as session:
        assert list(session.exec(select(OrderImport.downloaded_at).order_by(col(OrderImport.downloaded_at))).all()) == times
        elsewhere = NOON.astimezone(timezone(timedelta(hours=-11)))
        assert len(session.exec(select(OrderImport).where(OrderImport.downloaded_at <= elsewhere)).all()) == 2


# ---- money and numbers ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "back"),
    [
        ("0", "0.0000"),
        ("0.1", "0.1000"),
        ("1234567.89", "1234567.8900"),
        ("-19.99", "-19.9900"),
        ("99999999999999.9999", "99999999999999.9999"),
        ("0.00005", "0.0000"),  # banker's rounding, past anything a price has
        ("1E+3", "1000.0000"),
    ],
)
def test_money_is_exact_to_four_places(sessions: Sessions, given: str, back: str) -> None:
    total = kept(sessions, joor_total=Decimal(given)).joor_total
    assert isinstance(total, Decimal)
    assert str(total) == back


@pytest.mark.parametrize("wrong", [19.99, 0.0])
def test_a_float_is_no_money(sessions: Sessions, wrong: float) -> None:
    with pytest.raises(StatementError, match="float"):
        kept(sessions, joor_total=wrong)


def test_no_amount_is_not_nought(sessions: Sessions) -> None:
    assert kept(sessions).joor_total is None


def test_numbers_of_64_bits_fit(sessions: Sessions) -> None:
    micros = 4_102_444_800_000_000  # the year 2100
    with sessions() as session:
        session.add(RateLimit(connection="c", tat_us=micros))
    with sessions() as session:
        assert session.get_one(RateLimit, "c").tat_us == micros


# ---- JSON ----------------------------------------------------------------------------------------------------------------------------


def test_what_joor_sent_comes_back_letter_for_letter(sessions: Sessions) -> None:
    raw = {"order": {"customer": "Bjørk & Søn 東京 😀", "total": "1234567.10", "items": [], "note": "", "none": None, "big": 2**53}}
    assert kept(sessions, raw=raw).raw == raw


def test_no_json_is_a_null_and_not_the_word(sessions: Sessions) -> None:
    kept(sessions)
    with sessions() as session:
        assert session.execute(text("SELECT count(*) FROM order_import WHERE problems IS NULL AND difference IS NULL")).scalar() == 1


# ---- what must be unique -------------------------------------------------------------------------------------------------------------


def fails_to_add(sessions: Sessions, *rows: Any) -> bool:
    def add(session: Session) -> None:
        session.add_all(rows)
        session.flush()

    with sessions() as session:
        try:
            add(session)
        except IntegrityError:
            session.rollback()
            return True
    return False


def test_a_joor_order_is_imported_once_per_site(sessions: Sessions) -> None:
    assert not fails_to_add(sessions, order())
    assert fails_to_add(sessions, order())
    assert not fails_to_add(sessions, order(site_id=2))


def test_an_order_reference_is_given_once_per_site(sessions: Sessions) -> None:
    with sessions() as session:
        session.add_all([order(), order("7700124"), order(site_id=2)])
    assert not fails_to_add(sessions, part("JOOR-7700123"))
    assert fails_to_add(sessions, part("JOOR-7700123"))
    assert fails_to_add(sessions, part("JOOR-7700123", order_import_id=2)), "not even for another order"
    assert not fails_to_add(sessions, part("JOOR-7700123-B"))
    assert not fails_to_add(sessions, part("JOOR-7700123", order_import_id=3, site_id=2))


def test_a_part_of_no_order_is_refused_and_parts_go_with_their_order(sessions: Sessions) -> None:
    assert fails_to_add(sessions, part("JOOR-1", order_import_id=4711))
    with sessions() as session:
        session.add(order())
        session.flush()
        session.add(part("JOOR-7700123"))
    with sessions() as session:
        session.execute(text("DELETE FROM order_import"))
        assert session.exec(select(OrderPart)).all() == []


def job(state: JobState, key: str = "k", **columns: Any) -> Job:
    return Job(
        **{"site_id": 1, "data_type": "orders", "kind": "orders.import", "key": key, "state": state} | columns,
        **dict.fromkeys(("wanted_at", "available_at", "created_at"), NOON),
    )


@pytest.mark.parametrize("state", JobState)
def test_the_pending_index_covers_exactly_what_has_not_started(sessions: Sessions, state: JobState) -> None:
    with sessions() as session:
        session.add(job(JobState.QUEUED))
    assert fails_to_add(sessions, job(state)) == (state in PENDING)
    assert not fails_to_add(sessions, job(state, dry_run=True))
    assert not fails_to_add(sessions, job(state, key="another"))


def test_attempts_go_with_their_job(sessions: Sessions) -> None:
    with sessions() as session:
        session.add(job(JobState.SUCCEEDED))
        session.flush()
        session.add(Attempt(job_id=1, number=1, worker="w", started_at=NOON))
    with sessions() as session:
        session.execute(text("DELETE FROM job"))
        assert session.exec(select(Attempt)).all() == []


def test_the_questions_of_every_second_have_an_index(database_url: str) -> None:
    found = {index["name"]: index["column_names"] for index in inspect(make_engine(database_url)).get_indexes("job")}
    assert found["ix_job_due"] == ["state", "available_at"]
    assert found["ix_job_lane"] == ["site_id", "data_type", "state", "id"]
