"""Decode workers: real processes, and what hostile files do to them."""

import signal
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import psutil
import pytest

from batch_inference import decoder as decoder_module
from batch_inference import fork_server
from batch_inference import worker as worker_module
from batch_inference.decoder import Decoder
from batch_inference.errors import DecoderError, ScoringError
from batch_inference.frame import WorkerConfig
from batch_inference.gate import Gate
from batch_inference.settings import MIB, Settings
from batch_inference.thumbnail import small_pixels
from batch_inference.worker import WorkerDiedError
from detector.package import Preprocessing
from detector.plan import Limits
from detector.preprocess import prepare, preprocess
from detector.provenance import NONE
from detector.reason import Reason
from tests.corpus import encode, photograph, png_of_zeros
from tests.unit.batch_inference.support import noise_png

ONE = Settings(decoders=1)

# A worker that misbehaves when an image says so, and else is the real one.
SABOTAGED = """
import os, signal, sys, time
import batch_inference.decode_worker as worker
from batch_inference import forker
from batch_inference.frame import Message, pack_message
real = worker.decode
def decode(data, spec, limits, admit, *, thumbnail):
    for word, act in {
        b"SLEEP": lambda: time.sleep(60),
        b"CRASH": lambda: os.kill(os.getpid(), signal.SIGSEGV),
        b"OOM": lambda: os.kill(os.getpid(), signal.SIGKILL),
        b"EXIT": lambda: os._exit(3),
        b"FLOOD": lambda: bytearray(1 << 40),
        b"SPIN": lambda: [worker.refresh_cpu(-5)] and [None for _ in iter(int, 1)],
        b"LIE": lambda: (worker.os.write(REPLY, b"\\xff" * 64), time.sleep(60)),
    }.items():
        if data.startswith(word):
            act()
    return beside(*real(data, spec, limits, admit, thumbnail=thumbnail), data)
def beside(first, second, data):
    yield first
    for word, act in {
        b"SLEEPS": lambda: time.sleep(60),
        b"CRASHES": lambda: os.kill(os.getpid(), signal.SIGSEGV),
        b"FLOODS": lambda: bytearray(1 << 40),
        b"RAISES": lambda: 1 / 0,
        b"LIES": lambda: (worker.os.write(REPLY, b"\\xff" * 64), time.sleep(60)),
        b"REPEATS": lambda: os.write(REPLY, pack_message(Message(worker.DONE, first))),
    }.items():
        if data.endswith(word):
            act()
    yield second
worker.decode = decode
serve = worker.main
def main():
    global REPLY
    REPLY = os.dup(1)
    serve()
worker.main = main
forker.main()
"""


def workers(before: set[int]) -> set[int]:
    """Return the ids of what this process's children of late were forked to."""
    servers = [child for child in psutil.Process().children() if child.pid not in before]
    return {worker.pid for server in servers for worker in server.children()}


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


@pytest.fixture
def sabotaged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Decoder]:
    monkeypatch.setattr(fork_server, "COMMAND", (sys.executable, "-c", SABOTAGED))
    with Decoder(Preprocessing(), Limits(decode_seconds=2.0), ONE) as decoder:
        yield decoder


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (b"SLEEP", Reason.TIMEOUT),
        (b"SPIN", Reason.TIMEOUT),
        (b"CRASH", Reason.UNDECODABLE),
        (b"EXIT", Reason.UNDECODABLE),
        (b"LIE", Reason.UNDECODABLE),
        (b"OOM", Reason.BOMB),
        (b"FLOOD", Reason.BOMB),
    ],
)
def test_a_lost_worker_costs_one_image_and_is_replaced(
    sabotaged: Decoder, word: bytes, reason: Reason
) -> None:
    lost = sabotaged.decode(word + b" of sound")
    assert lost.error is not None
    assert (lost.error.reason, lost.pixels) == (reason, None)
    assert lost.facts.bytes == len(word) + 9
    assert lost.facts.sha256 is not None
    assert sabotaged.decode(noise_png(1)).pixels is not None


@pytest.mark.parametrize("word", [b"SLEEPS", b"CRASHES", b"FLOODS", b"RAISES", b"LIES", b"REPEATS"])
def test_what_metadata_do_to_a_worker_costs_no_image(
    sabotaged: Decoder, monkeypatch: pytest.MonkeyPatch, word: bytes
) -> None:
    monkeypatch.setattr(worker_module, "BESIDE_SECONDS", 1.0)
    told = sabotaged.decode(noise_png(2) + word)
    assert told.error is None
    assert told.pixels is not None
    assert told.crop == (0, 0, 1, 1)
    assert (told.provenance, told.thumbnail) == (NONE, None)
    assert sabotaged.decode(noise_png(1)).pixels is not None


