import math
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from detector.contract import ContractError
from detector.evaluation import Estimate, Label
from detector.package import DESCRIPTION_FILE, Graph
from detector.training_run import (
    Comparison,
    Exported,
    GateDecision,
    SourceComparison,
    TrainingCompleted,
)
from functions.gate.decide import (
    JUDGED,
    Bounds,
    Challenger,
    judge_against,
    judge_floor,
    judge_present,
)
from functions.gate.handler import handler, read_settings
from functions.stored import MAX_REASON, load
from tests.unit.functions.conftest import CHAMPION_PARAMETER, MODELS, TRAINING, FakeContext
from tests.unit.functions.training import (
    CHALLENGER,
    CHAMPION,
    LAYOUT,
    PREFIX,
    RUN,
    TRAINED,
    Scene,
    comparison,
    described_run,
    evaluation,
    package,
    row,
)
from training.degrade import Variant

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient


JUDGED_ONE = Challenger(CHALLENGER, TRAINED)
BOUNDS = Bounds(tolerance=0.01, margin=0.005)


@pytest.fixture
def scene(s3: "S3Client", ssm: "SSMClient", monkeypatch: pytest.MonkeyPatch) -> Scene:
    for name, value in {
        "TRAINING_BUCKET": TRAINING,
        "MODELS_BUCKET": MODELS,
        "CHAMPION_PARAMETER": CHAMPION_PARAMETER,
        "GATE_REAL_FLOOR": "0.9",
        "GATE_TOLERANCE": "0.01",
        "GATE_MARGIN": "0.005",
    }.items():
        monkeypatch.setenv(name, value)
    read_settings.cache_clear()
    made = Scene(s3)
    made.put_run()
    return made


def gate() -> dict[str, Any]:
    how: Any = FakeContext()
    return handler({"run": RUN}, how)


def reasons() -> tuple[str, ...]:
    """Return why the gate refuses; fails the test where it does not."""
    answer = gate()
    assert answer["passed"] is False
    assert answer["completed"]["outcome"] == "refused"
    return tuple(answer["completed"]["reasons"])


def test_a_better_detector_passes_and_every_number_is_kept(scene: Scene) -> None:
    answer = gate()
    assert answer["passed"] is True
    told = TrainingCompleted.model_validate(answer["completed"])
    assert (told.outcome, told.challenger) == ("passed", str(CHALLENGER))
    assert told.champion == "probe@1.0.0"
    assert told.report == f"s3://{TRAINING}/runs/{RUN}/report.html"
    assert any("balanced accuracy is 0.825" in reason for reason in told.reasons)
    kept = load(GateDecision, LAYOUT.gate, s3=scene.s3)
    assert (kept.passed, kept.challenger, kept.champion) == (True, CHALLENGER, CHAMPION)
    assert kept.numbers["real_right/hard"] == 0.94
    assert kept.numbers["challenger/balanced"] == pytest.approx(0.825)
    assert kept.numbers["champion/balanced"] == pytest.approx(0.725)
    assert (kept.numbers["floor"], kept.numbers["tolerance"]) == (0.9, 0.01)
    assert kept.numbers["margin"] == 0.005
    assert kept.numbers["parity/fp16"] == 0.001


def test_a_decision_is_made_once(scene: Scene) -> None:
    first = gate()
    scene.put(LAYOUT.evaluation, evaluation(real={"clean": 0.1}))
    scene.remove(PREFIX.join("model.onnx"))
    assert gate() == first


