"""The server that decode workers are forked from: real processes, and what becomes of them."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from batch_inference import fork_server as module
from batch_inference.decoder import Decoder
from batch_inference.errors import DecoderError
from batch_inference.fork import ASK
from batch_inference.fork_server import ForkServer, environment
from batch_inference.frame import WorkerConfig
from batch_inference.gate import Gate
from batch_inference.settings import Settings
from batch_inference.worker import Worker, WorkerDiedError
from detector.package import Preprocessing
from detector.plan import Limits
from tests.unit.batch_inference.support import noise_png

CONFIG = WorkerConfig(
    preprocessing=Preprocessing(), limits=Limits(), memory=1 << 30, large_pixels=1 << 30
)
TWO = Settings(decoders=2)

# Starts two workers, says who they and their server are, and waits to be killed.
SCORER = """
import sys, time
from batch_inference.fork_server import ForkServer
from batch_inference.gate import Gate
from batch_inference.worker import Worker
from tests.unit.batch_inference.test_fork_server import CONFIG
server = ForkServer()
workers = [Worker(CONFIG, Gate(1), server) for _ in range(2)]
print(server.pid, *(worker.pid for worker in workers), flush=True)
time.sleep(600)
"""


@pytest.fixture
def server() -> Iterator[ForkServer]:
    before = children()
    with ForkServer() as started:
        yield started
        lost = {psutil.Process(started.pid), *workers(started)}
    assert children() == before
    assert not [process for process in lost if process.is_running()]


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def workers(server: ForkServer) -> list[psutil.Process]:
    return psutil.Process(server.pid).children()


def start(server: ForkServer) -> Worker:
    return Worker(CONFIG, Gate(1), server)


def eventually(true: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return true()


def ended(process: psutil.Process) -> bool:
    """Whether it has; where its parent has too, nobody may be there to wait for it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def environ(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def test_it_has_one_thread_and_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("OTHER", "kept")
    assert not [name for name in environment() if name.startswith("AWS_")]
    with ForkServer() as server, start(server) as worker:
        for pid in (server.pid, worker.pid):
            assert psutil.Process(pid).num_threads() == 1
            assert b"OTHER=kept" in environ(pid)
            assert b"AWS_" not in environ(pid)


def test_a_worker_has_its_own_descriptors_only(server: ForkServer) -> None:
    with start(server), start(server) as second, start(server):
        assert second.decode(noise_png(1))[0] is not None
        links = held(second.pid)
        assert {links.pop(number) for number in (0, 1, 2)} == {"/dev/null"}
        assert [link.partition(":")[0] for link in links.values()] == ["pipe", "pipe"]
        for process in (psutil.Process(server.pid), *workers(server)):
            if process.pid != second.pid:
                assert not set(links.values()) & set(held(process.pid).values())


def held(pid: int) -> dict[int, str]:
    """Return what a process has open."""
    return {int(fd.name): str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()}


def test_a_worker_is_bounded_and_deaf_to_its_group(server: ForkServer) -> None:
    with start(server) as worker:
        status = Path(f"/proc/{worker.pid}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines())
        ignored = int(fields["SigIgn"], 16)
        for number in (signal.SIGTERM, signal.SIGINT):
            assert ignored >> (number - 1) & 1
        assert not int(fields["SigCgt"], 16) >> (signal.SIGCHLD - 1) & 1
        assert not int(fields["SigBlk"], 16)
        limits = Path(f"/proc/{worker.pid}/limits").read_text().splitlines()
        (line,) = (line for line in limits if line.startswith("Max address space"))
        bound = int(line.split()[3])
        assert CONFIG.memory < bound < CONFIG.memory + (512 << 20)


def test_a_worker_that_died_is_forked_anew_by_the_same_server(server: ForkServer) -> None:
    with Decoder(Preprocessing(), Limits(), Settings(decoders=1), server=server) as decoder:
        before, (worker,) = server.pid, workers(server)
        worker.send_signal(signal.SIGSEGV)
        assert decoder.decode(noise_png(1)).error is None
        assert server.pid == before
        assert worker not in workers(server)
        assert len(workers(server)) == 1
    assert workers(server) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGXCPU])
