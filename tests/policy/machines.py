"""What the state machines may start: their own functions, queues and jobs, and nothing else."""

from collections.abc import Iterator
from typing import Any

import yaml

from tests.policy.grants import Document, Grant, grants, text
from tests.unit.template.document import ROOT, walk

# Optimised integrations and the one call of an API that the definitions need.
INTEGRATIONS = {
    "lambda:invoke",
    "batch:submitJob.sync",
    "sagemaker:createTrainingJob.sync",
    "events:putEvents",
    "sns:publish",
    "aws-sdk:s3:getObject",
}
DEFINITIONS = "arn:${AWS::Partition}:batch:${AWS::Region}:${AWS::AccountId}:job-definition/"


def problems(document: Document) -> Iterator[str]:
    """Yield what is wrong with the state machines and what their roles may start."""
    for name, found in document["Resources"].items():
        if found["Type"] == "AWS::Serverless::StateMachine":
            machine = found["Properties"]
            role = text(machine["Role"]).removeprefix("${").removesuffix(".Arn}")
            may = [g for g in grants(document) if g.role == role]
            parts = (
                _settings(machine),
                _definition(machine),
                _invoked(document, machine, may),
                _submitted(document, machine, may),
            )
            yield from (f"{name}: {problem}" for part in parts for problem in part)


def _definition_text(machine: Document) -> Any:
    return yaml.safe_load((ROOT / machine["DefinitionUri"]).read_text())


def _settings(machine: Document) -> Iterator[str]:
    if machine.get("Tracing") != {"Enabled": True}:
        yield "is not traced"
    log = machine.get("Logging", {})
    if log.get("Level") not in {"ERROR", "ALL"} or not log.get("Destinations"):
        yield "is not logged"
    if log.get("IncludeExecutionData") is not False:
        yield "logs its users' keys"


def _definition(machine: Document) -> Iterator[str]:
    written = _definition_text(machine)
    for state in written["States"].values():
        call = str(state.get("Resource", "arn:aws:states:::lambda:invoke"))
        if call.removeprefix("arn:aws:states:::") not in INTEGRATIONS:
            yield f"calls {call}"
    texts = [part for part in walk(written) if isinstance(part, str)]
    for found in texts:
        if "arn:" in found and not found.startswith("arn:aws:states:::"):
            yield f"names {found}, which the stack did not make"


def _own(document: Document, machine: Document, kind: str) -> set[str]:
    """Return the logical names of the stack's resources of a type that a definition is given."""
    given = (text(value) for value in machine["DefinitionSubstitutions"].values())
    names = {found.strip("${}").partition(".")[0] for found in given}
    return {n for n in names if document["Resources"].get(n, {}).get("Type") == kind}


def _invoked(document: Document, machine: Document, may: list[Grant]) -> Iterator[str]:
    functions = _own(document, machine, "AWS::Serverless::Function")
    topics = _own(document, machine, "AWS::SNS::Topic")
    yield from _exactly(may, "lambda:InvokeFunction", {f"${{{n}.Arn}}" for n in functions})
    yield from _exactly(may, "sns:Publish", {f"${{{n}}}" for n in topics})


def _submitted(document: Document, machine: Document, may: list[Grant]) -> Iterator[str]:
    queues = _own(document, machine, "AWS::Batch::JobQueue")
    definitions = _own(document, machine, "AWS::Batch::JobDefinition")
    names = {text(document["Resources"][n]["Properties"]["JobDefinitionName"]) for n in definitions}
    # With any revision: executions under way outlive a deployment.
    jobs = {f"{DEFINITIONS}{name}:*" for name in names}
    yield from _exactly(may, "batch:SubmitJob", {f"${{{n}}}" for n in queues} | jobs)


def _exactly(may: list[Grant], action: str, needed: set[str]) -> Iterator[str]:
    allowed = {grant.resource for grant in may if grant.action == action}
    if allowed != needed:
        yield f"{action} is allowed on {sorted(allowed)}, needed on {sorted(needed)}"
