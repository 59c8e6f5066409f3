from typing import TYPE_CHECKING, Any

import pytest

from detector.champion import read_champion
from detector.contract import ContractError
from detector.package import DESCRIPTION_FILE
from detector.promotion import PromotionError, PromotionLog
from detector.training_run import GateDecision, TrainingCompleted
from functions.promote.handler import handler, read_settings
from tests.unit.functions.conftest import CHAMPION_PARAMETER, MODELS, TRAINING, FakeContext
from tests.unit.functions.training import (
    CHALLENGER,
    CHAMPION,
    LAYOUT,
    PREFIX,
    RUN,
    Scene,
    described_run,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient


def decision(*, passed: bool = True) -> GateDecision:
    return GateDecision(
        run=RUN,
        challenger=CHALLENGER,
        champion=CHAMPION,
        passed=passed,
        reasons=("it is better",) if passed else ("too few", "too late"),
        decided_at="2026-11-25T05:00:00.000+00:00",
    )


@pytest.fixture
def scene(s3: "S3Client", ssm: "SSMClient", monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setenv("TRAINING_BUCKET", TRAINING)
    monkeypatch.setenv("MODELS_BUCKET", MODELS)
    monkeypatch.setenv("CHAMPION_PARAMETER", CHAMPION_PARAMETER)
    read_settings.cache_clear()
    made = Scene(s3)
    made.put_run()
    made.put(LAYOUT.gate, decision())
    return made


def promote() -> TrainingCompleted:
    how: Any = FakeContext()
    return TrainingCompleted.model_validate(handler({"run": RUN}, how))


def log(scene: Scene, ssm: "SSMClient") -> PromotionLog:
    return PromotionLog(scene.s3, ssm, MODELS, CHAMPION_PARAMETER)


def champion(ssm: "SSMClient") -> str:
    return str(read_champion(ssm=ssm, parameter=CHAMPION_PARAMETER, bucket=MODELS))


def test_what_passed_becomes_the_champion_and_is_told(scene: Scene, ssm: "SSMClient") -> None:
    told = promote()
    assert (told.outcome, told.reasons) == ("promoted", ("it is better",))
    assert (told.challenger, told.champion) == (str(CHALLENGER), str(CHAMPION))
    assert champion(ssm) == str(CHALLENGER)
    (entry,) = log(scene, ssm).history()
    assert (entry.by, entry.reason, entry.run) == ("training", "passed the gate", RUN)
    assert entry.previous == CHAMPION


def test_who_asked_and_why_is_kept(scene: Scene, ssm: "SSMClient") -> None:
    scene.put(LAYOUT.description, described_run(requested_by="ada", reason="new phones"))
    promote()
    (entry,) = log(scene, ssm).history()
    assert (entry.by, entry.reason) == ("ada", "passed the gate; new phones")


def test_promoting_a_run_again_does_not_undo_a_rollback(scene: Scene, ssm: "SSMClient") -> None:
    where = PREFIX.key.replace(f"{CHALLENGER.name}/{CHALLENGER.version}", "probe/1.0.0")
    body = scene.s3.get_object(Bucket=MODELS, Key=PREFIX.join(DESCRIPTION_FILE).key)["Body"].read()
    scene.s3.put_object(Bucket=MODELS, Key=where + DESCRIPTION_FILE, Body=body)
    first = promote()
    log(scene, ssm).rollback(by="ada", reason="wrong")
    assert promote() == first
    assert champion(ssm) == str(CHAMPION)


def test_what_was_refused_is_not_promoted(scene: Scene, ssm: "SSMClient") -> None:
    scene.put(LAYOUT.gate, decision(passed=False))
    with pytest.raises(PromotionError, match="refused: too few; too late"):
        promote()
    scene.remove(LAYOUT.gate)
    with pytest.raises(ContractError, match=r"gate\.json is missing"):
        promote()
    assert champion(ssm) == str(CHAMPION)
    assert log(scene, ssm).history() == []


def test_what_is_gone_is_not_promoted(scene: Scene, ssm: "SSMClient") -> None:
    scene.remove(PREFIX.join(DESCRIPTION_FILE))
    with pytest.raises(PromotionError, match="is not published"):
        promote()
    assert champion(ssm) == str(CHAMPION)
