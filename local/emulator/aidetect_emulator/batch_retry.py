"""AWS Batch's retry decision.

https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


def glob_matches(pattern: str, text: str) -> bool:
    """Match as Batch does: an optional ``*`` at the end stands for the rest; case is ignored."""
    pattern, text = pattern.lower(), text.lower()
    if pattern.endswith("*"):
        return text.startswith(pattern[:-1])
    return text == pattern


@dataclass(frozen=True)
class ExitRule:
    """One ``evaluateOnExit`` entry. A condition that is not given is met; all must be met."""

    action: str
    on_exit_code: str = ""
    on_reason: str = ""
    on_status_reason: str = ""

    def met(self, exit_code: int | None, reason: str, status_reason: str) -> bool:
        """Say whether the rule applies to an attempt that ended so."""
        code = "" if exit_code is None else str(exit_code)
        tests = (
            (self.on_exit_code, code),
            (self.on_reason, reason),
            (self.on_status_reason, status_reason),
        )
        return all(not pattern or glob_matches(pattern, text) for pattern, text in tests)


@dataclass(frozen=True)
class RetryStrategy:
    """How often a job is tried, and after which ends it is tried again."""

    attempts: int = 1
    rules: Sequence[ExitRule] = ()

    @classmethod
    def parse(cls, strategy: Mapping[str, Any] | None) -> "RetryStrategy":
        """Read the API's ``retryStrategy``."""
        given = strategy or {}
        rules = [
            ExitRule(
                action=str(rule["action"]).upper(),
                on_exit_code=str(rule.get("onExitCode") or ""),
                on_reason=str(rule.get("onReason") or ""),
                on_status_reason=str(rule.get("onStatusReason") or ""),
            )
            for rule in given.get("evaluateOnExit") or []
        ]
        return cls(int(given.get("attempts") or 1), tuple(rules))

    def retries(self, attempt: int, exit_code: int | None, reason: str, status_reason: str) -> bool:
        """Say whether another attempt follows attempt number ``attempt`` (from 1).

        The first rule that is met decides; a failure that no rule meets is retried, as on AWS.
        """
        if attempt >= self.attempts:
            return False
        for rule in self.rules:
            if rule.met(exit_code, reason, status_reason):
                return rule.action == "RETRY"
        return True
