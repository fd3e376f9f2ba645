"""A RabbitMQ for the tests: what a test can ask of one, the private one started from installed binaries, and somebody else's.

Virtual hosts and users are made through the management API: about 15 ms, where `rabbitmqctl` takes half a second.
"""

import base64
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tests.services_process import NotAtHandError, find_binary, free_port, new_folder, spawn, wait_until

_FOLDERS = (
    "/usr/lib/rabbitmq/bin",
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin",
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/usr/local/opt/rabbitmq/sbin",
)
_EPMD_FOLDERS = ("/usr/lib/erlang/bin", "/usr/lib/erlang/erts-*/bin")


@dataclass
class RabbitServer:
    """Where a broker is and who administers it. Plain data: it can be pickled and used by another process."""

    host: str
    port: int
    management_port: int
    user: str
    password: str

    def url(self, vhost: str, user: str | None = None, password: str | None = None) -> str:
        """AMQP URL of a virtual host, for the administrator unless another user is named."""
        return f"amqp://{user or self.user}:{password or self.password}@{self.host}:{self.port}/{quote(vhost, safe='')}"

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One call of the management API; the decoded answer, None when it is empty. Raises urllib.error.URLError."""
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        request = urllib.request.Request(
            f"http://{self.host}:{self.management_port}/api{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def answer(self) -> None:
        """Raises OSError while the broker does not take AMQP connections and API calls."""
        socket.create_connection((self.host, self.port), timeout=5).close()
        self.api("GET", "/whoami")

    def new_vhost(self) -> str:
        """A fresh virtual host on which the administrator may do everything."""
        name = f"t-{secrets.token_hex(6)}"
        self.api("PUT", f"/vhosts/{name}", {})
        self.allow(self.user, name)
        return name

    def delete_vhost(self, name: str) -> None:
        """Remove it with its queues and connections."""
        self.api("DELETE", f"/vhosts/{name}")

    def new_user(self, vhost: str, configure: str, write: str, read: str) -> tuple[str, str]:
        """A user with these permissions (regular expressions) on the virtual host; returns name and password."""
        name, password = f"u-{secrets.token_hex(4)}", secrets.token_hex(8)
        try:
            self.api("PUT", f"/users/{name}", {"password": password, "tags": ""})
        except OSError as problem:
            raise NotAtHandError(f"this broker lets us make no users ({problem}): unset AMQP_URL to have one started") from None
        self.allow(name, vhost, configure, write, read)
        return name, password

    def allow(self, user: str, vhost: str, configure: str = ".*", write: str = ".*", read: str = ".*") -> None:
        """Set a user's permissions on a virtual host."""
        body = {"configure": configure, "write": write, "read": read}
        self.api("PUT", f"/permissions/{quote(vhost, safe='')}/{user}", body)

    @property
    def pid(self) -> int:
        """Process id of the broker as this machine sees it."""
        raise NotAtHandError("this broker is somebody else's: use the private_rabbit fixture")

    def start(self) -> None:
        """Start it, or start it again on the same data; returns when it answers."""
        raise NotAtHandError("this broker is somebody else's: use the private_rabbit fixture")

    def kill(self) -> None:
        """kill -9 the broker's own process, and wait until it is gone."""
        raise NotAtHandError("this broker is somebody else's: use the private_rabbit fixture")

    def stop(self) -> None:
        """Let it shut down by itself."""
        raise NotAtHandError("this broker is somebody else's: use the private_rabbit fixture")

    def ctl(self, *arguments: str) -> str:
        """What `rabbitmqctl` with these arguments prints; about half a second a call."""
        raise NotAtHandError("this broker is somebody else's: use the private_rabbit fixture")

    def close(self) -> None:
        """End it and remove what it left."""


@dataclass
class ExternalRabbit(RabbitServer):
    """The broker that AMQP_URL names; its management API is looked for on port 15672 (or AMQP_MANAGEMENT_PORT)."""

    given_url: str = ""

    @classmethod
    def at(cls, url: str) -> "ExternalRabbit":
        """Read an AMQP URL."""
        parts = urlsplit(url)
        user, password = unquote(parts.username or "guest"), unquote(parts.password or "guest")
        return cls(
            parts.hostname or "127.0.0.1", parts.port or 5672, int(os.environ.get("AMQP_MANAGEMENT_PORT", "15672")), user, password, url
        )

    @property
    def given_vhost(self) -> str:
        """The virtual host that the URL names."""
        return unquote(urlsplit(self.given_url).path[1:]) or "/"

    @property
    def may_make_vhosts(self) -> bool:
        """Whether its management API answers and lets us; otherwise every test uses the virtual host of the URL, in turn."""
        try:
            self.delete_vhost(self.new_vhost())
        except OSError:
            return False
        return True

    def url(self, vhost: str, user: str | None = None, password: str | None = None) -> str:
        parts = urlsplit(self.given_url)
        netloc = f"{user}:{password}@{self.host}:{self.port}" if user else parts.netloc
        return parts._replace(netloc=netloc, path=f"/{quote(vhost, safe='')}").geturl()


