"""The Lambda Runtime API (2018-06-01) of one execution environment, on loopback.

A real ``awslambdaric`` process asks it for the next invocation and posts the result.
Reference: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import queue
import threading
import time
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Invocation:
    """What the runtime is given: request id, event as JSON, function ARN, deadline (epoch s)."""

    request_id: str
    event: bytes
    arn: str
    deadline: float


@dataclass(frozen=True)
class Answer:
    """What the runtime posted: the result as JSON, and whether it is an error."""

    payload: bytes
    is_error: bool = False


class RuntimeApi:
    """A server for one runtime process at a time. Thread-safe for one invocation at a time."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.init_error: bytes | None = None
        self._invocations: queue.Queue[Invocation | None] = queue.Queue()
        self._answers: queue.Queue[Answer] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        """The value of ``AWS_LAMBDA_RUNTIME_API``."""
        return f"127.0.0.1:{self._server.server_port}"

    def reset(self) -> None:
        """Forget the previous runtime process, so that what it asked for reaches nobody else."""
        self.ready.clear()
        self.init_error = None
        self._invocations.put(None)
        self._invocations = queue.Queue()
        self._answers = queue.Queue()

    def send(self, invocation: Invocation) -> None:
        """Hand an invocation to the runtime."""
        self._invocations.put(invocation)

    def answer(self, timeout: float) -> Answer | None:
        """Wait for the runtime's answer; None when there is none after ``timeout`` seconds."""
        try:
            return self._answers.get(timeout=max(timeout, 0.001))
        except queue.Empty:
            return None

    def stop(self) -> None:
        """End the server and release the runtime that waits on it."""
        self._invocations.put(None)
        self._server.shutdown()
        self._server.server_close()

    def _next(self) -> Invocation | None:
        self.ready.set()
        return self._invocations.get()

    def _posted(self, path: str, body: bytes) -> None:
        if path.endswith("/init/error"):
            self.init_error = body
            self.ready.set()
        else:
            self._answers.put(Answer(body, is_error=path.endswith("/error")))


def _handler(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the emulator's log is not the place for each poll."""

        def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            invocation = api._next()
            if invocation is None:
                # The process that asked is gone, or about to be.
                self.close_connection = True
                return
            root = f"{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"
            headers = {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
                "Lambda-Runtime-Trace-Id": f"Root=1-{root};Sampled=0",
            }
            self._reply(200, invocation.event, headers)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            api._posted(self.path, body)
            self._reply(202, b'{"status":"OK"}', {"Content-Type": "application/json"})

    return Handler
