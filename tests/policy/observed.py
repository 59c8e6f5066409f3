"""Which grants the integration tests were seen to use, from the emulator's audit of calls."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import boto3

from local.emulator.aidetect_emulator.iam_log import Record
from tests.policy.grants import Document, Grant, grants

SNAPSHOT = Path(__file__).with_name("observed.json")
# Where a session leaves what it saw; `make grants` takes it into the snapshot.
SESSIONS = Path(__file__).parents[2] / "build" / "grants"

# The emulator names topics anew at each start, and one test kills it.
ANEW = re.compile(r"topic\\-[0-9a-f]+$")


def physical_names(clients: boto3.Session, endpoint: str, stack: str) -> dict[str, str]:
    """Return what a deployed stack's resources, parameters and pseudo parameters are called."""
    cloudformation = clients.client("cloudformation", endpoint_url=endpoint)
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    names = {p["ParameterKey"]: p.get("ParameterValue", "") for p in found.get("Parameters", [])}
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            names[resource["LogicalResourceId"]] = resource.get("PhysicalResourceId", "")
    account = clients.client("sts", endpoint_url=endpoint).get_caller_identity()["Account"]
    pseudo = {"AccountId": account, "Partition": "aws", "StackName": stack}
    pseudo["Region"] = clients.region_name
    return names | {f"AWS::{name}": value for name, value in pseudo.items()}


def pattern(resource: str, physical: Mapping[str, str]) -> re.Pattern[str] | None:
    """Return what the ARNs look like that a resource of the template means on a deployed stack.

    Parameters
    ----------
    resource : str
        In the notation of ``Fn::Sub``.
    physical : mapping
        Names and ARNs of the stack's resources by logical name, with the pseudo parameters and
        parameters. None is returned for a resource that names an empty or unknown one.
    """
    parts = []
    for piece in re.split(r"(\$\{[^}]+\}|\*)", resource):
        if piece == "*":
            parts.append(".*")
        elif piece.startswith("${"):
            name, _, attribute = piece[2:-1].partition(".")
            value = physical.get(name, "")
            if not value:
                return None
            if attribute == "Name":
                parts.append(re.escape(value.rsplit(":", 1)[-1]))
                continue
            parts.append(
                _arn(value) if attribute else ANEW.sub("topic-[0-9a-f]+", re.escape(value))
            )
        else:
            parts.append(re.escape(piece))
    return re.compile("".join(parts))


def _arn(value: str) -> str:
    """Match the ARN of a resource by its physical id: an ARN, the URL of a queue, or a name."""
    if value.startswith("arn:"):
        return re.escape(value)
    name = re.escape(value.rsplit("/", 1)[-1])
    # A log group's ARN goes on with its streams.
    return rf"arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:(?:[a-z-]+[:/])?{name}(?::log-stream:.*)?"


def used(document: Document, records: Iterable[Record], physical: Mapping[str, str]) -> set[Grant]:
    """Return the grants without which a recorded call would have been refused.

    A call that two grants cover needs neither: one of them is too many.

    Raises
    ------
    AssertionError
        A call that was allowed is covered by no grant of the template.
    """
    logical = {physical[name]: name for name in {g.role for g in grants(document)} & {*physical}}
    compiled = [(g, pattern(g.resource, physical)) for g in grants(document)]
    found: set[Grant] = set()
    for record in records:
        if not record.allowed or record.role not in logical:
            continue
        covering = {
            grant
            for grant, shape in compiled
            if (grant.role, grant.action) == (logical[record.role], record.action)
            and shape is not None
            and shape.fullmatch(record.resource)
        }
        assert covering, f"no grant of the template covers {record}"
        found |= covering if len(covering) == 1 else set()
    return found


def load(path: Path = SNAPSHOT) -> set[Grant]:
    """Read grants from a file of role → action → resources."""
    if not path.exists():
        return set()
    found: dict[str, dict[str, list[str]]] = json.loads(path.read_text())
    return {
        Grant(role, action, resource)
        for role, actions in found.items()
        for action, resources in actions.items()
        for resource in resources
    }


def save(found: Iterable[Grant], path: Path = SNAPSHOT) -> None:
    """Write grants to a file, sorted."""
    tree: dict[str, dict[str, list[Any]]] = {}
    for grant in sorted(found):
        tree.setdefault(grant.role, {}).setdefault(grant.action, []).append(grant.resource)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(tree, indent=2) + "\n")
