"""Copies of the template that differ from it in one thing."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.policy.grants import Document, chosen, listed
from tests.unit.template.document import template

TEMPLATE = template()


@dataclass(frozen=True)
class Place:
    """A statement of a role's policy, by its position."""

    role: str
    policy: int
    statement: int

    def of(self, document: Document) -> Document:
        properties = document["Resources"][self.role]["Properties"]
        found = properties["Policies"][self.policy]["PolicyDocument"]["Statement"]
        statement: Document = chosen(found[self.statement])
        return statement

    def __str__(self) -> str:
        return f"{self.role}-{self.of(TEMPLATE)['Sid']}"


def places() -> Iterator[Place]:
    for name, found in TEMPLATE["Resources"].items():
        policies = found["Properties"].get("Policies", []) if "Role" in found["Type"] else []
        for number, policy in enumerate(policies):
            for index in range(len(policy["PolicyDocument"]["Statement"])):
                yield Place(name, number, index)


def mutants(key: str) -> list[tuple[Place, int]]:
    return [
        (place, index)
        for place in places()
        for index in range(len(listed(place.of(TEMPLATE)[key])))
    ]


def altered(name: str, change: Callable[[Document], object]) -> Document:
    """Return the template with one resource of it changed."""
    resource = copy.deepcopy(TEMPLATE["Resources"][name])
    document = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], name: resource}}
    change(document)
    return document


def replaced(place: Place, key: str, index: int, value: str | None) -> Document:
    """Return the template with one action or resource of a statement left out or replaced."""

    def change(document: Document) -> None:
        statement = place.of(document)
        found = listed(statement[key])
        statement[key] = [*found[:index], *([value] if value else []), *found[index + 1 :]]

    return altered(place.role, change)


def unconditional(place: Place) -> Document:
    """Return the template with a statement's condition taken away."""
    return altered(place.role, lambda document: place.of(document).pop("Condition"))
