"""The record of what roles did."""

from dataclasses import replace
from pathlib import Path

from local.emulator.aidetect_emulator.iam_log import IamLog, Record, read


def test_grants_are_written_once_and_denials_every_time(tmp_path: Path) -> None:
    log = IamLog(tmp_path / "audit", tmp_path / "denied")
    granted = Record("Intake", "s3:PutObject", "arn:aws:s3:::b/ü.jpg", "", allowed=True)
    denied = replace(granted, allowed=False)
    for record in (granted, granted, denied, denied):
        log.write(record)
    assert read(tmp_path / "audit") == [granted, denied, denied]
    assert read(tmp_path / "denied") == [denied, denied]


def test_no_file_is_no_records(tmp_path: Path) -> None:
    assert read(tmp_path / "missing") == []
