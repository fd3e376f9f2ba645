"""Fetching pictures from addresses that somebody typed: what is had, what is refused, and that nothing private is ever called."""

import datetime
import http.server
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from clients import fetch as module
from clients import public_address
from clients.fetch import Fetched, NothingThere, NotModified, fetch
from clients.public_address import is_public
from models.errors import NotPossible, Rejected, Unavailable

PICTURE = b"\xff\xd8\xff" + b"picture" * 50
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


class Shop:
    """A web server with answers by path; remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        shop = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                shop.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                self.close_connection = True
                shop.answers.get(self.path, say(404))(self)

            def log_message(self, format: str, *args: Any) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def url(self, path: str = "/a.jpg") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


def say(status: int = 200, body: bytes = PICTURE, **headers: str) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content_Type": "image/jpeg", "Content_Length": str(len(body)), **headers}.items():
            if value:
                handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.server.shutdown()
    made.server.server_close()


def get(url: str, **more: Any) -> Fetched:
    found = fetch(url, **{"allow_private": True, "timeout": 2.0, "deadline": 5.0, **more})
    assert isinstance(found, Fetched)
    return found


# ---- the plain way -----------------------------------------------------------------------------------------------------------------------


def test_a_picture_comes_with_its_sort_and_the_server_s_name_for_this_version(shop: Shop) -> None:
    shop.answers["/a.jpg"] = say(ETag='"v1"', Last_Modified="Mon, 01 Sep 2031 08:00:00 GMT")
    assert get(shop.url()) == Fetched(PICTURE, "image/jpeg", 'etag:"v1"')


def test_without_an_etag_the_time_of_change_names_the_version(shop: Shop) -> None:
    shop.answers["/a.jpg"] = say(Last_Modified="Mon, 01 Sep 2031 08:00:00 GMT")
    assert get(shop.url()).version == "modified:Mon, 01 Sep 2031 08:00:00 GMT"


@pytest.mark.parametrize(
    ("version", "header", "value"),
    [
        ('etag:"v1"', "if-none-match", '"v1"'),
        ("modified:Mon, 01 Sep 2031 08:00:00 GMT", "if-modified-since", "Mon, 01 Sep 2031 08:00:00 GMT"),
    ],
)
def test_what_is_known_is_not_fetched_again(shop: Shop, version: str, header: str, value: str) -> None:
    shop.answers["/a.jpg"] = say(304, b"", Content_Type="")
    assert fetch(shop.url(), allow_private=True, version=version) == NotModified(version)
    assert shop.asked[0][1][header] == value


def test_only_the_head_is_read_when_that_is_enough(shop: Shop) -> None:
    shop.answers["/a.jpg"] = say(ETag='"v1"')
    shop.answers["/b.jpg"] = say()
    assert get(shop.url(), body=False) == Fetched(b"", "image/jpeg", 'etag:"v1"')
    assert get(shop.url("/b.jpg"), body=False).content == PICTURE  # the server names no version: the content has to


def test_nothing_that_could_identify_us_is_sent(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    shop.answers["/a.jpg"] = say(Set_Cookie="x=1")
    get(shop.url())
    assert set(shop.asked[0][1]) == {"host", "accept", "accept-encoding", "user-agent"}
    assert shop.asked[0][1]["host"] == f"127.0.0.1:{shop.port}"


def test_blanks_and_letters_in_an_address_are_escaped_once(shop: Shop) -> None:
    shop.answers["/R%C3%B6cke/a%20b.jpg?sig=1%2F2&x=y"] = say()
    assert get(shop.url("/R\u00f6cke/a%20b.jpg?sig=1%2F2&x=y")).content == PICTURE


# ---- redirects ---------------------------------------------------------------------------------------------------------------------------


def test_a_redirect_is_followed_relative_ones_too(shop: Shop) -> None:
    shop.answers["/a.jpg"] = say(302, b"", Location="/b.jpg")
    shop.answers["/b.jpg"] = say(308, b"", Location=shop.url("/c.jpg"))
    shop.answers["/c.jpg"] = say()
    assert get(shop.url()).content == PICTURE


def test_too_many_redirects_end(shop: Shop) -> None:
    shop.answers["/a.jpg"] = say(302, b"", Location="/a.jpg")
    with pytest.raises(Rejected, match="more than 3 times"):
        get(shop.url())
    assert len(shop.asked) == 4


def test_a_redirect_to_a_private_address_is_not_followed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first address is public (as far as this test makes us believe), the second is this machine's own."""
    hidden = Shop()
    hidden.answers["/secret"] = say()
    monkeypatch.setattr(public_address, "PUBLIC_PORTS", frozenset({shop.port, hidden.port}))
    monkeypatch.setattr(module, "is_public", lambda address: address == "203.0.113.7")
    real = socket.create_connection
    monkeypatch.setattr(
        socket,
        "create_connection",
        lambda address, **more: real(("127.0.0.1", address[1]) if address[0] == "203.0.113.7" else address, **more),
    )
    shop.answers["/a.jpg"] = say(302, b"", Location=hidden.url("/secret"))
    resolve = lambda host, port: ["203.0.113.7"] if host == "shop.example" else [host]  # noqa: E731  # a table of two names
    with pytest.raises(NotPossible, match=r"127\.0\.0\.1, which is not a public address"):
        fetch(f"http://shop.example:{shop.port}/a.jpg", allow_private=False, resolve=resolve)
    assert (len(shop.asked), len(hidden.asked)) == (1, 0)
    hidden.server.shutdown()
    hidden.server.server_close()