def test_of_two_gates_at_a_time_the_first_holds(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = gate()
    scene.put(LAYOUT.evaluation, evaluation(real={"clean": 0.1}))
    monkeypatch.setattr("functions.gate.gate.find", lambda *_, **__: None)
    assert gate() == first


def test_a_missing_file_is_a_reason(scene: Scene) -> None:
    scene.remove(PREFIX.join("model.fp16.onnx"))
    (why,) = reasons()
    assert why == f"{PREFIX.join('model.fp16.onnx')} is missing from the package"


def test_one_altered_byte_is_a_reason_whatever_the_metadata_say(scene: Scene) -> None:
    where = PREFIX.join("model.int8.onnx")
    file = package().graph(Graph.INT8)
    scene.s3.put_object(
        Bucket=where.bucket,
        Key=where.key,
        Body=b"int8 graph" * 998,
        Metadata={"sha256": file.sha256},
    )
    (why,) = reasons()
    assert why == f"{where} has 9980 bytes, but detector.json says 9990"
    scene.remove(LAYOUT.gate)
    altered = b"Int8 graph" + b"int8 graph" * 998
    scene.s3.put_object(
        Bucket=where.bucket, Key=where.key, Body=altered, Metadata={"sha256": file.sha256}
    )
    (why,) = reasons()
    assert why.startswith(f"{where} was altered")


def test_a_description_of_another_schema_is_a_reason(scene: Scene) -> None:
    body = package().dumps().replace("aidetect.detector/1", "aidetect.detector/2").encode()
    scene.put(PREFIX.join(DESCRIPTION_FILE), body)
    (why,) = reasons()
    assert why.startswith("the package is not usable:")
    assert "aidetect.detector/2" in why
    assert "\n" not in why


def test_a_long_complaint_is_cut(scene: Scene) -> None:
    scene.put(PREFIX.join(DESCRIPTION_FILE), b'{"schema": "aidetect.detector/1"}')
    (why,) = reasons()
    assert "name; Field required" in why
    assert len(why) < MAX_REASON + 50


def test_a_package_under_anothers_name_is_a_reason(scene: Scene) -> None:
    other = package().model_copy(update={"version": "7"})
    scene.put(PREFIX.join(DESCRIPTION_FILE), other)
    (why,) = reasons()
    assert "says that it is clip-lora@7" in why


def test_a_package_that_a_lane_could_not_use_is_refused(scene: Scene) -> None:
    whole = package()
    few = whole.model_copy(update={"graphs": {}})
    scene.put(PREFIX.join(DESCRIPTION_FILE), few)
    no_int8, no_float = reasons()
    assert "no int8 graph" in no_int8
    assert "neither an fp16 nor an fp32 graph" in no_float


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("exported", "nothing usable was exported"),
        ("evaluation", "no usable evaluation"),
        ("comparison", "no usable comparison with probe@1.0.0"),
    ],
)
@pytest.mark.parametrize("body", [None, b"", b"{}", b"\xff", b"[1]", b'{"schema": "x/1"}'])
def test_papers_that_are_missing_or_damaged_are_reasons(
    scene: Scene, name: str, says: str, body: bytes | None
) -> None:
    where = getattr(LAYOUT, name)
    scene.remove(where)
    if body is not None:
        scene.put(where, body)
    why, *others = reasons()
    assert says in why
    # Who does not know what was released cannot find it either.
    assert len(others) == (name == "exported")


def test_a_detector_of_another_bucket_or_version_is_not_the_runs(scene: Scene) -> None:
    elsewhere = CHALLENGER.model_copy(update={"bucket": "elsewhere"})
    later = CHALLENGER.model_copy(update={"version": "2026.11.255"})
    for other in (elsewhere, later):
        scene.put(LAYOUT.exported, Exported(detector=other))
        scene.remove(LAYOUT.gate)
        assert reasons()[0].startswith(f"the run exported {other}")


def test_all_that_is_wrong_is_said(scene: Scene) -> None:
    scene.remove(PREFIX.join("MODEL_CARD.md"))
    scene.put(LAYOUT.evaluation, evaluation(real={"web": 0.5, "hard": 0.4}))
    scene.put(LAYOUT.comparison, comparison(row(Label.REAL, 0.5, 0.9), row(Label.AI, 0.5, 0.5)))
    found = reasons()
    assert len(found) == 5
    for part in ("MODEL_CARD.md is missing", "0.500", "hard", "leaves 0.500", "not above"):
        assert any(part in why for why in found)


def test_papers_of_another_detector_are_reasons(scene: Scene) -> None:
    scene.put(LAYOUT.evaluation, evaluation(detector="other@1"))
    scene.put(LAYOUT.comparison, comparison(challenger="other@1"))
    scene.put(LAYOUT.exported, Exported(detector=CHAMPION))
    exported, missing, evaluated, compared = reasons()
    assert exported.startswith(f"the run exported probe@1.0.0 in {MODELS}, not {TRAINED}")
    assert "models/clip-lora/2026.11.25/detector.json is missing" in missing
    assert "evaluation is of other@1" in evaluated
    assert "comparison is of other@1 with probe@1.0.0" in compared


def test_without_a_champion_the_floor_is_all(scene: Scene, ssm: "SSMClient") -> None:
    ssm.delete_parameter(Name=CHAMPION_PARAMETER)
    scene.put(LAYOUT.description, described_run(champion=None))
    scene.remove(LAYOUT.comparison)
    answer = gate()
    assert answer["passed"] is True
    assert answer["completed"]["champion"] == "none"
    scene.remove(LAYOUT.gate)
    scene.put(LAYOUT.evaluation, evaluation(real={"clean": 0.89}))
    assert len(reasons()) == 1


def test_a_champion_that_came_meanwhile_was_not_beaten(scene: Scene, ssm: "SSMClient") -> None:
    ssm.put_parameter(Name=CHAMPION_PARAMETER, Value="rival@3", Overwrite=True)
    (why,) = reasons()
    assert "the champion is rival@3 by now" in why
    assert f"aidetect promote {CHALLENGER} --reason" in why


def test_a_promotion_before_the_decision_was_kept_is_no_reason() -> None:
    assert judge_present(CHAMPION, CHALLENGER, CHALLENGER).passed
    assert judge_present(None, None, CHALLENGER).passed
    assert not judge_present(CHAMPION, None, CHALLENGER).passed


def test_without_a_run_nobody_knows_what_to_decide(scene: Scene) -> None:
    scene.remove(LAYOUT.description)
    with pytest.raises(ContractError, match=r"run\.json is missing"):
        gate()