def test_thumbnails_are_made_where_they_are_wanted() -> None:
    data = encode(photograph(0), "PNG")
    with Decoder(Preprocessing(), Limits(), ONE, thumbnails=True) as decoder:
        decoded = decoder.decode(data)
    assert decoded.thumbnail is not None
    whole = prepare(photograph(0), Preprocessing()).whole
    np.testing.assert_array_equal(decoded.thumbnail, small_pixels(photograph(0), whole))
    with Decoder(Preprocessing(), Limits(), ONE) as decoder:
        assert decoder.decode(data).thumbnail is None


def test_pixels_are_those_of_the_shared_preprocessing() -> None:
    data = encode(photograph(0), "PNG")
    with Decoder(Preprocessing(), Limits(), ONE) as decoder:
        decoded = decoder.decode(data)
    assert decoded.pixels is not None
    assert decoded.pixels.shape == (224, 224, 3)
    np.testing.assert_array_equal(decoded.pixels, preprocess(photograph(0), Preprocessing()))
    assert (decoded.facts.format, decoded.facts.width) == ("PNG", photograph(0).width)


def test_a_real_image_over_the_memory_limit_is_a_bomb() -> None:
    small = Settings(decoders=1, decoder_bytes=48 * MIB)
    with Decoder(Preprocessing(), Limits(), small) as decoder:
        decoded = decoder.decode(png_of_zeros(9000, 9000))
        assert decoded.error is not None
        assert decoded.error.reason is Reason.BOMB
        assert decoder.decode(noise_png(1)).pixels is not None


def test_large_images_pass_one_gate() -> None:
    settings = Settings(decoders=2, large_pixels=1000, large_decoders=1)
    outcomes = []
    with Decoder(Preprocessing(), Limits(), settings) as decoder:
        threads = [
            threading.Thread(target=lambda n=n: outcomes.append(decoder.decode(noise_png(n))))
            for n in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [outcome.error for outcome in outcomes] == [None] * 6


def test_workers_are_replaced_after_so_many_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_module, "IMAGES_A_WORKER", 2)
    before, seen = children(), set()
    with Decoder(Preprocessing(), Limits(), ONE) as decoder:
        for n in range(4):
            seen |= workers(before)
            assert decoder.decode(noise_png(n)).error is None
    assert len(seen) == 2


def test_no_worker_outlives_the_pool() -> None:
    before = children()
    with Decoder(Preprocessing(), Limits(), Settings(decoders=2)) as decoder:
        decoder.decode(noise_png(1))
        started = workers(before)
        assert len(started) == 2
    assert not any(psutil.pid_exists(pid) for pid in started)
    assert children() == before


def test_killed_while_it_decodes(sabotaged: Decoder) -> None:
    failures: list[BaseException] = []

    def decode() -> None:
        try:
            sabotaged.decode(b"SLEEP")
        except ScoringError as error:
            failures.append(error)

    thread = threading.Thread(target=decode)
    thread.start()
    time.sleep(0.3)
    sabotaged.kill()
    thread.join(1.5)
    assert not thread.is_alive()
    assert len(failures) == 1
    with pytest.raises(ScoringError, match="given up"):
        sabotaged.decode(noise_png(1))


def test_a_worker_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for code in (
        "raise SystemExit(5)",
        "from batch_inference import decode_worker, forker; import os;"
        "decode_worker.main = lambda: os.write(1, bytes([0,0,0,2]) + b'{}' + bytes(4));"
        "forker.main()",
        "from batch_inference import decode_worker, forker; decode_worker.main = lambda: 1 / 0;"
        "forker.main()",
    ):
        monkeypatch.setattr(fork_server, "COMMAND", (sys.executable, "-c", code))
        with pytest.raises(DecoderError, match="did not start"):
            Decoder(Preprocessing(), Limits(), ONE)


def test_a_worker_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_server, "COMMAND", (sys.executable, "-c", SABOTAGED))
    config = WorkerConfig(
        preprocessing=Preprocessing(), limits=Limits(decode_seconds=0.3), memory=1 << 30,
        large_pixels=1 << 30,
    )  # fmt: skip
    with (
        fork_server.ForkServer() as server,
        worker_module.Worker(config, Gate(1), server) as worker,
    ):
        with pytest.raises(worker_module.WorkerTimeoutError):
            worker.decode(b"SLEEP")
        worker.retire(0.1)
        assert not psutil.pid_exists(worker.pid)


def test_what_a_death_means() -> None:
    assert WorkerDiedError(-signal.SIGXCPU).reason().reason is Reason.TIMEOUT
    assert WorkerDiedError(-signal.SIGKILL).reason().reason is Reason.BOMB
    assert WorkerDiedError(1).reason().reason is Reason.UNDECODABLE
    assert WorkerDiedError(None).reason().reason is Reason.UNDECODABLE
    assert "lost" in str(WorkerDiedError(None).reason())
