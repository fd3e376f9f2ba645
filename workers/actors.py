"""All actors on one screen. Declared on the broker they are given; a body is one line; the message carries a job id."""

import dramatiq

from models.jobs import JobKind
from workers.runner import Runner


def declare(broker: dramatiq.Broker, runner: Runner) -> None:
    """One actor per job kind. Lanes are declared apart (`workers.lanes`), because sites come and go while a worker runs."""
    for kind in JobKind:

        def work(job_id: int) -> None:
            runner.run(job_id)

        dramatiq.actor(broker=broker, actor_name=kind.value, queue_name=kind.data_type.value)(work)
