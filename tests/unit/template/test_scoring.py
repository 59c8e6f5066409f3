from detector.contract import ContractError
from detector.package import PackageError
from detector.purpose import Purpose
from detector.summary import ScoringCompleted
from tests.unit.template.machine import Machine

SCORING = Machine("scoring")
STATES = SCORING.states


def test_every_task_is_caught() -> None:
    for name in SCORING.tasks:
        assert STATES[name]["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


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


def test_nobody_is_told_of_what_the_watch_scores() -> None:
    audience = STATES["Audience"]
    (watch,) = audience["Choices"]
    known, other = watch["And"]
    assert known == {"Variable": "$.completed.purpose", "IsPresent": True}
    assert other["Not"]["StringEquals"] == Purpose.LIVE.value
    assert not SCORING.reachable(watch["Next"]) & {"TellEventBus", "TellTopic"}
    assert audience["Default"] == "TellEventBus"


def test_silence_does_not_fail_a_batch() -> None:
    assert SCORING.reachable("TellEventBus") >= {"TellTopic", "Outcome", "Complete", "Incomplete"}
    assert STATES["TellTopic"]["Catch"][0]["Next"] == "Outcome"


def test_incomplete_batch_ends_failed_and_says_why() -> None:
    assert STATES["Outcome"]["Default"] == "Incomplete"
    assert STATES["Incomplete"]["Error"] == "BatchIncomplete"
    assert "not_scored" in STATES["Incomplete"]["CausePath"]


def test_event_is_the_contracts() -> None:
    (entry,) = STATES["TellEventBus"]["Parameters"]["Entries"]
    assert entry["Source"] == ScoringCompleted.SOURCE
    assert entry["DetailType"] == ScoringCompleted.DETAIL_TYPE
