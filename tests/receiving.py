"""A receiver on this machine for what goes out: it answers as it is told and keeps what it got."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver(ThreadingHTTPServer):
    """Answers as it is told and keeps what it got."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.asked: list[str] = []
        """The addresses, with what stands behind the question mark."""
        self.answers: list[tuple[int, bytes]] = []
        self.stall = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers.items()), body))
        self.server.asked.append(self.path)
        if self.server.stall:
            time.sleep(self.server.stall)
        status, answer = self.server.answers.pop(0) if self.server.answers else (200, b'{"errcode":0,"code":0}')
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/else")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        pass
