"""The last look before a flow that writes: are the gates of its production site open? (Requests and the timetable look first.)"""

from sqlmodel import Session

from models.errors import Missing
from models.gates import shut
from models.jobs import DataType, Job
from models.sites import Site
from workers.sync import FlowSpec


def gates_of(session: Session, job: Job, spec: FlowSpec) -> tuple[Missing, ...]:
    """The decisions that jobs like this one are blocked on; empty: they may run. Dry runs and kinds that only read always may.

    A batch is of one site, kind and dry_run, so what holds one of its jobs holds all.
    """
    if job.dry_run or not spec.writes:
        return ()
    return tuple(shut(session, session.get_one(Site, job.site_id), DataType(job.data_type)))
