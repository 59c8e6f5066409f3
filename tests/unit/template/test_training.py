"""The way of a detector through its state machine."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from detector.layout import RunLayout
from detector.training_request import MAX_RUN_LENGTH, Compute, Recipe, TrainingRequest
from detector.training_run import Outcome, Stage, TrainingCompleted, TrainingRun
from functions.begin.answer import BeginAnswer
from tests.unit.template.document import ROOT, resources, template, walk
from tests.unit.template.machine import ENDS, Machine, State

TRAINING = Machine("training")
STATES = TRAINING.states
# A state's stage, for those that do the work of one.
STAGES = {
    "Prepare": Stage.PREPARE,
    "TrainOnBatch": Stage.TRAIN,
    "TrainTrials": Stage.TRAIN,
    "TrainOnSageMaker": Stage.TRAIN,
    "Evaluate": Stage.EVALUATE,
    "Export": Stage.EXPORT,
    "Gate": Stage.GATE,
    "Promote": Stage.PROMOTE,
}
LAYOUT = RunLayout("bucket", "train-1")


def answer(**asked: Any) -> dict[str, Any]:
    """Return what begin tells the machine, of a run that was asked for so."""
    request = TrainingRequest.model_validate({"dataset": "s3://bucket/d/", **asked})
    run = TrainingRun(
        run="train-1",
        created_at="",
        training_bucket="bucket",
        models_bucket="models",
        request=request,
        name="n",
        version="1",
    )
    return BeginAnswer.of(run).model_dump(mode="json")


def look_up(data: dict[str, Any], path: str) -> Any:
    found: Any = data
    for key in path.removeprefix("$.").split("."):
        found = found[key]
    return found


def holds(rule: dict[str, Any], data: dict[str, Any]) -> bool:
    """Evaluate the comparisons that this machine uses."""
    if "And" in rule:
        return all(holds(part, data) for part in rule["And"])
    value = look_up(data, rule["Variable"])
    if "NumericGreaterThan" in rule:
        return bool(value > rule["NumericGreaterThan"])
    return bool(value == rule.get("StringEquals", rule.get("BooleanEquals")))


def course(run: dict[str, Any], *, passed: bool = True) -> Iterator[str]:
    """Yield the states that an execution enters when nothing fails."""
    data = {"run": run, "end": {"passed": passed}}
    name = TRAINING.definition["StartAt"]
    while True:
        state = STATES[name]
        if state["Type"] != "Choice":
            yield name
        if state["Type"] in ENDS:
            return
        rules = [r["Next"] for r in state.get("Choices", []) if holds(r, data)]
        name = [*rules, state.get("Default") or state.get("Next")][0]


def jobs() -> dict[str, State]:
    return {n: s for n, s in STATES.items() if "batch:submitJob.sync" in s.get("Resource", "")}


def test_a_run_goes_through_its_stages_in_order() -> None:
    states = list(course(answer()))
    assert states[0] == "Begin"
    assert [STAGES[name] for name in states if name in STAGES] == list(Stage)
    assert states[-3:] == ["TellEventBus", "TellTopic", "Done"]


@pytest.mark.parametrize("recipe", list(Recipe))
def test_one_field_is_between_the_two_computes(recipe: Recipe) -> None:
    on_batch = answer(recipe=recipe, compute=Compute.BATCH)
    on_sagemaker = answer(recipe=recipe, compute=Compute.SAGEMAKER)
    assert {k for k in on_batch if on_batch[k] != on_sagemaker[k]} == {"compute"}
    pairs = list(zip(course(on_batch), course(on_sagemaker), strict=True))
    assert [pair for pair in pairs if pair[0] != pair[1]] == [("TrainOnBatch", "TrainOnSageMaker")]
    nexts = {STATES[name]["Next"] for name in pairs[3]}
    assert nexts == {"Evaluate"}


def test_a_search_trains_its_trials_side_by_side() -> None:
    states = list(course(answer(sweep=8)))
    assert "TrainTrials" in states
    assert not {"TrainOnBatch", "TrainOnSageMaker"} & set(states)
    trials, single = (dict(STATES[n]["Parameters"]) for n in ("TrainTrials", "TrainOnBatch"))
    assert trials.pop("ArrayProperties") == {"Size.$": "$.run.sweep"}
    assert trials == single


@pytest.mark.parametrize(
    ("passed", "promote", "promoted"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_only_what_passed_and_was_asked_for_is_promoted(
    passed: bool, promote: bool, promoted: bool
) -> None:
    states = list(course(answer(promote=promote), passed=passed))
    assert ("Promote" in states) is promoted
    # A refusal is an answer: it is told, and the execution succeeds.
    assert states[-3:] == ["TellEventBus", "TellTopic", "Done"]
    assert STATES["Done"]["Type"] == "Succeed"


@pytest.mark.parametrize("name", ["Begin", "ReadPrepared", *STAGES])
def test_a_failed_stage_fails_the_run_in_its_own_state(name: str) -> None:
    # Redrive starts in the state that failed. One that caught its failure would have succeeded,
    # and everything from there on would be done without what it should have made.
    assert "Catch" not in STATES[name]


def test_no_state_hides_a_failure() -> None:
    assert not [name for name, state in STATES.items() if state["Type"] == "Fail"]
    assert {name for name, state in STATES.items() if "Catch" in state} == {
        "TellEventBus",
        "TellTopic",
    }


def test_silence_does_not_fail_a_run() -> None:
    assert STATES["TellEventBus"]["Catch"][-1]["Next"] == "TellTopic"
    assert STATES["TellTopic"]["Catch"][-1]["Next"] == "Done"
    for name in ("TellEventBus", "TellTopic"):
        assert STATES[name]["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


def test_each_job_is_told_its_stage_and_its_run() -> None:
    found = jobs()
    assert {STAGES[name].value for name in found} == {"prepare", "train", "evaluate", "export"}
    for name, state in found.items():
        told = state["Parameters"]["Parameters"]
        assert told == {"stage": STAGES[name].value, "run.$": "$.run.uri"}
        assert (
            state["Parameters"]["JobName.$"] == f"States.Format('{STAGES[name]}-{{}}', $.run.run)"
        )
        assert state["ResultPath"] is None


def test_only_training_and_evaluating_take_a_gpu() -> None:
    where = {
        name: (state["Parameters"]["JobQueue"], state["Parameters"]["JobDefinition"])
        for name, state in jobs().items()
    }
    cpu, gpu = ("${CpuJobQueue}", "${PreparationJob}"), ("${GpuJobQueue}", "${TrainerJob}")
    assert where == {
        "Prepare": cpu,
        "Export": cpu,
        "TrainOnBatch": gpu,
        "TrainTrials": gpu,
        "Evaluate": gpu,
    }
    given = TRAINING.resource["DefinitionSubstitutions"]
    assert (given["GpuJobQueue"], given["CpuJobQueue"]) == (
        {"Ref": "JobQueue"},
        {"Ref": "CpuJobQueue"},
    )


def test_what_is_passed_on_is_small() -> None:
    # Whatever a job or a document says is dropped, but for what a later state asks for.
    for name in TRAINING.tasks:
        state = STATES[name]
        assert state.get("ResultSelector") or state["ResultPath"] is None, name


def test_sagemaker_runs_the_trainers_image_on_the_same_run() -> None:
    asked = STATES["TrainOnSageMaker"]["Parameters"]
    assert STATES["TrainOnSageMaker"]["Resource"].endswith("sagemaker:createTrainingJob.sync")
    algorithm = asked["AlgorithmSpecification"]
    assert algorithm["TrainingImage"] == "${SageMakerImage}"
    assert algorithm["ContainerEntrypoint"] == ["python", "-m", "training", "sagemaker"]
    image = TRAINING.resource["DefinitionSubstitutions"]["SageMakerImage"]
    # Another tag of one build: the targets differ by their user alone (docs/image.md).
    batch = json.loads(json.dumps(image).replace(":sagemaker", ":trainer"))
    assert batch != image
    definitions = resources("AWS::Batch::JobDefinition")
    for name in ("PreparationJob", "TrainerJob"):
        assert definitions[name]["Properties"]["ContainerProperties"]["Image"] == batch
    assert asked["HyperParameters"] == {"run.$": "$.run.uri"}


def test_sagemaker_is_spot_bounded_and_resumes() -> None:
    asked = STATES["TrainOnSageMaker"]["Parameters"]
    assert asked["EnableManagedSpotTraining"] is True
    assert asked["CheckpointConfig"]["LocalPath"] == "/opt/ml/checkpoints"
    # Numbers, though a substitution can only be a text.
    for part, key in (
        ("StoppingCondition", "MaxRuntimeInSeconds"),
        ("StoppingCondition", "MaxWaitTimeInSeconds"),
        ("ResourceConfig", "VolumeSizeInGB"),
    ):
        assert asked[part][f"{key}.$"].startswith("States.StringToJson('${SageMaker")
    parameters = template()["Parameters"]
    longest = parameters["SageMakerMaxRunSeconds"]["Default"]
    assert parameters["SageMakerMaxWaitSeconds"]["Default"] >= longest


def test_sagemaker_reads_and_writes_where_the_stages_do() -> None:
    asked = STATES["TrainOnSageMaker"]["Parameters"]

    def uri(form: str) -> str:
        text = form.removeprefix("States.Format('").partition("'")[0]
        assert form.endswith("', $.run.bucket, $.run.run)")
        return text.format(LAYOUT.bucket, LAYOUT.run)

    dataset, prepared = (
        channel["DataSource"]["S3DataSource"]["S3Uri.$"] for channel in asked["InputDataConfig"]
    )
    assert [channel["ChannelName"] for channel in asked["InputDataConfig"]] == ["dataset", "run"]
    assert dataset == "$.prepared.said.dataset"
    assert uri(prepared) == str(LAYOUT.prepared)
    assert uri(asked["CheckpointConfig"]["S3Uri.$"]) == str(LAYOUT.checkpoints)
    assert uri(asked["OutputDataConfig"]["S3OutputPath.$"]) == str(LAYOUT.sagemaker)
    key = STATES["ReadPrepared"]["Parameters"]["Key.$"]
    assert "'runs/{}/prepared/prepared.json'" in key
    assert LAYOUT.prepared.join("prepared.json").key == "runs/train-1/prepared/prepared.json"


def test_a_sagemaker_job_is_named_after_its_run_and_never_twice() -> None:
    form = STATES["TrainOnSageMaker"]["Parameters"]["TrainingJobName.$"]
    first = "States.ArrayGetItem(States.StringSplit(States.UUID(), '-'), 0)"
    assert form == f"States.Format('{{}}-{{}}', $.run.run, {first})"
    assert MAX_RUN_LENGTH + len("-01234567") <= 63


def test_metrics_are_read_from_the_lines_that_the_trainer_prints() -> None:
    definitions = STATES["TrainOnSageMaker"]["Parameters"]["AlgorithmSpecification"]
    for metric in definitions["MetricDefinitions"]:
        line = f"metric {metric['Name'].replace(':', '/')}=-1.5e-05"
        found = re.search(metric["Regex"], line)
        assert found is not None
        assert float(found[1]) == -1.5e-05


def test_event_is_the_contracts() -> None:
    (entry,) = STATES["TellEventBus"]["Parameters"]["Entries"]
    assert entry["Source"] == TrainingCompleted.SOURCE
    assert entry["DetailType"] == TrainingCompleted.DETAIL_TYPE
    assert entry["Detail.$"] == "$.end.completed"
    assert STATES["Done"]["OutputPath"] == "$.end.completed"
    subject = f"Training run {'r' * MAX_RUN_LENGTH} is {max(Outcome, key=len)}"
    assert len(subject) <= 100  # as SNS asks


def test_states_ask_begin_for_what_it_says() -> None:
    texts = [part for part in walk(TRAINING.definition) if isinstance(part, str)]
    asked = {
        word.split("$.run.")[1].rstrip(",)")
        for text in texts
        for word in text.split()
        if word.startswith("$.run.")
    }
    assert asked == set(BeginAnswer.model_fields)


def test_failed_runs_are_told_from_outside() -> None:
    tell = resources("AWS::Serverless::Function")["TellFunction"]["Properties"]
    (event,) = tell["Events"].values()
    assert event["Type"] == "EventBridgeRule"
    pattern = event["Properties"]["Pattern"]
    assert pattern["detail"]["stateMachineArn"] == [{"Ref": "TrainingStateMachine"}]
    assert set(pattern["detail"]["status"]) == {"FAILED", "TIMED_OUT", "ABORTED"}
    alarm = resources("AWS::CloudWatch::Alarm")["TrainingFailedAlarm"]["Properties"]
    assert alarm["Dimensions"][0]["Value"] == {"Ref": "TrainingStateMachine"}


def test_how_to_operate_it_is_written_down() -> None:
    page = (ROOT / "docs" / "training-operations.md").read_text()
    for word in ("--resume", "aidetect promote", "aidetect rollback", "--reason", "redrive"):
        assert word in page
