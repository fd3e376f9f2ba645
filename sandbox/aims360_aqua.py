"""Aqua exports, background jobs and published results (AIMS360 facts 9.9): request, poll, download; rerun refreshes the same link.

A link serves what the last completed run found, so a client that does not poll reads old data. Names and their uneven casing are AIMS360's.
"""

import csv
import io
import json
import secrets
import uuid
from datetime import datetime
from typing import Any

from sandbox.aims360_orders import Body, Refusal
from sandbox.aims360_schema import Row, Schema, entity
from sandbox.aims360_views import find_view, rows_of
from sandbox.aims360_world import RETENTION, Document, Job, World
from sandbox.messages import Response

JOBS = entity(
    "BackgroundJob",
    "jobId jobStatus jobStatusText percentCompleted:number responseType response publishLink publishLinkAccessScope requestURL "
    "categoryName subCategoryName jobDescription clientRequestId clientID DatabaseName accountCode canReRun startDate:moment "
    "completedDate:moment createdDate:moment modifiedDate:moment purgeDateTime:moment createdBy modifiedBy",
)
SINGLE_JOB = Schema("BackgroundJob", {"jobID": "text", **{name: kind for name, kind in JOBS.properties.items() if name != "jobId"}})
SCOPES = ("Public", "Private", "PeopleInOrganization")
MEDIA_TYPES = {"JSON": "application/json; charset=utf-8", "CSV": "text/csv; charset=utf-8"}


def request_export(world: World, posted: Any, operator: str, own_host: str, call: int) -> Row:
    """POST exportdata. Raises Refusal. Excel is refused with words of the sandbox's own: it writes no workbooks."""
    body = Body.of(posted)
    settings = body.child("exportDataSettings")
    if settings is None:
        raise Refusal("exportDataSettings is required.")
    source, view = settings.text("source"), settings.text("viewName")
    chosen_format = _one_of(body, "outputFormat", *MEDIA_TYPES, "Excel")
    if chosen_format == "Excel":
        raise Refusal("This sandbox makes JSON and CSV only.")
    scope = _one_of(body, "publishLinkAccessScope", *SCOPES)
    _one_of(body, "exportType", "View")
    _one_of(body, "exportCriteriaVersion", "v1.0")
    known = find_view(source, view) is not None
    if not known and world.switches["unknown_view"] == "400":
        raise Refusal(f"View '{view}' not found for source '{source}'.")
    now = world.now()
    document = Document(str(uuid.uuid4()), operator, scope, secrets.token_hex(16), MEDIA_TYPES[chosen_format])
    host = str(world.switches["publish_link_host"] or own_host)
    link = f"{host}/documentmanagement/v1.0/aimsdocument/{document.id}"
    job = Job(
        id=f"{uuid.uuid4()}-{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03d}",
        operator=operator,
        source=source,
        view=view,
        format=chosen_format,
        scope=scope,
        document_id=document.id,
        link=f"{link}/{document.anonymous_token}" if scope == "Public" else link,
        created=now,
        modified=now,
        can_rerun=str(world.switches["job_can_rerun"]),
        polls_left=int(world.switches["job_polls"]),
        outcome=str(world.switches["job_outcome"]) if known else "Failed",
    )
    world.documents[document.id], world.jobs[job.id] = document, job
    world.effect("export_requested", job.id, source=source, view=view, format=chosen_format, scope=scope, call=call)
    return _accepted(job)


def _one_of(body: Body, name: str, *values: str) -> str:
    """An enumeration value in our casing; compared without regard to case (4.4)."""
    given = body.text(name)
    for value in values:
        if value.lower() == given.lower():
            return value
    raise Refusal(f"{name} must be one of {', '.join(values)}.")


def _accepted(job: Job) -> Row:
    return {"jobId": job.id, "jobStatus": "Queued", "publishLink": job.link, "publishLinkAccessScope": job.scope}


def rerun(world: World, job_id: str, call: int) -> Row:
    """The same job again, behind the same link. Raises Refusal: 404 for a job purged or never made, 400 (ASSUMED) for one that cannot."""
    job = find_job(world, job_id)
    if job.can_rerun.lower() != "yes":
        raise Refusal(f"Job {job_id} cannot be rerun.")
    job.status, job.completed, job.modified = "Queued", None, world.now()
    job.polls_left, job.outcome = int(world.switches["job_polls"]), str(world.switches["job_outcome"])
    world.effect("export_rerun", job.id, source=job.source, view=job.view, call=call)
    return {**_accepted(job), "jobRunId": str(uuid.uuid4())}


