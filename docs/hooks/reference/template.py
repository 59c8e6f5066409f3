"""Parameters and outputs of ``template.yaml``."""

from typing import Any

import yaml

from docs.hooks.paths import CHECKOUT
from docs.hooks.table import cell, code, table


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms, which say nothing here, as their plain values."""


def _plain(loader: _Loader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None


_Loader.add_multi_constructor("!", _plain)


def read() -> dict[str, Any]:
    """Read the template."""
    text = (CHECKOUT / "template.yaml").read_text()
    document: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506
    return document


# What somebody who deploys for the first time should think about.
FIRST = (
    "NotificationEmail",
    "MaxvCpus",
    "ExpressMaxImages",
    "BatchingWindowSeconds",
    "SourceBucketName",
    "ResultsRetentionDays",
)


def first_parameters() -> str:
    """Return the table of what to think about at a first deployment."""
    found = read()["Parameters"]
    rows = [
        (code(name), code(found[name]["Default"]) or "empty", cell(found[name]["Description"]))
        for name in FIRST
    ]
    return table(("parameter", "default", "meaning"), rows)


def parameters() -> str:
    """Return a table of parameters for each group of the console."""
    document = read()
    groups = document["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    parts = []
    for group in groups:
        found = [(name, document["Parameters"][name]) for name in group["Parameters"]]
        rows = [
            (code(name), code(one["Default"]) or "empty", cell(one["Description"]), _bounds(one))
            for name, one in found
        ]
        head = ("parameter", "default", "meaning", "may be")
        parts.append(f"### {group['Label']['default']}\n\n{table(head, rows)}")
    return "\n\n".join(parts)


def outputs() -> str:
    """Return the table of outputs."""
    rows = [(code(k), cell(v["Description"])) for k, v in read()["Outputs"].items()]
    return table(("output", "what it is"), rows)


def _bounds(parameter: dict[str, Any]) -> str:
    if "AllowedValues" in parameter:
        return cell(", ".join(str(value) for value in parameter["AllowedValues"]))
    if parameter["Type"] == "Number":
        most = f" to {parameter['MaxValue']:,}" if "MaxValue" in parameter else " or more"
        return cell(f"{parameter['MinValue']:,}{most}")
    return cell(
        parameter.get("ConstraintDescription", "").removeprefix("must ").removeprefix("be ")
    )
