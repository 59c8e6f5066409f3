"""The template as plain data."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.policy.grants import chosen, listed
from tests.policy.grants import statements as of_roles

__all__ = ["chosen", "listed", "load", "resources", "statements", "template", "walk"]

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


def load(path: Path) -> dict[str, Any]:
    """Return any template, its aliases resolved."""
    document: dict[str, Any] = yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506
    return document


@cache
def template() -> dict[str, Any]:
    """Return the template, its aliases resolved. It is read once: change a copy, not this."""
    return load(TEMPLATE)


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


def statements(role: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every statement of the roles' policies, or of one role's, with the role's name."""
    return ((name, s) for name, s in of_roles(template()) if role in (None, name))