def test_a_redirect_to_a_file_is_not_followed(shop: Shop) -> None:
    shop.answers["/a.jpg"] = say(302, b"", Location="file:///etc/passwd")
    with pytest.raises(NotPossible, match="http:// and https://"):
        get(shop.url())


# ---- addresses ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_these_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_these_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1"])
def test_this_machine_is_not_called_however_it_is_written(shop: Shop, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_address, "PUBLIC_PORTS", frozenset({shop.port}))
    with pytest.raises((NotPossible, Unavailable)):  # a resolver may also know no such name
        fetch(f"http://{host}:{shop.port}/a.jpg", allow_private=False)
    assert shop.asked == []


def test_a_name_with_a_public_and_a_private_address_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **more: called.append(args))
    with pytest.raises(NotPossible, match=r"10\.0\.0\.5"):
        fetch("https://two.example/a.jpg", allow_private=False, resolve=lambda host, port: ["8.8.8.8", "10.0.0.5"])
    assert called == []


def test_the_name_is_looked_up_once_and_exactly_that_address_is_called(shop: Shop) -> None:
    """A second look-up could give another answer: DNS rebinding."""
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    shop.answers["/a.jpg"] = say()
    assert get(f"http://pictures.example:{shop.port}/a.jpg", resolve=resolve).content == PICTURE
    assert asked == ["pictures.example"]
    assert shop.asked[0][1]["host"] == f"pictures.example:{shop.port}"


def test_of_two_addresses_the_one_that_answers_is_used(shop: Shop) -> None:
    shop.answers["/a.jpg"] = say()
    assert get(f"http://two.example:{shop.port}/a.jpg", resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"]).content == PICTURE


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "http:// and https://"),
        ("ftp://example.com/a.jpg", "http:// and https://"),
        ("gopher://example.com/", "http:// and https://"),
        ("/images/a.jpg", "http:// and https://"),
        ("https://", "http:// and https://"),
        ("https://me:secret@example.com/a.jpg", "user name or password"),
        ("https://example.com:22/a.jpg", "names port 22"),
        ("https://example.com:0/a.jpg", "names port 0"),
        ("https://example.com:99999/a.jpg", "not an address"),
        ("https://[::1/a.jpg", "not an address"),
        ("https://" + "x" * 70 + ".example/a.jpg", "not an address"),
    ],
)
def test_what_is_no_address_of_a_picture_is_said_so(url: str, words: str) -> None:
    with pytest.raises(NotPossible, match=words) as caught:
        fetch(url, allow_private=False, resolve=lambda host, port: pytest.fail("looked up"))
    assert caught.value.fix
    assert "secret" not in caught.value.summary


def test_a_name_nobody_knows_is_tried_again() -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise OSError(f"the name {host} cannot be found")

    with pytest.raises(Unavailable, match=r"the name gone\.example cannot be found"):
        fetch("https://gone.example/a.jpg", allow_private=False, resolve=resolve)


def test_the_query_is_not_repeated_in_words(shop: Shop) -> None:
    with pytest.raises(NothingThere) as caught:
        get(shop.url("/gone.jpg?signature=canary"))
    assert "canary" not in str(caught.value.summary)


# ---- answers -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
def test_no_picture_there(shop: Shop, status: int) -> None:
    shop.answers["/a.jpg"] = say(status, b"gone")
    with pytest.raises(NothingThere, match=r"There is no picture at http://127\.0\.0\.1"):
        get(shop.url())


