"""`python -m producers orders --site us`: the same as `joorsync enqueue orders --site us`, for cron and other people's scripts."""

import argparse
import sys

from models.errors import SyncError, Unavailable
from models.jobs import DataType
from producers.enqueue import enqueue, failures, wait_for
from runtime import logs
from runtime.clock import SystemClock
from runtime.db import make_engine, session_factory
from runtime.settings import Settings


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m producers", description="Ask for a sync.")
    made.add_argument("data_type", choices=[kind.value for kind in DataType])
    made.add_argument("--site", required=True, help="site key, for example us")
    made.add_argument("--key", action="append", default=[], help="one record: a JOOR order id or a style number; repeatable")
    made.add_argument("--all", action="store_true", dest="everything", help="everything again, changed or not")
    made.add_argument("--dry-run", action="store_true", help="show what would be sent; send nothing")
    made.add_argument("--wait", action="store_true", help="until the run is done (a worker must be running)")
    made.add_argument("--reason", default="", help="why, for the record")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 well, 1 work failed, 2 usage, 3 the database cannot be reached."""
    given = parser().parse_args(arguments)
    settings = Settings()
    logs.configure(settings.log_level, settings.log_format)
    sessions = session_factory(make_engine(settings.database_url))
    try:
        asked = enqueue(
            sessions,
            SystemClock(),
            settings.amqp_url,
            DataType(given.data_type),
            given.site,
            keys=given.key,
            everything=given.everything,
            dry_run=given.dry_run,
            reason=given.reason,
        )
        print(f"run {asked.run_id}: {asked.jobs} job(s) stored, {asked.published} in RabbitMQ")
        if asked.delayed:
            print(f"delivery is delayed and follows by itself: {asked.delayed}", file=sys.stderr)
        if not given.wait:
            return 0
        wait_for(sessions, asked.run_id)
        with sessions() as session:
            bad = failures(session, asked.run_id)
            for job in bad:
                print(f"job {job.id} {job.state}: {job.error_summary}", file=sys.stderr)
        return 1 if bad else 0
    except SyncError as error:
        print(error.summary, *error.fix, sep="\n  ", file=sys.stderr)
        return 3 if isinstance(error, Unavailable) else 2


if __name__ == "__main__":
    sys.exit(main())