def test_how_a_worker_died_is_known(server: ForkServer, number: signal.Signals) -> None:
    with start(server) as worker:
        os.kill(worker.pid, number)
        with pytest.raises(WorkerDiedError) as death:
            worker.decode(noise_png(1))
    assert death.value.code == -number


def test_a_lost_server_is_replaced_and_no_image_is_lost() -> None:
    outcomes = []
    with (
        ForkServer() as server,
        Decoder(Preprocessing(), Limits(), TWO, server=server) as decoder,
        ThreadPoolExecutor(2) as threads,
    ):
        first, lost = server.pid, workers(server)
        images = threads.map(decoder.decode, [noise_png(n) for n in range(200)])
        outcomes.append(next(images))
        os.kill(first, signal.SIGKILL)
        outcomes += images
        assert server.pid != first
        assert len(workers(server)) == 2
        assert all(ended(worker) for worker in lost)
    assert [outcome.error for outcome in outcomes] == [None] * 200


def test_a_worker_of_a_lost_server_ends_for_no_known_reason() -> None:
    with ForkServer() as server, start(server) as worker:
        os.kill(server.pid, signal.SIGKILL)
        with pytest.raises(WorkerDiedError) as death:
            worker.decode(noise_png(1))
        assert death.value.code is None


def test_many_threads_start_workers_at_once(server: ForkServer) -> None:
    with ThreadPoolExecutor(16) as threads:
        started = list(threads.map(lambda _: start(server), range(16)))
        decoded = list(threads.map(lambda worker: worker.decode(noise_png(1))[0], started))
        assert len({worker.pid for worker in started}) == len(workers(server)) == 16
        list(threads.map(Worker.close, started))
    assert all(outcome and outcome.error is None for outcome in decoded)
    assert workers(server) == []


def test_killed_from_another_thread(server: ForkServer) -> None:
    with start(server) as worker:
        os.kill(worker.pid, signal.SIGSTOP)
        threading.Timer(0.1, worker.kill).start()
        with pytest.raises(WorkerDiedError) as death:
            worker.decode(noise_png(1))
    assert death.value.code == -signal.SIGKILL


def test_everything_ends_with_the_scorer() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCORER], stdout=subprocess.PIPE, env=environment()
    ) as scorer:
        assert scorer.stdout is not None
        started = [psutil.Process(int(pid)) for pid in scorer.stdout.readline().split()]
        assert len(started) == 3
        # Even those who do not notice by themselves.
        started[1].suspend()
        scorer.kill()
    assert eventually(lambda: all(ended(process) for process in started))


def test_workers_that_are_left_end_with_the_server() -> None:
    with ForkServer() as server:
        worker = start(server)
        left = [psutil.Process(server.pid), psutil.Process(worker.pid)]
    assert not any(process.is_running() for process in left)
    worker.close()
    with pytest.raises(DecoderError, match="no more"):
        start(server)


def test_one_that_ends_before_it_is_needed() -> None:
    begun = time.monotonic()
    for _ in range(3):
        with ForkServer() as server:
            process = psutil.Process(server.pid)
        assert not process.is_running()
    assert time.monotonic() - begun < 30


def test_one_that_cannot_import_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", "import nothing_of_the_kind"))
    begun = time.monotonic()
    with (
        ForkServer() as server,
        pytest.raises(DecoderError, match=r"ended with status 1.*in the log above"),
    ):
        start(server)
    assert time.monotonic() - begun < 30
    assert "nothing_of_the_kind" in capfd.readouterr().err


def test_one_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", "import time; time.sleep(600)"))
    with ForkServer() as server, pytest.raises(DecoderError, match="timed out"):
        server.fork(0.2)


def test_one_that_cannot_fork_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import errno, os; from batch_inference import forker\n"
        "def fork(): raise OSError(errno.EAGAIN, 'no more')\n"
        "os.fork = fork; forker.main()"
    )
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", code))
    with ForkServer() as server, pytest.raises(DecoderError, match=os.strerror(11)):
        start(server)


def test_a_request_that_is_none_ends_no_worker(server: ForkServer) -> None:
    with start(server) as worker:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                socket.send_fds(server._process.socket, [ASK], [theirs.fileno()])
            assert ours.recv(1) == b""
        assert worker.decode(noise_png(1))[0] is not None
