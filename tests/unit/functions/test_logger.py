"""Every line of a function names the batch or run, the line of a failure too."""

import json
from typing import Any

import pytest

from functions.logger import FunctionLogger, subjects


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("event", "about"),
    [
        ({"batch": "b-1", "plan": "s3://r/p", "shard": 0}, {"batch": "b-1"}),
        ({"run": "r-1"}, {"run": "r-1"}),
        ({"execution": "e-1", "input": {"batch": "b-1"}}, {"execution": "e-1"}),
        ({"Records": []}, {}),
        ({"batch": {"no": "name"}}, {}),
        (None, {}),
    ],
)
def test_what_an_event_is_about(event: object, about: dict[str, str]) -> None:
    assert subjects(event) == about


def test_a_failure_names_its_batch_and_leaves_the_function(
    capsys: pytest.CaptureFixture[str], context: Any
) -> None:
    logger = FunctionLogger(service="test_a_failure")

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: dict[str, Any], _context: Any) -> None:
        logger.info("here")
        raise OSError(event["why"])

    with pytest.raises(OSError, match="broken"):
        handler({"batch": "b-1", "why": "broken"}, context)
    here, failed = lines(capsys)
    assert (here["message"], here["batch"]) == ("here", "b-1")
    assert (failed["level"], failed["batch"]) == ("ERROR", "b-1")
    assert failed["exception_name"] == "OSError"
    assert failed["function_request_id"] == "request"


def test_a_batch_does_not_name_the_next_invocation(
    capsys: pytest.CaptureFixture[str], context: Any
) -> None:
    logger = FunctionLogger(service="test_next")

    @logger.inject_lambda_context(clear_state=True)
    def handler(_event: dict[str, Any], _context: Any) -> None:
        logger.info("here")

    handler({"batch": "b-1"}, context)
    handler({"Records": []}, context)
    first, second = lines(capsys)
    assert first["batch"] == "b-1"
    assert "batch" not in second
