"""The template and the state machine as plain data."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "template.yaml"
SCORING = ROOT / "statemachines" / "scoring.asl.yaml"


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as the long ones."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name: value}


_Loader.add_multi_constructor("!", _intrinsic)


def template() -> dict[str, Any]:
    """Return the template, its aliases resolved."""
    document: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader=_Loader)  # noqa: S506
    return document


def scoring() -> dict[str, Any]:
    """Return the state machine."""
    document: dict[str, Any] = yaml.safe_load(SCORING.read_text())
    return document


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """Return the resources of one type by their logical names."""
    return {n: r for n, r in template()["Resources"].items() if r["Type"] == kind}


def walk(value: Any) -> Iterator[Any]:
    """Yield every mapping and leaf below a value."""
    yield value
    if isinstance(value, dict):
        for part in value.values():
            yield from walk(part)
    elif isinstance(value, list):
        for part in value:
            yield from walk(part)


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every statement of a role's policies, with the role's name."""
    for name, role in resources("AWS::IAM::Role").items():
        for policy in role["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def listed(value: Any) -> list[Any]:
    """Return a list, also of a single value."""
    return value if isinstance(value, list) else [value]
