"""Prints the resource types that this emulator makes, and those that a template has, as JSON."""

import json
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import yaml

GROUP = "localstack.cloudformation.resource_providers"


class TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's YAML; what a short form such as ``!Ref`` says does not matter here."""


def _any_tag(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


TemplateLoader.add_multi_constructor("!", _any_tag)


def supported() -> list[str]:
    """Give the names of the types that can be made."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def used(template: str) -> dict[str, list[str]]:
    """Give the types that a template has, each with its logical ids."""
    types: dict[str, list[str]] = {}
    # A loader made safe: it derives from SafeLoader and only adds tags that make plain values.
    document = yaml.load(template, TemplateLoader)  # noqa: S506
    for name, resource in document["Resources"].items():
        types.setdefault(str(resource["Type"]), []).append(str(name))
    return types


if __name__ == "__main__":
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    json.dump({"supported": supported(), "used": used(text)}, sys.stdout)
