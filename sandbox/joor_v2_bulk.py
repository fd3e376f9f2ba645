"""v2 bulk style jobs (fact sheet 4.2, 4.6)."""

from typing import Any

from sandbox.joor_envelope import v2_error, v2_response
from sandbox.joor_jobs import failing_keys, job_shown, look, new_job, records_of
from sandbox.joor_v2_fields import Unfit
from sandbox.joor_v2_record import read_record
from sandbox.joor_v2_upsert import upsert
from sandbox.joor_v4_items import injected
from sandbox.joor_world import Account, Job, World
from sandbox.messages import Request, Response, json_response

ROOT = "bulk_styles"


def submit(world: World, account: Account, request: Request) -> Response:
    """POST or PUT /v2/bulk-style. Nothing is applied yet; the answer's shape is ASSUMED to be that of the job's page."""
    try:
        records = records_of(request.json(), ROOT, "style")
    except ValueError as error:
        return v2_error(world, ROOT, f"the body cannot be read: {error}")
    return _page(world, new_job(account.jobs, account.catalogue.new_number(), records, world, request.call))


def job_state(world: World, account: Account, job_id: str) -> Response:
    """GET /v2/bulk-style/{id}."""
    job = account.jobs.get(int(job_id)) if job_id.isdecimal() else None
    if job is None:
        return v2_error(world, ROOT, f"job {job_id} not found", 404)
    look(world, account.jobs, job, lambda record, of: _apply(world, account, record, of.call))
    return _page(world, job)


def _page(world: World, job: Job) -> Response:
    return json_response({ROOT: {"response": v2_response(world), "bulk_styles_jobs": [job_shown(job, "styles", "style")]}})


def _apply(world: World, account: Account, record: Any, call: int) -> None:
    identifier = str(record.get("style_identifier")) if isinstance(record, dict) else ""
    if identifier in failing_keys(world) or injected(world, "/v2/bulk-style", record):
        return
    try:
        wanted = read_record(account, record)
    except Unfit:
        return  # the job does not say
    upsert(world, account, wanted, via="v2 bulk", call=call)
