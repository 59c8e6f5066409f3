"""Weights & Biases as it is installed: offline without a network, contained, gone when done."""

import os
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from training.storage import LocalStorage
from training.track.biases import Biases, open_biases

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


def services(of: int) -> list[psutil.Process]:
    """Return the client's service processes that belong to a process."""
    found = []
    for process in psutil.process_iter(["name", "cmdline"]):
        words = process.info["cmdline"] or []
        if "wandb-core" in (process.info["name"] or "") and str(of) in words:
            found.append(process)
    return found


def gone(of: int, within: float = 10) -> bool:
    end = time.monotonic() + within
    while services(of) and time.monotonic() < end:
        time.sleep(0.05)
    return not services(of)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """A server that all roads to the outside lead to; gives what came."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        for name in (*PROXIES, "WANDB_BASE_URL"):
            monkeypatch.setenv(name, address)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        stop = threading.Event()

        def listen() -> None:
            server.settimeout(0.05)
            while not stop.is_set():
                try:
                    connection, peer = server.accept()
                except TimeoutError:
                    continue
                came.append(peer)
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield came
        stop.set()
        thread.join()


def begin(folder: Path, **more: str) -> Biases:
    return Biases(
        LocalStorage(folder / "kept"),
        folder / "work",
        run="run-1",
        project="aidetect",
        group="mine",
        config={"recipe": "probe"},
        **more,  # type: ignore[arg-type]
    )


def test_an_offline_run_is_kept_whole_and_tries_no_network(
    tmp_path: Path,
    network: list[object],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(elsewhere)
    environment, threads = dict(os.environ), set(threading.enumerate())

    run = begin(tmp_path)
    assert services(os.getpid())
    for step in range(5):
        run.log(step, {"train/loss": 1 / (step + 1)})
    run.finish({"auc": 0.75})

    assert gone(os.getpid())
    assert set(threading.enumerate()) == threads
    assert dict(os.environ) == environment
    assert network == []
    assert capfd.readouterr() == ("", "")
    assert list(home.iterdir()) == list(elsewhere.iterdir()) == []
    assert not (tmp_path / "work").exists()
    (path,) = (tmp_path / "kept").iterdir()
    assert path.name.startswith("offline-run-")
    with tarfile.open(path) as tar:
        (record,) = [m for m in tar.getmembers() if m.name.endswith("/run-run-1.wandb")]
        stream = tar.extractfile(record)
        assert stream is not None
        data = stream.read()
    for word in (b"train/loss", b"recipe", b"auc"):
        assert word in data


def test_a_server_out_of_reach_leaves_the_run_offline(
    tmp_path: Path, network: list[object]
) -> None:
    told: list[str] = []
    key = "0123456789" * 4
    run = open_biases(
        LocalStorage(tmp_path / "kept"),
        tmp_path / "work",
        run="run-1",
        detector="mine",
        config={},
        key=key,
        environ=os.environ,
        tell=told.append,
        start_timeout=1,
    )
    assert network != []
    assert run.mode == "offline"
    run.log(1, {"train/loss": 1.0})
    run.finish({})
    assert len(told) == 1
    assert "kept offline" in told[0]
    assert key not in told[0]
    assert gone(os.getpid())
    assert [path.suffix for path in (tmp_path / "kept").iterdir()] == [".tar"]


SCRIPT = """
import sys, time
from pathlib import Path
from training.storage import LocalStorage
from training.track.biases import Biases
folder = Path(sys.argv[1])
run = Biases(LocalStorage(folder / "kept"), folder / "work",
             run="run-1", project="aidetect", group="mine", config={})
run.log(1, {"train/loss": 1.0})
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_its_service_does_not_outlive_a_killed_job(tmp_path: Path, how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == "ready\n"
        assert services(job.pid)
        job.send_signal(how)
        job.wait(10)
    assert gone(job.pid)