@pytest.mark.parametrize("status", [401, 403, 418, 204])
def test_refused_for_everybody(shop: Shop, status: int) -> None:
    shop.answers["/a.jpg"] = say(status, b"", Content_Length="" if status == 204 else "0")
    with pytest.raises(Rejected) as caught:
        get(shop.url())
    assert not isinstance(caught.value, NothingThere)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_trouble_of_the_server_is_tried_again(shop: Shop, status: int) -> None:
    shop.answers["/a.jpg"] = say(status, b"", Retry_After="120")
    with pytest.raises(Unavailable) as caught:
        get(shop.url())
    assert caught.value.retry_after == 120


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><html>log in</html>", b"  <html><body>x"])
@pytest.mark.parametrize("sort", ["text/html; charset=utf-8", "image/jpeg"])
def test_a_web_page_is_no_picture(shop: Shop, body: bytes, sort: str) -> None:
    shop.answers["/a.jpg"] = say(200, body, Content_Type=sort)
    with pytest.raises(Rejected, match="A web page came"):
        get(shop.url())


def test_a_huge_picture_is_refused_before_it_is_read(shop: Shop) -> None:
    def endless(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(10**12))
        handler.end_headers()
        time.sleep(3)

    shop.answers["/a.jpg"] = endless
    started = time.monotonic()
    with pytest.raises(Rejected, match="more than the 1,000 bytes"):
        get(shop.url(), max_bytes=1000)
    assert time.monotonic() - started < 2


def test_a_body_that_does_not_say_how_long_it_is_ends_at_the_limit(shop: Shop) -> None:
    shop.answers["/a.jpg"] = say(200, b"\xff\xd8\xff" + b"x" * 300_000, Content_Length="")
    with pytest.raises(Rejected, match="more than the 100,000 bytes"):
        get(shop.url(), max_bytes=100_000)


def test_half_a_picture_is_tried_again(shop: Shop) -> None:
    shop.answers["/a.jpg"] = say(200, PICTURE, Content_Length=str(len(PICTURE) + 10))
    with pytest.raises(Unavailable, match="broke off"):
        get(shop.url())


def drip(*, head: bool) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        try:
            if head:
                handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            else:
                handler.send_response(200)
                handler.send_header("Content-Length", "1000")
                handler.end_headers()
            for _ in range(100):
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return

    return answer


@pytest.mark.parametrize("head", [True, False])
def test_a_drip_of_bytes_ends_with_the_deadline(shop: Shop, head: bool) -> None:
    shop.answers["/a.jpg"] = drip(head=head)
    started = time.monotonic()
    with pytest.raises(Unavailable, match="takes too long"):
        get(shop.url(), timeout=1.0, deadline=0.5)
    assert time.monotonic() - started < 2


def test_a_server_that_says_nothing_is_left_after_the_time_out(shop: Shop) -> None:
    shop.answers["/a.jpg"] = lambda handler: time.sleep(2)
    started = time.monotonic()
    with pytest.raises(Unavailable, match="takes too long"):
        get(shop.url(), timeout=0.3)
    assert time.monotonic() - started < 1.5


def test_a_compressed_answer_that_was_not_asked_for_is_not_unpacked(shop: Shop) -> None:
    shop.answers["/a.jpg"] = say(200, b"\x1f\x8b" + b"0" * 50, Content_Encoding="gzip")
    with pytest.raises(Rejected, match="comes compressed"):
        get(shop.url())


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(Unavailable, match="did not answer in full"):
        get(f"http://127.0.0.1:{port}/a.jpg")


# ---- TLS ---------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """For the name pictures.example, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pictures.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("pictures.example"), x509.IPAddress(IPv4Address("192.0.2.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "both.pem").write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "public.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return tmp_path


@pytest.fixture
def secure(shop: Shop, certificate: Path) -> Shop:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "both.pem")
    shop.server.socket = context.wrap_socket(shop.server.socket, server_side=True)
    shop.answers["/a.jpg"] = say()
    return shop


def local(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def test_the_certificate_is_checked_against_the_name_not_the_address(secure: Shop, certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate / "public.pem"))
    assert get(f"https://pictures.example:{secure.port}/a.jpg", tls=trusting, resolve=local).content == PICTURE
    with pytest.raises(NotPossible, match=r"certificate of other\.example"):
        get(f"https://other.example:{secure.port}/a.jpg", tls=trusting, resolve=local)


def test_a_certificate_nobody_vouches_for_is_refused(secure: Shop) -> None:
    with pytest.raises(NotPossible, match=r"certificate of pictures\.example"):
        get(f"https://pictures.example:{secure.port}/a.jpg", resolve=local)
    assert secure.asked == []
