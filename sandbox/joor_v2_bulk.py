"""v2 bulk style jobs: queued, worked off in the order they came, and silent about what failed (fact sheet 2.3, 4.2, 4.6)."""

from typing import Any

from sandbox.joor_envelope import v2_error, v2_response
from sandbox.joor_v2_record import Unfit, read_record
from sandbox.joor_v2_upsert import upsert
from sandbox.joor_v4_items import injected
from sandbox.joor_world import Account, Job, World, iso
from sandbox.messages import Request, Response, json_response

ROOT = "bulk_styles"


def submit(world: World, account: Account, request: Request) -> Response:
    """POST or PUT /v2/bulk-style. Nothing is applied yet; the answer's shape is ASSUMED to be that of the job's page."""
    try:
        records = _records(request.json())
    except ValueError as error:
        return v2_error(world, ROOT, f"the body cannot be read: {error}")
    now = world.now()
    job = Job(account.catalogue.new_number(), records, now, now, request.call)
    account.jobs[job.id] = job
    return json_response({ROOT: {"response": v2_response(world), "bulk_styles_jobs": [_shown(job)]}})


def _records(body: Any) -> list[Any]:
    """`{"bulk_styles": {"style": [..]}}`; one style as an object is taken too. Raises ValueError for anything else."""
    root = body.get(ROOT) if isinstance(body, dict) else None
    records = root.get("style") if isinstance(root, dict) else None
    records = [records] if isinstance(records, dict) else records
    if not isinstance(records, list):
        raise ValueError("bulk_styles.style is missing or no list")
    return records


def job_state(world: World, account: Account, job_id: str) -> Response:
    """GET /v2/bulk-style/{id}: each look brings the job on, and `job_delay` looks finish it."""
    job = account.jobs.get(int(job_id)) if job_id.isdecimal() else None
    if job is None:
        return v2_error(world, ROOT, f"job {job_id} not found", 404)
    if job.status != "finished":
        delay = int(world.switches["job_delay"])
        job.polls += 1
        if job.polls >= delay:
            _finish(world, account, job)
        elif job.polls * 2 >= delay:
            job.status, job.modified = "started", world.now()
    return json_response({ROOT: {"response": v2_response(world), "bulk_styles_jobs": [_shown(job)]}})


def _finish(world: World, account: Account, job: Job) -> None:
    """Apply its records, after those of every job that came before."""
    for earlier in sorted(account.jobs):
        waiting = account.jobs[earlier]
        if earlier <= job.id and waiting.status != "finished":
            for record in waiting.records:
                _apply(world, account, record, waiting.call)
            waiting.status, waiting.modified = "finished", world.now()


def _apply(world: World, account: Account, record: Any, call: int) -> None:
    identifier = str(record.get("style_identifier")) if isinstance(record, dict) else ""
    failing = world.switches["failed_records"]
    names = failing.split(",") if isinstance(failing, str) else [str(name) for name in failing]
    if identifier in names or injected(world, "/v2/bulk-style", record):
        return
    try:
        wanted = read_record(account, record)
    except Unfit:
        return  # the job does not say
    upsert(world, account, wanted, via="v2 bulk", call=call)


def _shown(job: Job) -> dict[str, Any]:
    progress = {"queued": 0, "started": len(job.records) // 2, "finished": len(job.records)}[job.status]
    return {
        "bulk_styles_job_id": job.id,
        "status": job.status,
        "created": iso(job.created),
        "modified": iso(job.modified),
        "style_record_count": len(job.records),
        "style_record_progress": progress,
    }
