"""v2 bulk connection jobs (fact sheet 3.3, 3.4): a known code is updated, a new one goes before Data Services, what fails is not told."""

from typing import Any

from sandbox.joor_connection_record import check_new, read_connection
from sandbox.joor_connections import update
from sandbox.joor_data_services import by_code, put_on_desk
from sandbox.joor_envelope import v2_error, v2_response
from sandbox.joor_jobs import failing_keys, job_shown, look, new_job, records_of
from sandbox.joor_v2_fields import Unfit
from sandbox.joor_world import Account, Job, World
from sandbox.messages import Request, Response, json_response

ROOT = "bulk_connections"


def submit(world: World, account: Account, request: Request) -> Response:
    """POST or PUT /v2/bulk-connection. The answer is UNKNOWN; ASSUMED: the job's page, queued."""
    try:
        records = records_of(request.json(), ROOT, "connection")
    except ValueError as error:
        return v2_error(world, ROOT, f"the body cannot be read: {error}")
    return _page(world, new_job(account.connection_jobs, account.catalogue.new_number(), records, world, request.call))


def job_state(world: World, account: Account, job_id: str) -> Response:
    """GET /v2/bulk-connection/{id}."""
    job = account.connection_jobs.get(int(job_id)) if job_id.isdecimal() else None
    if job is None:
        return v2_error(world, ROOT, f"job {job_id} not found", 404)
    look(world, account.connection_jobs, job, lambda record, of: _apply(world, account, record, of))
    return _page(world, job)


def _page(world: World, job: Job) -> Response:
    shown = job_shown(job, "connections", "connection")
    return json_response({ROOT: {"response": v2_response(world), "bulk_connections_jobs": [shown]}})


def _apply(world: World, account: Account, record: Any, job: Job) -> None:
    code = str(record.get("customer_code") or "") if isinstance(record, dict) else ""
    try:
        if code in failing_keys(world):
            raise Unfit("named by the switch failed_records")
        if not code.strip():
            raise Unfit("customer_code is required")
        fields = read_connection(world, account, record)
        connection = by_code(account, code)
        if connection is None:
            check_new(fields)
    except Unfit as unfit:
        job.refused.append((code, str(unfit)))
        return
    if connection is None:
        put_on_desk(world, account, fields, job.call)
    else:
        update(world, account, connection, fields, via="v2 bulk", call=job.call)
