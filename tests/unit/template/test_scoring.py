import json
from collections.abc import Iterator
from typing import Any

import pytest

from detector.contract import ContractError
from detector.package import PackageError
from detector.summary import ScoringCompleted
from tests.unit.template.document import SCORING, resources, scoring, walk

STATES: dict[str, dict[str, Any]] = scoring()["States"]
TASKS = sorted(name for name, state in STATES.items() if state["Type"] == "Task")


def following(state: dict[str, Any]) -> Iterator[str]:
    for part in (state, *state.get("Choices", []), *state.get("Catch", [])):
        yield from (part[key] for key in ("Next", "Default") if key in part)


def reachable(start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += following(STATES[name])
    return seen


def test_every_state_is_reached_and_every_way_ends() -> None:
    assert reachable(scoring()["StartAt"]) == set(STATES)
    ends = {name for name, state in STATES.items() if state["Type"] in {"Succeed", "Fail"}}
    for name in STATES:
        assert reachable(name) & ends


@pytest.mark.parametrize("name", TASKS)
def test_every_task_is_retried_with_jitter_and_caught(name: str) -> None:
    state = STATES[name]
    assert all(r["JitterStrategy"] == "FULL" and r["BackoffRate"] > 1 for r in state["Retry"])
    assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    retried = {error for retrier in state["Retry"] for error in retrier["ErrorEquals"]}
    assert "States.ALL" not in retried


def test_failed_express_falls_over_to_batch_and_a_failed_job_is_collected() -> None:
    hopeless, others = STATES["Express"]["Catch"]
    assert hopeless["Next"] == "Collect"
    assert set(hopeless["ErrorEquals"]) == {ContractError.__name__, PackageError.__name__}
    assert (others["ErrorEquals"], others["Next"]) == (["States.ALL"], "ScoreShard")
    for job in ("ScoreShard", "ScoreShards"):
        assert STATES[job]["Catch"][0]["Next"] == "Collect"
        assert STATES[job]["Next"] == "Collect"
        assert STATES[job]["Resource"].endswith("batch:submitJob.sync")


def test_single_shard_is_no_array_job() -> None:
    assert "ArrayProperties" not in STATES["ScoreShard"]["Parameters"]
    assert STATES["ScoreShards"]["Parameters"]["ArrayProperties"] == {"Size.$": "$.plan.shards"}
    lanes = STATES["Lane"]
    assert lanes["Default"] == "ScoreShard"
    assert lanes["Choices"][1]["NumericGreaterThan"] == 1


def test_silence_does_not_fail_a_batch() -> None:
    assert reachable("TellEventBus") >= {"TellTopic", "Outcome", "Complete", "Incomplete"}
    assert STATES["TellTopic"]["Catch"][0]["Next"] == "Outcome"


def test_incomplete_batch_ends_failed_and_says_why() -> None:
    assert STATES["Outcome"]["Default"] == "Incomplete"
    assert STATES["Incomplete"]["Error"] == "BatchIncomplete"
    assert "not_scored" in STATES["Incomplete"]["CausePath"]


def test_event_is_the_contracts() -> None:
    (entry,) = STATES["TellEventBus"]["Parameters"]["Entries"]
    assert entry["Source"] == ScoringCompleted.SOURCE
    assert entry["DetailType"] == ScoringCompleted.DETAIL_TYPE


def test_every_placeholder_is_substituted_and_used() -> None:
    (machine,) = resources("AWS::Serverless::StateMachine").values()
    given = set(machine["Properties"]["DefinitionSubstitutions"])
    used = {
        part[2:-1]
        for part in walk(scoring())
        if isinstance(part, str) and part.startswith("${") and part.endswith("}")
    }
    assert used == given
    assert machine["Properties"]["Logging"]["IncludeExecutionData"] is False
    assert machine["Properties"]["Tracing"] == {"Enabled": True}


def test_file_needs_no_aliases() -> None:
    # Step Functions reads the file itself, and its YAML knows no aliases.
    events = [part for part in SCORING.read_text().split() if part[0] in "&*" and len(part) > 1]
    assert events == []
    assert json.dumps(scoring())