@dataclass
class LocalRabbit(RabbitServer):
    """RabbitMQ on 127.0.0.1 with a node name, database, cookie and port mapper of its own; as root or not.

    Only the process that started it can kill, stop or restart it; any process that holds a copy can use the rest.
    """

    home: Path
    epmd_port: int = field(default_factory=free_port)
    distribution_port: int = field(default_factory=free_port)
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def create(cls) -> "LocalRabbit":
        """Write the configuration; `start` starts it. Raises NotAtHandError."""
        if not find_binary("rabbitmq-server", _FOLDERS) or not find_binary("epmd", _EPMD_FOLDERS):
            raise NotAtHandError("RabbitMQ is not installed (run tests/install_services.sh, it says what to install)")
        server = cls("127.0.0.1", free_port(), free_port(), "tests", secrets.token_hex(8), new_folder("rabbitmq"))
        (server.home / "enabled_plugins").write_text("[rabbitmq_management].\n")
        (server.home / "no-environment-file").touch()
        (server.home / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{server.port}\n"
            f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {server.management_port}\n"
            f"default_user = {server.user}\ndefault_pass = {server.password}\nloopback_users = none\n"
            "log.file.level = warning\nraft.wal_max_size_bytes = 16777216\ndisk_free_limit.absolute = 50MB\n"
        )
        return server

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_children": {}}

    @property
    def _environment(self) -> dict[str, str]:
        erlang = "+S 2:2 +A 4 +sbwt none +sbwtdcpu none +sbwtdio none"  # no busy waiting: two cores carry broker and tests
        local_only = "-kernel inet_dist_use_interface {127,0,0,1}"
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(self.home),  # the Erlang cookie lives here
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"tests-{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self.distribution_port),
            "RABBITMQ_CONF_ENV_FILE": str(self.home / "no-environment-file"),
            "RABBITMQ_CONFIG_FILE": str(self.home / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.home / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.home / "data"),
            "RABBITMQ_LOG_BASE": str(self.home / "log"),
            "RABBITMQ_ALLOW_INPUT": "1",  # the script then becomes the broker instead of waiting for it: its pid is the broker's
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-noinput {erlang} {local_only}",
            "RABBITMQ_CTL_ERL_ARGS": "+S 1:1 +sbwt none",
        }

    @property
    def pid(self) -> int:
        return int((self.home / "broker.pid").read_text())

    def start(self) -> None:
        """As said above. Raises ServerFailedError."""
        if "epmd" not in self._children:  # Erlang's port mapper: started by us, it would otherwise stay behind as a daemon
            command = [find_binary("epmd", _EPMD_FOLDERS) or "epmd", "-address", "127.0.0.1", "-port", str(self.epmd_port)]
            self._children["epmd"] = spawn(command, self.home / "epmd.log", self._environment)
        binary = find_binary("rabbitmq-server", _FOLDERS) or "rabbitmq-server"
        broker = self._children["broker"] = spawn([binary], self.home / "output", self._environment)
        (self.home / "broker.pid").write_text(str(broker.pid))
        wait_until(self.answer, broker, self.home / "output")

    def _end(self, how: signal.Signals) -> None:
        if (broker := self._children.pop("broker", None)) is not None:
            broker.send_signal(how)
            broker.wait(60)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def close(self) -> None:
        self.kill()
        if (epmd := self._children.pop("epmd", None)) is not None:
            epmd.kill()
            epmd.wait(10)
        shutil.rmtree(self.home, ignore_errors=True)

    def ctl(self, *arguments: str) -> str:
        """As said above. Raises subprocess.CalledProcessError."""
        binary = find_binary("rabbitmqctl", _FOLDERS) or "rabbitmqctl"
        return subprocess.run([binary, *arguments], env=self._environment, check=True, capture_output=True, text=True, timeout=60).stdout


@dataclass
class Rabbit:
    """What a test holds: a broker and a virtual host of its own on it."""

    server: RabbitServer
    url: str
    vhost: str
    private: bool = False
    _users: list[str] = field(default_factory=list, repr=False)

    def _only_private(self) -> RabbitServer:
        if not self.private:
            raise RuntimeError("other tests use this broker at the same time: take the private_rabbit fixture")
        return self.server

    @property
    def pid(self) -> int:
        """Process id of the broker."""
        return self.server.pid

    def ctl(self, *arguments: str) -> str:
        """What `rabbitmqctl` prints; name the virtual host yourself (`-p`, rabbit.vhost). About half a second a call."""
        return self.server.ctl(*arguments)

    def url_for(self, *, configure: str = ".*", write: str = ".*", read: str = ".*") -> str:
        """URL of a new user with these permissions (regular expressions; "" for none) on this virtual host."""
        name, password = self.server.new_user(self.vhost, configure, write, read)
        self._users.append(name)
        return self.server.url(self.vhost, name, password)

    def forget_users(self) -> None:
        """Remove the users that `url_for` made."""
        for name in self._users:
            self.server.api("DELETE", f"/users/{name}")

    def kill(self, *, settled: bool = True) -> None:
        """kill -9 the broker's process and wait until it is gone (private_rabbit only).

        RabbitMQ keeps the names of its quorum queues in files that Erlang writes up to three seconds late. A queue that is younger when
        the broker is killed comes back without a leader: declaring it succeeds, publishing and consuming hang, its messages are lost
        (rabbitmq-server issue 15725, seen on 3.10.8). So those files are written first, unless `settled=False` asks for the bare kill.
        """
        if settled:
            self._only_private().ctl("eval", "lists:foreach(fun dets:sync/1, dets:all()), mnesia:dump_log().")
        self._only_private().kill()

    def stop(self) -> None:
        """Shut the broker down in good order (private_rabbit only)."""
        self._only_private().stop()

    def start(self) -> None:
        """Start it again on the same data and address; returns when it answers (private_rabbit only)."""
        self._only_private().start()
