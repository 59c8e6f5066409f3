import pytest

from functions.plan.settings import PlanSettings
from functions.settings import SettingsError

GOOD = {
    "RESULTS_BUCKET": "r",
    "MODELS_BUCKET": "m",
    "CHAMPION_PARAMETER": "/p",
    "EXPRESS_MAX_IMAGES": "32",
    "EVIDENCE_IMAGES": "40",
    "IMAGES_PER_SHARD": "50000",
    "CHUNK_SIZE": "1000",
    "MAX_IMAGE_BYTES": "100",
    "MAX_IMAGE_PIXELS": "100",
    "PATH": "not ours",
}


def test_numbers_are_read() -> None:
    assert PlanSettings.read(GOOD).images_per_shard == 50_000


def test_every_wrong_variable_is_named() -> None:
    wrong = {**GOOD, "CHUNK_SIZE": "0", "IMAGES_PER_SHARD": "many"}
    del wrong["RESULTS_BUCKET"]
    with pytest.raises(SettingsError, match=r"RESULTS_BUCKET.*IMAGES_PER_SHARD.*CHUNK_SIZE"):
        PlanSettings.read(wrong)


def test_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    assert PlanSettings.read().champion_parameter == "/p"
