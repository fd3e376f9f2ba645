"""Starting server programs of our own: finding them, ports, a folder, a process that cannot outlive us.

Whatever is started dies with the thread that started it (Linux), and the folders of runs that were killed are swept by the next run.
"""

import contextlib
import ctypes
import fcntl
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

BOOT_SECONDS = 120
_FOLDER_PREFIX = "joorsync-tests-"
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class NotAtHandError(RuntimeError):
    """This kind of server cannot be had on this machine; the message says why and what to install."""


class ServerFailedError(RuntimeError):
    """The server ended or did not answer in time; the message holds the end of its output."""


def find_binary(name: str, folders: Sequence[str]) -> Path | None:
    """The newest `name` in the first of the folder patterns that has one, else the one on PATH."""
    for pattern in folders:
        if found := sorted(Path("/").glob(f"{pattern.lstrip('/')}/{name}")):
            return found[-1]
    on_path = shutil.which(name)
    return Path(on_path) if on_path else None


def free_port() -> int:
    """A port below the range that outgoing connections are given, so that it stays free while a killed server restarts."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def new_folder(kind: str) -> Path:
    """A folder that other users may pass through (PostgreSQL refuses to be root), locked for as long as this process lives."""
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER_PREFIX}{kind}-"))
    folder.chmod(0o711)
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)  # kept open on purpose: the kernel lets go when the process is gone, however it went
    return folder


def sweep() -> None:
    """Remove the folders of runs that were killed: older than a minute, and nobody holds their lock."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*"):
        with contextlib.suppress(OSError), (folder / "lock").open("r+") as lock:
            if time.time() - folder.stat().st_mtime > 60:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)


def dies_with_us(deathsig: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel sends the child this signal when the thread that started it ends."""
    if _libc is None:
        return None
    prctl = _libc.prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, int(deathsig))


def spawn(
    command: Sequence[str | Path],
    output: Path,
    env: Mapping[str, str],
    *,
    user: str | None = None,
    deathsig: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own (Ctrl-C is for the tests, not for it), what it says appended to `output`."""
    with output.open("ab") as sink:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=output.parent,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            start_new_session=True,
            preexec_fn=dies_with_us(deathsig),  # one prctl call, loaded beforehand
        )


def wait_until(ready: Callable[[], object], process: subprocess.Popen[bytes], output: Path) -> None:
    """Poll `ready` until it raises nothing. Raises ServerFailedError when the process ends or BOOT_SECONDS are over."""
    try:
        retry_until(ready, give_up=lambda: process.poll() is not None)
    except ServerFailedError as problem:
        tail = output.read_text(errors="replace")[-3000:]
        raise ServerFailedError(f"{problem}, exit status {process.poll()}:\n{tail}") from None


def retry_until(ready: Callable[[], object], give_up: Callable[[], bool] = lambda: False) -> None:
    """Poll `ready` until it raises nothing. Raises ServerFailedError when `give_up` says so or BOOT_SECONDS are over."""
    deadline = time.monotonic() + BOOT_SECONDS
    while True:
        try:
            ready()
        except Exception as problem:
            if give_up() or time.monotonic() > deadline:
                raise ServerFailedError(f"the server does not answer ({type(problem).__name__}: {problem})") from None
            time.sleep(0.05)
        else:
            return
