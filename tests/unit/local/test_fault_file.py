"""Faults that a file asks for."""

import json
import os
from pathlib import Path

import pytest

from local.emulator.aidetect_emulator.fault_file import CallFault, FaultFile, Faults


def ask(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def test_no_file_is_no_fault(tmp_path: Path) -> None:
    assert FaultFile(tmp_path / "faults.json").read() == Faults()


def test_what_is_asked_for_holds_until_it_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    file = FaultFile(path)
    call = {"service": "s3", "operation": "Get*", "share": 0.5, "status": 503, "code": "SlowDown"}
    ask(path, json.dumps({"calls": [call], "reclaim": "a", "file_bytes": 10}))
    assert file.read().calls == (CallFault("s3", "Get*", 0.5, 503, "SlowDown"),)
    assert (file.read().reclaim, file.read().file_bytes) == ("a", 10)
    ask(path, json.dumps({"reclaim": "b"}))
    assert file.read() == Faults(reclaim="b")
    path.unlink()
    assert file.read() == Faults()


@pytest.mark.parametrize("text", ["{", "[]", '{"calls": [{}]}', '{"unknown": 1}'])
def test_a_file_nobody_can_read_changes_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "faults.json"
    file = FaultFile(path)
    ask(path, json.dumps({"reclaim": "a"}))
    assert file.read().reclaim == "a"
    ask(path, text)
    os.utime(path, (1, 1))
    assert file.read().reclaim == "a"


def test_which_calls_are_met() -> None:
    fault = CallFault("s*s", "Receive*")
    assert fault.meets("sqs", "ReceiveMessage")
    assert not fault.meets("sqs", "DeleteMessage")
    assert not fault.meets("s3", "ReceiveMessage")
