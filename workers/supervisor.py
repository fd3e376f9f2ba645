"""The parent of several worker processes, and the signals that end one."""

import signal
import subprocess
import threading

import structlog

STOP_TIMEOUT_MS = 60_000


def supervise(command: list[str], processes: int, stop: threading.Event) -> int:
    """Keep `processes` children of `command` running: one that dies is replaced after a second. dramatiq's own master leaves instead."""
    log = structlog.get_logger("supervisor")
    children = [subprocess.Popen(command) for _ in range(processes)]  # noqa: S603  # our own command line
    while not stop.wait(1.0):
        for index, child in enumerate(children):
            if child.poll() is not None:
                log.error("a worker process died; starting another", pid=child.pid, exit_code=child.returncode)
                children[index] = subprocess.Popen(command)  # noqa: S603  # our own command line
    for child in children:
        child.send_signal(signal.SIGTERM)
    for child in children:
        try:
            child.wait(STOP_TIMEOUT_MS / 1000 + 10)
        except subprocess.TimeoutExpired:
            child.kill()
    return 0


def until_signalled() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def leave(*_: object) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    return stop