def find_job(world: World, job_id: str) -> Job:
    """Raises Refusal (404) for a job that was purged or never was."""
    purge(world)
    job = world.jobs.get(job_id)
    if job is None:
        raise Refusal(f"Job {job_id} not found.", 404, "ResourceNotFound")
    return job


def purge(world: World) -> None:
    for job in [job for job in world.jobs.values() if job.created + RETENTION <= world.now()]:
        del world.jobs[job.id]
        world.documents.pop(job.document_id, None)


def poll(world: World, job: Job) -> None:
    """One look at a job moves it on: Queued, at its last unfinished poll in progress, then finished."""
    if job.status in ("Completed", "Failed"):
        return
    job.modified = world.now()
    if job.polls_left > 0:
        job.status = "InProgress" if job.polls_left == 1 and int(world.switches["job_polls"]) > 1 else "Queued"
        job.polls_left -= 1
        return
    job.status, job.completed = job.outcome, world.now()
    if job.outcome == "Completed":
        _publish(world, job)


def _publish(world: World, job: Job) -> None:
    rows = rows_of(world, job.source, job.view)
    document = world.documents[job.document_id]
    text = _csv(rows) if job.format == "CSV" else json.dumps({"totalRecordCount": len(rows), "data": rows}, ensure_ascii=False)
    document.content = text.encode("utf-8")
    job.inline = len(rows) <= int(world.switches["inline_rows"]) and job.format == "JSON"
    file = {
        "documentName": f"{job.view}.{job.format.lower()}",
        "DownloadLink": job.link,
        "SizeInMB": round(len(document.content) / 1_000_000, 3),
        "Type": job.format,
        "DocumentID": document.id,
        "ExpiryDate": _moment(job.created + RETENTION),
        "Version": "1",
    }
    job.response = text if job.inline else json.dumps(file)


def _csv(rows: list[Row]) -> str:
    if not rows:
        return ""
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return sheet.getvalue()


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def job_row(world: World, job: Job) -> Row:
    """A job in the casing of the list form."""
    finished = job.status in ("Completed", "Failed")
    return {
        "jobId": job.id,
        "jobStatus": "Inprogress" if job.status == "InProgress" else job.status,
        "jobStatusText": "The export failed." if job.status == "Failed" else f"Job is {job.status}.",
        "percentCompleted": 100 if finished else 50 if job.status == "InProgress" else 0,
        "responseType": "In-line JSON" if job.inline else "Publishlink",
        "response": job.response if finished else "",
        "publishLink": job.link,
        "publishLinkAccessScope": job.scope,
        "requestURL": "/reports/v1.0/reports/exportdata",
        "categoryName": "Reports",
        "subCategoryName": "Export",
        "jobDescription": f"{job.source} - {job.view}",
        "clientRequestId": "",
        "clientID": world.brand.client_id,
        "DatabaseName": f"SANDBOX{world.brand.seed}",
        "accountCode": "SANDBOX",
        "canReRun": job.can_rerun,
        "startDate": job.created,
        "completedDate": job.completed,
        "createdDate": job.created,
        "modifiedDate": job.modified,
        "purgeDateTime": job.created + RETENTION,
        "createdBy": job.operator,
        "modifiedBy": job.operator,
    }


def single_job(row: Row) -> Row:
    """The same job in the casing of the single form: `jobID`, `InProgress`."""
    status = "InProgress" if row["jobStatus"] == "Inprogress" else row["jobStatus"]
    return {"jobID": row["jobId"]} | {name: value for name, value in row.items() if name != "jobId"} | {"jobStatus": status}


def download(world: World, document_id: str, anonymous_token: str, operator: str | None) -> Response:
    """A published result. `operator` is None for a call without a valid bearer token. Raises Refusal."""
    purge(world)
    document = world.documents.get(document_id)
    if document is None or document.content is None:
        raise Refusal(f"Document {document_id} not found.", 404, "ResourceNotFound")
    check_access(document.scope, document.operator, document.anonymous_token, anonymous_token, operator)
    return Response(200, {"Content-Type": document.media_type}, document.content)


def check_access(scope: str, owner: str, anonymous_token: str, given_token: str, operator: str | None) -> None:
    """`operator` is None for a call without a valid bearer token. Raises Refusal; the 403 is ASSUMED (6.3)."""
    allowed = {
        "Public": secrets.compare_digest(anonymous_token.encode(), given_token.encode()) or operator is not None,
        "Private": operator == owner,
        "PeopleInOrganization": operator is not None,
    }[scope]
    if not allowed:
        raise Refusal("Access denied.", 403, "InsufficientAccountPermissions")
