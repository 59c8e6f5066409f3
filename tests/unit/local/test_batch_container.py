"""What a Batch job's container is given: folders of the host, and secrets."""

from pathlib import Path

import pytest

from local.emulator.aidetect_emulator.batch_mounts import mounts
from local.emulator.aidetect_emulator.batch_secrets import SecretError, secret_variables
from local.emulator.aidetect_emulator.private_tmp import relocate_all

SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:wandb-AbCdEf"


def test_host_folders_are_shared_and_others_the_jobs_own(tmp_path: Path) -> None:
    container = {
        "volumes": [
            {"name": "disk", "host": {"sourcePath": "/mnt/disk/"}},
            {"name": "own"},
            {"name": "efs", "efsVolumeConfiguration": {}},
        ],
        "mountPoints": [
            {"sourceVolume": "disk", "containerPath": "/scratch/"},
            {"sourceVolume": "own", "containerPath": "/own"},
            {"sourceVolume": "gone", "containerPath": "/gone"},
        ],
    }
    first, second = (mounts(container, tmp_path, job) for job in ("job:0", "job:1"))
    assert first["/scratch"] == second["/scratch"] == str(tmp_path / "host/mnt/disk")
    assert first["/own"] == str(tmp_path / "volumes/job-0/own")
    assert second["/own"] != first["/own"]
    assert first.keys() == {"/scratch", "/own"}
    assert mounts({}, tmp_path, "job") == {}


def test_the_inner_folder_counts() -> None:
    values = {"A": "/scratch/x", "B": "/scratch/inner/x", "C": "/scratchy", "D": "/scratch"}
    moved = relocate_all(values, {"/scratch": "/1", "/scratch/inner": "/2"})
    assert moved == {"A": "/1/x", "B": "/2/x", "C": "/scratchy", "D": "/1"}


def test_secrets_become_variables() -> None:
    asked: list[str] = []

    def read(arn: str) -> str:
        asked.append(arn)
        return '{"key": "open sesame"}'

    container = {
        "secrets": [
            {"name": "WHOLE", "valueFrom": SECRET},
            {"name": "KEY", "valueFrom": f"{SECRET}:key::"},
        ]
    }
    found = secret_variables(container, read)
    assert found == {"WHOLE": '{"key": "open sesame"}', "KEY": "open sesame"}
    assert asked == [SECRET, SECRET]
    assert secret_variables({}, read) == {}


@pytest.mark.parametrize(
    ("source", "why"),
    [("/parameter", "no ARN of a secret"), (f"{SECRET}:other::", "has no key other")],
)
def test_a_secret_that_cannot_be_given(source: str, why: str) -> None:
    container = {"secrets": [{"name": "A", "valueFrom": source}]}
    with pytest.raises(SecretError, match=why):
        secret_variables(container, lambda _arn: '{"key": 1}')
