"""All checks together: what blocks what, what may not be asked, and what is told."""

import json
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound
from rich.console import Console
from typer.testing import CliRunner

from aidetect import doctor_command
from aidetect.doctor.check import Check, Result, failed, ok, skipped, warning
from aidetect.doctor.checks import BEFORE, CHECKS
from aidetect.doctor.document import Diagnosis, Outcome
from aidetect.doctor.examine import examine
from aidetect.doctor.place import Place, place
from aidetect.doctor.view import diagnosis_view
from aidetect.main import app
from aidetect.resolve import LocalAddress
from aidetect.target import NoStackError
from detector.contract import ContractError
from tests.unit.aidetect.doctor.stubbed import Stubbed

OK, WARNING, FAILED, SKIPPED = Outcome.OK, Outcome.WARNING, Outcome.FAILED, Outcome.SKIPPED


def asks(name: str, result: Result | Exception, **changes: Any) -> Check:
    def look(_place: Place) -> Result:
        if isinstance(result, Exception):
            raise result
        return result

    return Check(name, "?", look, **changes)


def outcomes(diagnosis: Diagnosis) -> dict[str, Outcome]:
    return {finding.check: finding.outcome for finding in diagnosis.findings}


def test_what_builds_on_a_failure_is_skipped_and_the_rest_is_asked() -> None:
    checks = [
        asks("a", failed("broken", "mend it")),
        asks("b", ok("b"), after=("a",)),
        asks("c", ok("c"), after=("b",)),
        asks("d", warning("d", "see to it")),
        asks("e", ok("e"), after=("d",)),
    ]
    found = examine(Stubbed().place, checks)
    assert outcomes(found) == {"a": FAILED, "b": SKIPPED, "c": SKIPPED, "d": WARNING, "e": OK}
    assert found.findings[1].found == "waits for: a"
    assert not found.healthy
    assert (found.where, found.stack) == ("AWS us-east-1", "aidetect")
    assert examine(Stubbed().place, checks[3:]).healthy


def test_what_makes_no_sense_locally_is_skipped_with_the_reason() -> None:
    checks = [
        asks("a", failed("x", "y"), no_local="no machines here"),
        asks("b", ok("b"), after=("a",)),
    ]
    found = examine(Stubbed(endpoint="http://here").place, checks)
    assert outcomes(found) == {"a": SKIPPED, "b": OK}
    assert found.findings[0].found == "no machines here"
    assert found.where == "local stack at http://here"


def refused(code: str, operation: str = "GetServiceQuota") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}}, operation)


@pytest.mark.parametrize(
    ("error", "outcome", "shown"),
    [
        (refused("AccessDeniedException"), WARNING, "may not servicequotas:GetServiceQuota"),
        (refused("UnauthorizedOperation", "X"), WARNING, "may not servicequotas:First"),
        (refused("InternalError"), FAILED, "InternalError"),
        (ProfileNotFound(profile="p"), FAILED, "AWS_PROFILE"),
        (BotoCoreError(), FAILED, ""),
        (ContractError("not name@version"), FAILED, "not name@version"),
    ],
)
def test_what_cannot_be_asked(error: Exception, outcome: Outcome, shown: str) -> None:
    check = asks("a", error, needs=("servicequotas:First", "servicequotas:GetServiceQuota"))
    (finding,) = examine(Stubbed().place, [check]).findings
    assert finding.outcome is outcome
    assert shown in finding.found
    assert finding.remedy


def test_a_defect_is_not_hidden() -> None:
    with pytest.raises(KeyError):
        examine(Stubbed().place, [asks("a", KeyError("x"))])


def test_each_check_names_what_it_needs() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)
    for number, check in enumerate(CHECKS):
        assert check.question.endswith("?")
        # What a check builds on is asked before it.
        assert set(check.after) <= set(names[:number])
        assert bool(check.needs) == (check.name not in {"python", "sam", "credentials", "region"})
    assert all("stack" not in check.after for check in BEFORE)