def test_a_service_that_fails_is_no_reason_against_a_detector(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_asked: object) -> None:
        raise ClientError({"Error": {"Code": "SlowDown", "Message": "later"}}, "GetObject")

    monkeypatch.setattr("functions.gate.handler.s3_client", lambda: scene.s3)
    monkeypatch.setattr(scene.s3, "get_object", refuse)
    with pytest.raises(ClientError, match="SlowDown"):
        gate()


@pytest.mark.parametrize(("share", "passes"), [(0.9, True), (0.8999, False), (math.nan, False)])
@pytest.mark.parametrize("copy", JUDGED)
def test_the_floor_holds_for_each_kind_of_copy(copy: str, share: float, passes: bool) -> None:
    found = judge_floor(evaluation(real={copy: share}), JUDGED_ONE, floor=0.9)
    assert found.passed is passes
    assert passes or copy in found.against[0]
    assert all(math.isfinite(value) for value in found.sound_numbers.values())


@pytest.mark.parametrize(("low", "passes"), [(0.51, True), (0.5, False), (math.nan, False)])
def test_a_detector_that_accuses_nobody_is_no_detector(low: float, passes: bool) -> None:
    report = evaluation(real={"clean": 1.0})
    auc = Estimate(value=0.6, low=low, high=0.7)
    first = report.variants[0].model_copy(update={"auc": auc})
    useless = report.model_copy(update={"variants": (first, *report.variants[1:])})
    found = judge_floor(useless, JUDGED_ONE, floor=0.9)
    assert found.passed is passes
    assert passes or "no better than chance in clean copies" in found.against[0]


def test_a_copy_that_was_not_judged_is_a_reason() -> None:
    report = evaluation()
    short = report.model_copy(update={"variants": report.variants[:2]})
    found = judge_floor(short, JUDGED_ONE, floor=0.0)
    assert found.against == ("the evaluation says nothing of hard copies",)


def test_copies_are_named_as_they_are_made() -> None:
    assert set(JUDGED) == {Variant.CLEAN.value, Variant.WEB.value, Variant.HARD.value}


def against(*rows: SourceComparison) -> tuple[str, ...]:
    made: Comparison = comparison(*rows)
    return judge_against(CHAMPION, made, JUDGED_ONE, BOUNDS).against


@pytest.mark.parametrize(
    ("real", "ai", "passes"),
    [
        ((0.95, 0.95), (0.6, 0.5), True),
        ((0.94, 0.95), (0.6, 0.5), True),  # within the tolerance, to the last bit
        ((0.1 + 0.2, 0.3), (0.5, 0.5), False),  # no better but for the last bit
        ((0.93, 0.95), (0.9, 0.5), False),  # accuses too many more, however good at AI images
        ((0.95, 0.95), (0.5, 0.5), False),  # a tie is not better
        ((0.95, 0.95), (0.51, 0.5), False),  # nor is a borderline image or two
        ((0.95, 0.95), (0.511, 0.5), True),
        ((0.99, 0.95), (0.4, 0.5), False),
        ((math.nan, 0.95), (0.6, 0.5), False),
        ((0.95, 0.95), (math.nan, 0.5), False),
    ],
)
def test_the_champion_is_to_be_beaten_without_accusing_more(
    real: tuple[float, float], ai: tuple[float, float], passes: bool
) -> None:
    assert (against(row(Label.REAL, *real), row(Label.AI, *ai)) == ()) is passes


def test_each_source_has_the_same_say() -> None:
    many = row(Label.REAL, 0.99, 0.95, images=100_000)
    few = row(Label.REAL, 0.85, 0.95, images=10)
    (why,) = against(many, few, row(Label.AI, 0.9, 0.5))
    assert why.startswith("leaves 0.920 of the real photographs")


def test_rows_that_are_not_judged_do_not_count() -> None:
    good = (row(Label.REAL, 0.95, 0.95), row(Label.AI, 0.7, 0.5))
    assert against(*good, row(Label.AI, 0.0, 1.0, images=0)) == ()
    assert against(*good, row(Label.AI, 0.0, 1.0, name="rough")) == ()


@pytest.mark.parametrize(
    ("label", "lacks"), [(Label.AI, "real photographs"), (Label.REAL, "AI images")]
)
def test_a_class_without_a_fair_comparison_is_refused_with_a_way_out(
    label: Label, lacks: str
) -> None:
    (why,) = against(row(label, 0.9, 0.5))
    assert f"there are no {lacks} on which it can be compared" in why
    assert f"aidetect promote {CHALLENGER} --reason" in why


def test_sources_left_out_are_counted() -> None:
    left = comparison().model_copy(update={"rows": (), "left_out": ("a", "b")})
    (why,) = judge_against(CHAMPION, left, JUDGED_ONE, BOUNDS).against
    assert "no real photographs and no AI images" in why
    assert "(2 sources were left out)" in why
