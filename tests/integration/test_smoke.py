"""The smoke test, as after a deployment, on the local stack."""

import os
import subprocess
import sys

import pytest

from tests.integration.stack import Stack
from tests.unit.docs.command_line import CHECKOUT

pytestmark = pytest.mark.integration


def smoke(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "tests/smoke/after_deploy.py", *options]
    # Its own process is not the product's: nothing of it counts as covered.
    settings = {k: v for k, v in os.environ.items() if not k.startswith(("COV_", "COVERAGE_"))}
    return subprocess.run(
        command, cwd=CHECKOUT, env=settings, check=False, capture_output=True, text=True
    )


def test_it_passes_on_a_stack_that_works(stack: Stack) -> None:
    # What other tests gave up is theirs.
    stack.target.sqs.purge_queue(QueueUrl=stack.target.outputs.ArrivalsDlqUrl)
    done = smoke("--on", "local", "--bulk")
    assert done.returncode == 0, done.stdout
    assert "7 passed, 1 skipped" in done.stdout
    assert "there is no Athena on one machine" in done.stdout


def test_it_fails_where_the_detector_is_gone(stack: Stack) -> None:
    parameter = stack.target.outputs.ChampionParameter
    kept = stack.target.ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    stack.target.ssm.delete_parameter(Name=parameter)
    try:
        done = smoke("--on", "local", "-k", "doctor")
    finally:
        stack.target.ssm.put_parameter(Name=parameter, Value=kept, Type="String", Overwrite=True)
    assert done.returncode == 1, done.stdout
    assert "aidetect detector publish" in done.stdout
