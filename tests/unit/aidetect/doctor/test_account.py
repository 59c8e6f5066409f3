"""Checks of the machine and the account, each when all is well and when it is not."""

import sys
from pathlib import Path
from typing import Any

import pytest

from aidetect.doctor.checks import capacity, concurrency, credentials, python, quota, region, sam
from aidetect.doctor.defaults import DEFAULTS
from aidetect.doctor.document import Outcome
from local.toolchain import SAM
from tests.unit.aidetect.doctor.stubbed import Stubbed, described
from tests.unit.template.document import template

OK, WARNING, FAILED = Outcome.OK, Outcome.WARNING, Outcome.FAILED
NO_STACK = {"service": "cloudformation", "method": "describe_stacks", "code": "ValidationError"}


def test_defaults_are_the_templates() -> None:
    parameters = template()["Parameters"]
    assert {name: str(parameters[name]["Default"]) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize(
    ("version", "endpoint", "outcome"),
    [
        ((3, 10), None, FAILED),
        ((3, 11), None, OK),
        ((3, 13), None, OK),
        ((3, 11), "http://here", OK),
        ((3, 13), "http://here", FAILED),
    ],
)
def test_python(
    monkeypatch: pytest.MonkeyPatch,
    version: tuple[int, int],
    endpoint: str | None,
    outcome: Outcome,
) -> None:
    monkeypatch.setattr(python, "_version", lambda: version)
    found = python.look(Stubbed(endpoint=endpoint).place)
    assert found.outcome is outcome
    assert f"{version[0]}.{version[1]}" in found.found


def test_this_python_will_do() -> None:
    assert python.look(Stubbed().place).outcome is OK


def a_program(folder: Path, says: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "sam"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("says", "outcome", "shown"),
    [
        ("SAM CLI, version 99.0.1", OK, "sam 99.0.1"),
        ("SAM CLI, version 1.2.3", WARNING, "sam 1.2.3; the template is tested with 1."),
        ("Segmentation fault", WARNING, "does not say its version"),
    ],
)
def test_sam(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, says: str, outcome: Outcome, shown: str
) -> None:
    a_program(tmp_path, says)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = sam.look(Stubbed().place)
    assert found.outcome is outcome
    assert shown in found.found


def test_sam_that_make_brought_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert sam.look(Stubbed().place).outcome is WARNING
    a_program(tmp_path / "sam" / "bin", "SAM CLI, version 99.0.1")
    assert sam.look(Stubbed().place).outcome is OK


def test_sam_that_hangs_or_cannot_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "sam"
    broken.write_text("no program")
    assert sam._installed(str(broken)) is None
    assert sam._tried() is not None
    monkeypatch.setattr("local.toolchain.SAM", SAM.__class__("sam", tmp_path / "none.txt"))
    assert sam._tried() is None


def test_credentials() -> None:
    identity = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/u"}
    found = credentials.look(Stubbed(None).answer("sts", "get_caller_identity", identity).place)
    assert (found.outcome, found.found) == (OK, f"account 123456789012, {identity['Arn']}")
    found = credentials.look(
        Stubbed().refuse("sts", "get_caller_identity", "ExpiredToken", "it expired").place
    )
    assert found.outcome is FAILED
    assert "expired" in found.found
    assert "AWS_PROFILE" in found.remedy


def test_region() -> None:
    assert region.look(Stubbed("eu-west-1").place).found == "eu-west-1"
    found = region.look(Stubbed(None).place)
    assert (found.outcome, "AWS_REGION" in found.remedy) == (FAILED, True)


def offered(*types: str) -> dict[str, Any]:
    return {
        "InstanceTypeOfferings": [
            {"InstanceType": name, "LocationType": "availability-zone", "Location": zone}
            for name in types
            for zone in ("us-east-1a", "us-east-1b")
        ]
    }


def in_region(*types: str, wanted: str | None = None) -> Stubbed:
    stubbed = Stubbed()
    if wanted is None:
        stubbed.refuse(**NO_STACK)
    else:
        stubbed.answer(
            "cloudformation", "describe_stacks", described(parameters={"SpotInstanceTypes": wanted})
        )
    return stubbed.answer("ec2", "describe_instance_type_offerings", offered(*types))


def test_capacity_of_the_templates_types() -> None:
    every = DEFAULTS["SpotInstanceTypes"].split(",")
    found = capacity.look(in_region(*every).place)
    assert (found.outcome, found.found) == (
        OK, f"all {len(every)} GPU types are offered, in us-east-1a, us-east-1b",
    )  # fmt: skip
    found = capacity.look(in_region(*every[1:]).place)
    assert found.outcome is WARNING
    assert every[0] in found.found
    assert every[1] not in found.found
    found = capacity.look(in_region().place)
    assert found.outcome is FAILED
    assert "us-east-1" in found.remedy


def test_capacity_of_the_stacks_own_types_and_families() -> None:
    assert capacity.patterns("g6, g5.xlarge") == ["g6.*", "g5.xlarge"]
    assert capacity.look(in_region("g6.12xlarge", wanted="g6").place).outcome is OK
    found = capacity.look(in_region("g5.xlarge", wanted="g5,g6").place)
    assert (found.outcome, found.found) == (WARNING, "not offered here: g6.*")


def a_quota(value: float) -> dict[str, Any]:
    return {"Quota": {"QuotaCode": "L", "Value": value}}


def with_quota(code: str, value: float, **parameters: str) -> Stubbed:
    return (
        Stubbed()
        .stack(parameters=parameters)
        .answer(
            "service-quotas", "get_service_quota", a_quota(value), ServiceCode="ec2", QuotaCode=code
        )
    )


def test_gpu_quota() -> None:
    found = quota.look_at_gpus(with_quota("L-3819A6DF", 64, MaxvCpus="64").place)
    assert (found.outcome, found.found) == (
        OK, "64 vCPUs of GPU spot machines; the fleet grows to 64 (MaxvCpus)",
    )  # fmt: skip
    found = quota.look_at_gpus(with_quota("L-3819A6DF", 32, MaxvCpus="64").place)
    assert found.outcome is WARNING
    assert found.remedy.endswith("--quota-code L-3819A6DF --desired-value 64")
    none = with_quota("L-3819A6DF", 3).answer("service-quotas", "get_service_quota", a_quota(96))
    found = quota.look_at_gpus(none.place)
    assert found.outcome is FAILED
    assert "On demand there are 96" in found.found


def test_a_quota_that_nobody_changed_is_aws_default() -> None:
    stubbed = (
        Stubbed()
        .refuse(**NO_STACK)
        .refuse("service-quotas", "get_service_quota", "NoSuchResourceException")
        .answer("service-quotas", "get_aws_default_service_quota", a_quota(32))
    )
    assert quota.look_at_gpus(stubbed.place).outcome is OK


@pytest.mark.parametrize(("vcpus", "outcome"), [(16, OK), (5, WARNING), (0, WARNING)])
def test_cpu_quota(vcpus: int, outcome: Outcome) -> None:
    found = quota.look_at_cpus(with_quota("L-34B43A08", vcpus).place)
    assert found.outcome is outcome
    assert ("for ever" in found.found) == (vcpus == 0)


@pytest.mark.parametrize(("left", "outcome"), [(1000, OK), (100, OK), (99, WARNING), (10, WARNING)])
def test_concurrency(left: int, outcome: Outcome) -> None:
    limits = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": left}
    answer = {"AccountLimit": limits}
    found = concurrency.look(Stubbed().answer("lambda", "get_account_settings", answer).place)
    assert found.outcome is outcome
    assert found.found.startswith(f"{left:,} functions may run at a time")
    assert ("--service-code lambda" in found.remedy) == (outcome is WARNING)
