"""What the template grants: one permission at a time, as it is written there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, order=True)
class Grant:
    """One action that a role may do on one resource.

    Attributes
    ----------
    role : str
        The role's logical name.
    action : str
        Such as ``s3:GetObject``.
    resource : str
        As the template writes it: ``${IntakeBucket.Arn}/*``, or ``*``. For metrics, which have no
        resources, ``namespace`` and the one that the statement's condition names.
    """

    role: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.role}: {self.action} on {self.resource}"


def listed(value: Any) -> list[Any]:
    """Return a list, also of a single value."""
    return value if isinstance(value, list) else [value]


def chosen(value: Any) -> Any:
    """Return a value as it is where every condition holds."""
    return value["Fn::If"][1] if isinstance(value, dict) and "Fn::If" in value else value


def text(resource: Any) -> str:
    """Write a resource of a policy in the notation of ``Fn::Sub``."""
    found = chosen(resource)
    match found:
        case str():
            return found
        case {"Fn::Sub": str(pattern)}:
            return pattern
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
    raise TypeError(f"a resource written in a way unknown here: {resource}")


def roles(document: Document) -> dict[str, Document]:
    """Return the properties of every role by its logical name."""
    return {
        name: found["Properties"]
        for name, found in document["Resources"].items()
        if found["Type"] == "AWS::IAM::Role"
    }


def statements(document: Document) -> Iterator[tuple[str, Document]]:
    """Yield every statement of the roles' own policies with the role's logical name."""
    for name, role in roles(document).items():
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, chosen(statement)


def grants(document: Document) -> Iterator[Grant]:
    """Yield every permission that the template's roles are granted by their own policies."""
    for name, statement in statements(document):
        equal = statement.get("Condition", {}).get("StringEquals", {})
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                written = text(resource)
                if "cloudwatch:namespace" in equal:
                    written = f"namespace {text(equal['cloudwatch:namespace'])}"
                yield Grant(name, action, written)


def shown(found: Iterable[Grant]) -> str:
    """Write grants one a line."""
    return "\n".join(f"  {grant}" for grant in sorted(found))