def test_without_credentials_only_the_machine_is_looked_at() -> None:
    stubbed = Stubbed().refuse("sts", "get_caller_identity", "InvalidClientTokenId")
    found = outcomes(examine(stubbed.place, CHECKS))
    assert found["credentials"] is FAILED
    assert found["python"] is OK
    assert {found[c.name] for c in CHECKS[3:]} == {SKIPPED}


def test_before_there_is_a_stack() -> None:
    stubbed = Stubbed().answer(
        "sts", "get_caller_identity", {"Account": "1", "Arn": "arn:aws:iam::123456789012:user/u"}
    )
    stubbed.refuse("cloudformation", "describe_stacks", "ValidationError")
    stubbed.refuse("ec2", "describe_instance_type_offerings", "UnauthorizedOperation")
    for _ in range(2):
        stubbed.refuse("service-quotas", "get_service_quota", "AccessDeniedException")
    stubbed.refuse("lambda", "get_account_settings", "AccessDeniedException")
    found = examine(stubbed.place, CHECKS)
    assert {f.check: f.outcome for f in found.findings if f.check in ("stack", "fleets")} == {
        "stack": FAILED, "fleets": SKIPPED,
    }  # fmt: skip
    told = {f.check: f.found for f in found.findings}
    assert told["GPU machines"].endswith("may not ec2:DescribeInstanceTypeOfferings")
    assert told["GPU quota"].endswith("may not servicequotas:GetServiceQuota")
    assert told["functions"].endswith("may not lambda:GetAccountSettings")


def test_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aidetect.doctor.place.local_address", lambda: None)
    assert place(None, "s") == place("aws", "s") == Place("s")
    with pytest.raises(NoStackError, match="aidetect local up"):
        place("local", "s")
    here = LocalAddress("mine", "http://here", "us-east-1")
    monkeypatch.setattr("aidetect.doctor.place.local_address", lambda: here)
    assert place(None, "s") == place("local", "s") == Place("mine", "http://here", "us-east-1")
    assert not place("aws", "s").is_local
    assert place("local", "s").session.region_name == "us-east-1"


def test_a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    here = Place()
    assert here.label == "AWS"
    assert outcomes(examine(here, CHECKS))["credentials"] is FAILED


def drawn(diagnosis: Diagnosis) -> str:
    console = Console(width=120, record=True)
    with console.capture() as shown:
        console.print(diagnosis_view(diagnosis))
    return shown.get()


CHECKED = [
    asks("good", ok("fine")),
    asks("hostile", warning("bad\x1b[31m [red]", "see to it")),
    asks("none", skipped("not here")),
]


def test_what_is_shown() -> None:
    shown = drawn(examine(Stubbed().place, CHECKED))
    for text in (
        "✓  good", "!  hostile", "[red]", "→ see to it", "skipped: not here",
        "Stack aidetect on the AWS us-east-1: 1 ok, 1 warning, 1 skipped",
    ):  # fmt: skip
        assert text in shown, text
    assert "\x1b[31m [" not in shown


def asked(
    monkeypatch: pytest.MonkeyPatch, checks: list[Check], *arguments: str
) -> tuple[int, str, list[str]]:
    seen: list[str] = []

    def look(_place: Place, wanted: tuple[Check, ...]) -> Diagnosis:
        seen.extend(check.name for check in wanted)
        return examine(Stubbed().place, checks)

    monkeypatch.setattr(doctor_command, "place", lambda *_: None)
    monkeypatch.setattr(doctor_command, "examine", look)
    done = CliRunner().invoke(app, ["doctor", *arguments], env={"COLUMNS": "140"})
    return done.exit_code, done.stdout, seen


def test_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    code, shown, seen = asked(monkeypatch, CHECKED)
    assert (code, "good" in shown, seen) == (0, True, [c.name for c in CHECKS])
    bad = [*CHECKED, asks("bad", failed("broken", "mend it"))]
    code, text, seen = asked(monkeypatch, bad, "--json", "--before-deploy")
    document = json.loads(text)
    assert (code, document["healthy"]) == (1, False)
    assert document["schema"] == "aidetect.diagnosis/1"
    assert document["findings"][-1] == {
        "check": "bad", "outcome": "failed", "found": "broken", "remedy": "mend it",
    }  # fmt: skip
    assert seen == [c.name for c in BEFORE]
