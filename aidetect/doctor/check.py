"""A check: one question, asked of a place."""

from collections.abc import Callable
from dataclasses import dataclass

from aidetect.doctor.document import Finding, Outcome
from aidetect.doctor.place import Place


@dataclass(frozen=True)
class Result:
    """What a check found, and what to do about it."""

    outcome: Outcome
    found: str
    remedy: str = ""


def ok(found: str) -> Result:
    """All is well."""
    return Result(Outcome.OK, found)


def warning(found: str, remedy: str) -> Result:
    """Something does not work, or will not, that the stack can do without."""
    return Result(Outcome.WARNING, found, remedy)


def failed(found: str, remedy: str) -> Result:
    """Images would wait or be lost sight of."""
    return Result(Outcome.FAILED, found, remedy)


def skipped(why: str) -> Result:
    """There is nothing to look at."""
    return Result(Outcome.SKIPPED, why)


@dataclass(frozen=True)
class Check:
    """One question.

    Attributes
    ----------
    name : str
        What is looked at, in a word or two.
    question : str
        What it asks, for the documentation.
    look : callable
        Asks it. What AWS refuses is the caller's to report.
    needs : tuple of str
        The IAM actions that it calls.
    after : tuple of str
        Names of checks without whose success there is nothing to ask.
    no_local : str
        Why it makes no sense on the local stack; empty where it does.
    """

    name: str
    question: str
    look: Callable[[Place], Result]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    no_local: str = ""

    def found(self, result: Result) -> Finding:
        """Put this check's name to what it found."""
        return Finding(
            check=self.name, outcome=result.outcome, found=result.found, remedy=result.remedy
        )
