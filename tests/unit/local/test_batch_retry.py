"""AWS Batch's retry decision."""

import pytest

from local.emulator.aidetect_emulator.batch_retry import RetryStrategy, glob_matches

SCORER = {
    "attempts": 3,
    "evaluateOnExit": [
        {"action": "RETRY", "onStatusReason": "Host EC2*"},
        {"action": "EXIT", "onReason": "OutOfMemoryError*"},
        {"action": "retry", "onExitCode": "137"},
        {"action": "EXIT", "onExitCode": "*"},
    ],
}


@pytest.mark.parametrize(
    ("attempt", "code", "reason", "status", "expected"),
    [
        (1, 1, "", "Host EC2 (instance i-1) terminated.", True),
        (1, 137, "OutOfMemoryError: killed", "", False),
        (1, 137, "", "Essential container in task exited", True),
        (3, 137, "", "", False),
        (1, 1, "", "", False),
        (1, 13, "", "", False),
    ],
)
def test_the_first_rule_that_is_met_decides(
    attempt: int, code: int, reason: str, status: str, expected: bool
) -> None:
    assert RetryStrategy.parse(SCORER).retries(attempt, code, reason, status) is expected


def test_a_failure_that_no_rule_meets_is_retried() -> None:
    strategy = RetryStrategy.parse(
        {"attempts": 2, "evaluateOnExit": [{"action": "EXIT", "onExitCode": "3"}]}
    )
    assert strategy.retries(1, 4, "", "")
    assert not strategy.retries(1, 3, "", "")


def test_without_a_strategy_there_is_one_attempt() -> None:
    assert not RetryStrategy.parse(None).retries(1, 1, "", "")


def test_an_exit_code_that_is_not_known_meets_only_star() -> None:
    strategy = RetryStrategy.parse(
        {"attempts": 2, "evaluateOnExit": [{"action": "EXIT", "onExitCode": "*"}]}
    )
    assert not strategy.retries(1, None, "", "")


def test_a_star_counts_at_the_end_only() -> None:
    assert glob_matches("host ec2*", "Host EC2 x")
    assert not glob_matches("*x", "ax")
