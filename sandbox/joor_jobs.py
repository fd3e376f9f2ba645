"""v2 bulk jobs: queued, worked off in the order they came, and silent about what failed (fact sheet 2.3, 3.4, 4.6)."""

from collections.abc import Callable
from typing import Any

from sandbox.joor_world import Job, World, iso


def new_job(jobs: dict[int, Job], number: int, records: list[Any], world: World, call: int) -> Job:
    now = world.now()
    jobs[number] = Job(number, records, now, now, call)
    return jobs[number]


def records_of(body: Any, root: str, node: str) -> list[Any]:
    """`{root: {node: [..]}}`; one record as an object is taken too. Raises ValueError for anything else."""
    inside = body.get(root) if isinstance(body, dict) else None
    records = inside.get(node) if isinstance(inside, dict) else None
    records = [records] if isinstance(records, dict) else records
    if not isinstance(records, list):
        raise ValueError(f"{root}.{node} is missing or no list")
    return records


def look(world: World, jobs: dict[int, Job], job: Job, apply: Callable[[Any, Job], None]) -> None:
    """Each look brings the job on, and `job_delay` looks finish it: its records are applied after those of every job of its kind that
    came before."""
    if job.status == "finished":
        return
    delay = int(world.switches["job_delay"])
    job.polls += 1
    if job.polls >= delay:
        _finish(world, jobs, job, apply)
    elif job.polls * 2 >= delay:
        job.status, job.modified = "started", world.now()


def _finish(world: World, jobs: dict[int, Job], job: Job, apply: Callable[[Any, Job], None]) -> None:
    for earlier in sorted(jobs):
        waiting = jobs[earlier]
        if earlier <= job.id and waiting.status != "finished":
            for record in waiting.records:
                apply(record, waiting)
            waiting.status, waiting.modified = "finished", world.now()


def failing_keys(world: World) -> list[str]:
    """The switch `failed_records`: a list, or text with commas."""
    failing = world.switches["failed_records"]
    return failing.split(",") if isinstance(failing, str) else [str(name) for name in failing]


def job_shown(job: Job, plural: str, singular: str) -> dict[str, Any]:
    """As the job's page has it: `bulk_styles_job_id` and `style_record_count` for "styles" and "style"."""
    progress = {"queued": 0, "started": len(job.records) // 2, "finished": len(job.records)}[job.status]
    return {
        f"bulk_{plural}_job_id": job.id,
        "status": job.status,
        "created": iso(job.created),
        "modified": iso(job.modified),
        f"{singular}_record_count": len(job.records),
        f"{singular}_record_progress": progress,
    }
