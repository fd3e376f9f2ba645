"""The fixtures keep what they promise: real servers, one set per run, something of its own for every test, nothing left behind."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pika
import pika.exceptions
import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.services import start_first
from tests.services_postgres import LocalPostgres
from tests.services_process import NotAtHandError, ServerFailedError, new_folder, sweep
from tests.services_rabbit import LocalRabbit, Rabbit

ROOT = Path(__file__).parents[1]
QUORUM = {"x-queue-type": "quorum"}
KINDS = ("configure", "write", "read")  # the order of rabbitmqctl set_permissions


@contextlib.contextmanager
def channel_on(url: str) -> Iterator[pika.adapters.blocking_connection.BlockingChannel]:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.confirm_delivery()
    yield channel
    if connection.is_open:
        connection.close()


def publish(url: str, *bodies: bytes) -> None:
    with channel_on(url) as channel:
        channel.queue_declare("orders.us", durable=True, arguments=QUORUM)
        for body in bodies:
            channel.basic_publish("", "orders.us", body, pika.BasicProperties(delivery_mode=2), mandatory=True)


def take_all(url: str) -> list[bytes]:
    bodies: list[bytes] = []
    with channel_on(url) as channel:
        for method, _, body in channel.consume("orders.us", inactivity_timeout=2):
            if method is None:
                return bodies
            bodies.append(body)
            channel.basic_ack(method.delivery_tag)
    return bodies


def test_a_message_goes_through_a_quorum_queue(amqp_url: str) -> None:
    publish(amqp_url, b"1001", b"1002")

    assert take_all(amqp_url) == [b"1001", b"1002"]


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_a_virtual_host_of_its_own(rabbit: Rabbit, turn: int) -> None:
    with channel_on(rabbit.url) as channel, pytest.raises(pika.exceptions.ChannelClosedByBroker, match="NOT_FOUND"):
        channel.queue_declare("orders.us", passive=True)

    publish(rabbit.url, b"left behind")
    with channel_on(rabbit.url) as channel:
        assert channel.queue_declare("orders.us", passive=True).method.message_count == 1


def test_the_users_of_the_deployment_page_may_do_their_work_and_no_more(rabbit: Rabbit) -> None:
    page = (ROOT / "docs/deploy.md").read_text()
    granted = dict(re.findall(r"^rabbitmqctl set_permissions -p joorsync joorsync-(\w+) (.+)$", page, re.MULTILINE))
    assert list(granted) == ["producers", "workers"]
    producers, workers = (rabbit.url_for(**dict(zip(KINDS, shlex.split(text), strict=True))) for text in granted.values())

    with channel_on(producers) as channel:
        channel.queue_declare("orders.us.XQ", durable=True, arguments=QUORUM)
        dead_letters = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "orders.us.XQ"}
        channel.queue_declare("orders.us", durable=True, arguments={**QUORUM, **dead_letters})
        channel.basic_publish("", "orders.us", b"1001", mandatory=True)
    with channel_on(workers) as channel:
        channel.queue_declare("orders.us", passive=True)
        channel.basic_publish("", "orders.us", b"tried again", mandatory=True)

    assert take_all(workers) == [b"1001", b"tried again"]
    for url, queue in ((workers, "orders.eu"), (producers, "somebody-elses")):
        with channel_on(url) as channel, pytest.raises(pika.exceptions.ChannelClosedByBroker, match="ACCESS_REFUSED"):
            channel.queue_declare(queue, durable=True, arguments=QUORUM)


def test_the_shared_broker_cannot_be_killed_under_other_tests(rabbit: Rabbit) -> None:
    with pytest.raises(RuntimeError, match="private_rabbit"):
        rabbit.kill()


def test_a_killed_broker_starts_again_with_its_messages(private_rabbit: Rabbit) -> None:
    publish(private_rabbit.url, b"1001", b"1002", b"1003")
    first = private_rabbit.pid

    private_rabbit.kill()
    with pytest.raises(pika.exceptions.AMQPConnectionError):
        take_all(private_rabbit.url)
    private_rabbit.start()

    assert take_all(private_rabbit.url) == [b"1001", b"1002", b"1003"]
    assert private_rabbit.pid != first
    assert private_rabbit.ctl("-q", "list_queues", "-p", private_rabbit.vhost, "name", "--no-table-headers").split() == ["orders.us"]


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_a_database_of_its_own(database_url: str, turn: int) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE left_behind (id INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO left_behind VALUES (1)"))
        assert connection.execute(text("SELECT count(*) FROM left_behind")).scalar_one() == 1
    engine.dispose()


def test_a_database_whose_connections_were_left_open_is_dropped_all_the_same(request: pytest.FixtureRequest) -> None:
    """Holds the connection past the fixture's end: the drop has to end it, or later runs on a kept server pile up databases."""
    url = str(request.getfixturevalue("empty_postgres_url"))
    left_open = psycopg.connect(url.replace("+psycopg", ""))
    request.addfinalizer(left_open.close)

    assert left_open.execute("SHOW server_version_num").fetchone() is not None


