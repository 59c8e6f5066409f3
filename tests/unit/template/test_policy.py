"""The roles' policies are as narrow as they are, and any change of them is told.

What is checked lies in tests/policy. Here the template passes, and what is broken in a copy of it,
one thing at a time, is found.
"""

import pytest

from tests.policy import roles
from tests.policy.grants import Document, grants, listed
from tests.policy.observed import load
from tests.policy.service_side import NEEDS, Need, service_side
from tests.unit.template.document import ROOT
from tests.unit.template.mutation import TEMPLATE, mutants, places, replaced, unconditional

NEEDED = load() | service_side(TEMPLATE)


def told(document: Document) -> bool:
    """Tell whether a changed template has problems that the template itself has not."""
    return bool(set(roles.problems(document, NEEDED)) - set(roles.problems(TEMPLATE, NEEDED)))


def test_the_roles_may_do_what_is_used_and_nothing_else() -> None:
    """What is new is seen in use by an integration test, or is given a reason.

    The first: run that test, then ``make grants``. The second: tests/policy/service_side.py.
    """
    assert list(roles.problems(TEMPLATE)) == []


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.source.rpartition("/")[2])
def test_what_is_asked_for_and_not_seen_has_a_source_and_is_granted(need: Need) -> None:
    assert need.why.endswith(".")
    assert need.source.startswith("https://docs.aws.amazon.com/") or (ROOT / need.source).exists()
    found = set(need.find(TEMPLATE))
    assert found
    assert found <= set(grants(TEMPLATE))


@pytest.mark.parametrize("key", ["Action", "Resource"])
def test_any_permission_taken_away_is_missed(key: str) -> None:
    for place, index in mutants(key):
        assert told(replaced(place, key, index, None)), (str(place), index)


def test_any_wildcard_is_told() -> None:
    for place, index in mutants("Action"):
        service = listed(place.of(TEMPLATE)["Action"])[index].partition(":")[0]
        for wild in (f"{service}:*", "*"):
            assert told(replaced(place, "Action", index, wild)), (str(place), index)
    for place, index in mutants("Resource"):
        if listed(place.of(TEMPLATE)["Resource"])[index] != "*":
            assert told(replaced(place, "Resource", index, "*")), (str(place), index)


def test_any_condition_taken_away_is_missed() -> None:
    conditional = [place for place in places() if "Condition" in place.of(TEMPLATE)]
    assert len(conditional) >= 5
    for place in conditional:
        assert told(unconditional(place)), str(place)
