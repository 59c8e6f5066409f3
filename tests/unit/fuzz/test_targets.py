"""A few thousand inputs for each target: what a million say at length, said with every change."""

from pathlib import Path

import pytest

from tests.fuzz.__main__ import TARGETS
from tests.fuzz.campaign import Campaign
from tests.fuzz.engine import CHANCE

RUNS = {"decoder": 3000, "archive": 4000, "provenance": 2000}


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_escapes(name: str, tmp_path: Path) -> None:
    campaign = Campaign(name, CHANCE, tmp_path, lambda _line: None)

    state = campaign.run(RUNS[name])

    assert campaign.findings() == {}
    assert state.deaths == {}
    assert state.executions == sum(state.outcomes.values()) == RUNS[name]
    # Damage that only ever bounces off the first check finds nothing.
    assert sum(count > 0 for count in state.outcomes.values()) >= 3
