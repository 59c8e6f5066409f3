"""The template as plain data."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "template.yaml"
STATE_MACHINES = ROOT / "statemachines"


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


def chosen(value: Any) -> Any:
    """Return a value as it is where every condition holds."""
    return value["Fn::If"][1] if isinstance(value, dict) and "Fn::If" in value else value


def statements(role: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every statement of the roles' policies, or of one role's, with the role's name."""
    for name, found in resources("AWS::IAM::Role").items():
        for policy in found["Properties"].get("Policies", []) if role in (None, name) else []:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, chosen(statement)


def listed(value: Any) -> list[Any]:
    """Return a list, also of a single value."""
    return value if isinstance(value, list) else [value]
