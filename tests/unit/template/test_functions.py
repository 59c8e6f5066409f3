import importlib
from pathlib import Path
from typing import Any

import pytest

from detector.metric import STACK_VARIABLE
from functions.begin.settings import BeginSettings
from functions.bundle.target import LAMBDA_PYTHON
from functions.express.settings import ExpressSettings
from functions.gate.settings import GateSettings
from functions.intake.settings import IntakeSettings
from functions.plan.settings import PlanSettings
from functions.promote.settings import PromoteSettings
from functions.pulse.settings import PulseSettings
from functions.settings import Settings
from functions.shadow.settings import ShadowSettings
from functions.stop.settings import StopSettings
from functions.tell.settings import TellSettings
from functions.upload.settings import UploadSettings
from functions.watch.settings import WatchSettings
from tests.unit.template.document import ROOT, resources, template

FUNCTIONS = resources("AWS::Serverless::Function")
GLOBALS = template()["Globals"]["Function"]
SETTINGS: dict[str, type[Settings] | None] = {
    "IntakeFunction": IntakeSettings,
    "PlanFunction": PlanSettings,
    "ExpressFunction": ExpressSettings,
    "CollectFunction": None,
    "BeginFunction": BeginSettings,
    "GateFunction": GateSettings,
    "PromoteFunction": PromoteSettings,
    "PulseFunction": PulseSettings,
    "ShadowFunction": ShadowSettings,
    "StopFunction": StopSettings,
    "TellFunction": TellSettings,
    "UploadFunction": UploadSettings,
    "WatchFunction": WatchSettings,
}


def variables(properties: dict[str, Any]) -> set[str]:
    return set(properties.get("Environment", {}).get("Variables", {}))


def test_every_function_is_known_here() -> None:
    assert set(FUNCTIONS) == set(SETTINGS)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_environment_is_what_the_settings_read(name: str) -> None:
    model = SETTINGS[name]
    expected = {field.upper() for field in model.model_fields} if model else set()
    assert variables(FUNCTIONS[name]["Properties"]) == expected
    shared = {key for key in variables(GLOBALS) if not key.startswith("POWERTOOLS_")}
    assert shared == {STACK_VARIABLE}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_handler_exists_and_is_thin(name: str) -> None:
    module, _, function = FUNCTIONS[name]["Properties"]["Handler"].rpartition(".")
    handler = importlib.import_module(module)
    assert callable(getattr(handler, function))
    assert len(Path(str(handler.__file__)).read_text().splitlines()) < 60


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_function_is_built_by_the_makefile_and_has_its_own_role_and_log(name: str) -> None:
    function = FUNCTIONS[name]
    assert function["Metadata"] == {"BuildMethod": "makefile"}
    makefile = (ROOT / function["Properties"]["CodeUri"] / "Makefile").read_text()
    assert name in makefile
    stem = name.removesuffix("Function")
    assert function["Properties"]["Role"] == {"Fn::GetAtt": [f"{stem}Role", "Arn"]}
    assert function["Properties"]["LoggingConfig"] == {"LogGroup": {"Ref": f"{stem}Logs"}}


def test_runtime_is_the_python_that_bundles_are_built_for() -> None:
    assert GLOBALS["Runtime"] == f"python{LAMBDA_PYTHON}"
    assert GLOBALS["Architectures"] == ["x86_64"]
    assert GLOBALS["Tracing"] == "Active"


def test_no_function_asks_for_more_than_a_new_account_may_have() -> None:
    # "'MemorySize' value failed to satisfy constraint", and the deployment is undone:
    # https://github.com/awslabs/genai-bedrock-agent-chatbot/issues/4
    assert max(f.get("MemorySize", 128) for f in FUNCTIONS.values()) <= 3008
    # What is reserved for one is taken from the others, of which there may be 10 at a time.
    assert not any("ReservedConcurrentExecutions" in f for f in FUNCTIONS.values())


def test_every_log_is_kept_for_as_long_as_asked() -> None:
    for group in resources("AWS::Logs::LogGroup").values():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
