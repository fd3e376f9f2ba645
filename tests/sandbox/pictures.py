"""Pictures for the tests, and a small server on this machine that hands them out."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PNG = b"\x89PNG\r\n\x1a\n" + b"made up"
JPEG = b"\xff\xd8\xff\xe0" + b"made up"


class Gallery:
    """`pictures` by path; `asked` the paths in the order they were asked for; `gate` holds an answer back until it is set."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pictures: dict[str, bytes] = {"/a.png": PNG, "/b.jpg": JPEG, "/page.html": b"<html>"}
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()


@contextmanager
def gallery() -> Iterator[Gallery]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.asked.append(self.path)
            shown.gate.wait(10)
            body = shown.pictures.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shown = Gallery(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield shown
    shown.gate.set()
    server.shutdown()
    server.server_close()
