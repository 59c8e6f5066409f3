"""The doctor on a running stack: what it can look at is well, what it cannot is said."""

import json

import pytest
from typer.testing import CliRunner

from aidetect.doctor.checks import CHECKS
from aidetect.doctor.document import Diagnosis, Outcome
from aidetect.main import app
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration


def test_a_running_stack_is_looked_over(stack: Stack) -> None:
    found = CliRunner().invoke(app, ["doctor", "--on", "local", "--json"])
    diagnosis = Diagnosis.model_validate(json.loads(found.stdout))
    told = {finding.check: finding for finding in diagnosis.findings}
    assert list(told) == [check.name for check in CHECKS]
    skipped = {check.name for check in CHECKS if check.no_local}
    assert {name for name, f in told.items() if f.outcome is Outcome.SKIPPED} == skipped
    # What other tests left in the dead-letter queue is theirs.
    for name in set(told) - skipped - {"dead letters"}:
        assert told[name].outcome is Outcome.OK, told[name]
    assert stack.target.outputs.ResultsBucket in told["stack"].found
    assert found.exit_code == (0 if diagnosis.healthy else 1)