class _Absent:
    @classmethod
    def create(cls) -> "_Absent":
        raise NotAtHandError("nothing of this kind here")

    def start(self) -> None: ...
    def close(self) -> None: ...


class _Broken(_Absent):
    closed = False

    @classmethod
    def create(cls) -> "_Broken":
        return cls()

    def start(self) -> None:
        raise ServerFailedError("the image cannot be had")

    def close(self) -> None:
        type(self).closed = True


class _Works(_Broken):
    def start(self) -> None: ...


def test_an_engine_without_images_is_passed_over_aloud(capsys: pytest.CaptureFixture[str]) -> None:
    server = start_first([_Absent, _Broken, _Works], "AMQP_URL")

    assert isinstance(server, _Works)
    assert _Broken.closed
    assert "the image cannot be had" in capsys.readouterr().err


def test_without_any_server_the_run_fails_and_says_what_to_do() -> None:
    with pytest.raises(NotAtHandError, match=r"nothing of this kind here.*install_services\.sh.*Docker.*DATABASE_URL"):
        start_first([_Absent], "DATABASE_URL")


class RunOfPytest:
    """A run of its own with our fixtures, whose servers live in a temporary folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temporary = Path(tempfile.mkdtemp(prefix="t-"))  # not below tmp_path, through which PostgreSQL's user may not pass
        self.temporary.chmod(0o711)

    def start(self, body: str, *options: str) -> subprocess.Popen[str]:
        (self.folder / "test_inner.py").write_text("import os, pathlib, time\n" + textwrap.dedent(body))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("JOORSYNC_TESTS", "PYTEST"))}
        command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-q", "--import-mode=importlib"]
        return subprocess.Popen(
            [*command, f"--rootdir={self.folder}", "-c", os.devnull, *options, str(self.folder / "test_inner.py")],
            cwd=ROOT,
            env={
                **inherited,
                "DOCKER_HOST": "unix:///nowhere",
                "TMPDIR": str(self.temporary),
                "PYTHONPATH": str(ROOT),
                "OUT": str(self.folder),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def servers(self) -> list[str]:
        """Command lines of the server processes that the run started and that live."""
        lines = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                line, cwd = (entry / "cmdline").read_bytes(), os.readlink(entry / "cwd")
                if line and str(self.temporary) in cwd + line.decode(errors="replace"):
                    lines.append(line.replace(b"\0", b" ").decode(errors="replace")[:80])
        return lines

    def wait_for(self, name: str) -> None:
        deadline = time.monotonic() + 120
        while not (self.folder / name).exists():
            assert time.monotonic() < deadline, f"the inner run never wrote {name}"
            time.sleep(0.05)


@pytest.fixture
def run_of_pytest(tmp_path: Path) -> Iterator[RunOfPytest]:
    try:
        LocalRabbit.create().close()
        LocalPostgres.create().close()
    except NotAtHandError as problem:
        pytest.skip(f"proves the private servers, which this run does not use: {problem}")
    run = RunOfPytest(tmp_path)
    yield run
    shutil.rmtree(run.temporary, ignore_errors=True)


USES_BOTH = """
    import pytest
    @pytest.mark.parametrize("turn", range(4))
    def test_uses_both(amqp_url, postgres_url, turn):
        out = pathlib.Path(os.environ["OUT"])
        (out / f"{turn}.addresses").write_text(amqp_url.rpartition("/")[0] + " " + postgres_url.rpartition("/")[0])
        (out / f"{turn}.own").write_text(amqp_url + " " + postgres_url)
        if (out / "stay").exists():
            (out / "up").touch()
            time.sleep(100)
"""


def test_the_processes_of_a_run_share_one_server_of_each_kind_and_leave_nothing(run_of_pytest: RunOfPytest) -> None:
    run = run_of_pytest.start(USES_BOTH, "-n2")
    output, _ = run.communicate(timeout=180)

    assert run.returncode == 0, output
    assert len({file.read_text() for file in run_of_pytest.folder.glob("*.addresses")}) == 1
    assert len({file.read_text() for file in run_of_pytest.folder.glob("*.own")}) == 4
    assert run_of_pytest.servers() == []
    assert list(run_of_pytest.temporary.glob("joorsync-tests-*")) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends children of a killed parent on Linux only")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_server_outlives_a_run_that_is_interrupted_or_killed(run_of_pytest: RunOfPytest, how: signal.Signals) -> None:
    (run_of_pytest.folder / "stay").touch()
    run = run_of_pytest.start(USES_BOTH)
    run_of_pytest.wait_for("up")
    assert any("beam" in line for line in run_of_pytest.servers())
    assert any("postgres" in line for line in run_of_pytest.servers())

    run.send_signal(how)
    run.communicate(timeout=60)

    deadline = time.monotonic() + 20
    while run_of_pytest.servers() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert run_of_pytest.servers() == []


def test_folders_of_killed_runs_are_swept_and_those_of_living_ones_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    living = new_folder("living")
    dead = tmp_path / "joorsync-tests-dead"
    dead.mkdir()
    (dead / "lock").touch()
    for folder in (living, dead):
        os.utime(folder, (0, 0))

    sweep()

    assert living.exists()
    assert not dead.exists()
