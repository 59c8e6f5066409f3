"""The stack's decisions, without an emulator."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from detector.promotion import PromotionLog
from local import (
    emulator_process,
    fingerprint,
    processes,
    resource_types,
    sam,
    stack,
    toolchain,
)
from local.champion import ensure_champion
from local.emulator.aidetect_emulator import settings
from local.emulator.aidetect_emulator.code_cache import unzip_once
from local.emulator.aidetect_emulator.pruning import prune, used
from local.emulator_process import EmulatorOptions
from local.errors import EmulatorDiedError, SamError, UnsupportedTypesError
from local.facts import StackOutputs
from local.options import UpOptions
from local.paths import StatePaths
from local.record import Record
from local.sam_output import failures, summarize
from local.toolchain import Toolchain

TABLE = """
----------------------------------------------------------------------------------------------------
CREATE_IN_PROGRESS       AWS::SQS::Queue          Queue                    -
CREATE_FAILED            AWS::StepFunctions::St   ScoringStateMachine      Resource provider
                         ateMachine                                        operation failed
CREATE_COMPLETE          AWS::SQS::Queue          Queue                    -
----------------------------------------------------------------------------------------------------
Error: Failed to create/update the stack
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIDETECT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def tools(tmp_path: Path, python: str = sys.executable) -> Toolchain:
    return Toolchain(Path(python), tmp_path, Path(python), tmp_path, Path(python))


def test_status_and_down_where_nothing_was_ever_started(home: Path) -> None:
    found = stack.status()
    assert (found.running, found.deployed, found.endpoint, found.pid) == (False, False, None, None)
    assert stack.down() == 0
    assert not home.exists()


def test_status_of_a_dead_process(home: Path) -> None:
    home.mkdir()
    Record(2**30, 1.0, 1, "mine", "us-east-1", "v", "d").save(StatePaths(home).record)
    found = stack.status()
    assert (found.running, found.stack) == (False, "mine")
    assert stack.down(purge=True) == 0
    assert not home.exists()


def test_a_running_stack_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    me = psutil.Process()
    Record(me.pid, me.create_time(), 4999, "mine", "us-east-1", "v", "d").save(
        StatePaths(home).record
    )
    monkeypatch.setattr(emulator_process, "is_healthy", lambda _port: True)
    found = stack.status()
    assert (found.running, found.deployed) == (True, True)
    assert found.endpoint == "http://127.0.0.1:4999"


def test_unsupported_types_are_named_and_recorded_ones_are_not() -> None:
    used_types = {
        "AWS::Serverless::Function": ["F"],
        "AWS::S3::Bucket": ["B"],
        "AWS::ECR::RepositoryPolicy": ["P"],
        "AWS::Pipes::Pipe": ["One", "Two"],
    }
    assert resource_types.unsupported(used_types, ["AWS::S3::Bucket"]) == {
        "AWS::Pipes::Pipe": ["One", "Two"]
    }
    message = str(UnsupportedTypesError({"AWS::Pipes::Pipe": ["One", "Two"]}))
    assert "AWS::Pipes::Pipe: One, Two" in message


def test_the_check_runs_in_the_emulators_python(tmp_path: Path) -> None:
    package = tmp_path / "aidetect_emulator"
    package.mkdir()
    answer = json.dumps({"supported": ["A"], "used": {"A": ["x"], "B": ["y"]}})
    (package / "types_list.py").write_text(f"print('''{answer}''')")
    with pytest.raises(UnsupportedTypesError, match="B: y"):
        resource_types.check(tmp_path / "template.yaml", tools(tmp_path))
    (package / "types_list.py").write_text("raise SystemExit('no template')")
    with pytest.raises(SamError, match="no template"):
        resource_types.check(tmp_path / "template.yaml", tools(tmp_path))


def test_the_fingerprint_follows_sources_parameters_and_name(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {}")
    source = tmp_path / "functions" / "a.py"
    source.parent.mkdir()
    source.write_text("1")
    (tmp_path / "functions" / "__pycache__").mkdir()
    (tmp_path / "functions" / "__pycache__" / "a.pyc").write_text("1")
    first = fingerprint.of_deployment(template, "s", {"A": "1"})
    assert fingerprint.of_deployment(template, "s", {"A": "1"}) == first
    (tmp_path / "functions" / "__pycache__" / "a.pyc").write_text("2")
    assert fingerprint.of_deployment(template, "s", {"A": "1"}) == first
    others = {
        fingerprint.of_deployment(template, "t", {"A": "1"}),
        fingerprint.of_deployment(template, "s", {"A": "2"}),
    }
    source.write_text("2")
    others.add(fingerprint.of_deployment(template, "s", {"A": "1"}))
    assert len(others | {first}) == 4


def test_an_emulator_that_ends_shows_its_log(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'cannot bind'\nexit 3\n")
    python.chmod(0o755)
    with pytest.raises(EmulatorDiedError, match=r"status 3(.|\n)*cannot bind"):
        emulator_process.start(
            StatePaths(tmp_path), tools(tmp_path, str(python)), EmulatorOptions(1)
        )


def test_the_users_aws_settings_stay_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    environ = emulator_process.environment(
        StatePaths(tmp_path), tools(tmp_path), EmulatorOptions(4999, 3, 10)
    )
    assert not any(name.startswith("AWS_") for name in environ)
    found = settings.from_environ(environ)
    assert (found.state, found.batch_slots, found.alarm_period) == (tmp_path, 3, 10)
    assert settings.from_environ(found.environ()) == found
    with pytest.raises(settings.MissingSettingError, match="STATE"):
        settings.from_environ({})


def test_tail_of_a_log(tmp_path: Path) -> None:
    assert emulator_process.tail(tmp_path / "none") == "(no log)"
    (tmp_path / "log").write_text("\n".join(str(i) for i in range(100)))
    assert emulator_process.tail(tmp_path / "log", 2) == "98\n99"
    assert not emulator_process.is_healthy(1)


def test_sam_failures_are_read_off_its_table() -> None:
    found = failures(TABLE)
    assert [(f.resource, f.reason) for f in found] == [
        ("ScoringStateMachine", "Resource provider operation failed")
    ]
    assert summarize(TABLE).splitlines() == [
        "  ScoringStateMachine: Resource provider operation failed",
        "Error: Failed to create/update the stack",
    ]
    assert summarize("a\n\nb") == "a\nb"


def fake_sam(tmp_path: Path, script: str) -> Toolchain:
    python = tmp_path / "sam"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return tools(tmp_path, str(python))


def test_a_build_is_kept_until_its_sources_change(tmp_path: Path) -> None:
    paths = StatePaths(tmp_path)
    paths.build.mkdir()
    script = f'echo "$BUNDLE_TARGET" >> {tmp_path}/calls; touch {paths.build}/template.yaml'
    made = fake_sam(tmp_path, script)
    for sources in ("one", "one", "two"):
        built = sam.build(made, paths, tmp_path / "template.yaml", "us-east-1", sources)
        assert built.is_file()
    assert (tmp_path / "calls").read_text() == "here\nhere\n"


def test_a_failed_build_says_so_and_is_not_kept(tmp_path: Path) -> None:
    paths = StatePaths(tmp_path)
    made = fake_sam(tmp_path, "echo 'Makefile: no rule'; exit 2")
    with pytest.raises(SamError, match=r"sam build failed(.|\n)*no rule(.|\n)*sam\.log"):
        sam.build(made, paths, tmp_path / "template.yaml", "us-east-1", "one")


@dataclass
class FakeSsm:
    """A parameter store with one parameter."""

    value: str

    def get_parameter(self, **_names: str) -> Mapping[str, Mapping[str, str]]:
        return {"Parameter": {"Value": self.value}}


def test_a_champion_that_is_there_stays() -> None:
    ssm: Any = FakeSsm("clip@1")
    none: Any = None
    assert ensure_champion(s3=none, ssm=ssm, bucket="b", parameter="p", progress=print) == "clip@1"


def test_options_and_outputs() -> None:
    options = UpOptions(parameters={"ChunkSize": "7"})
    assert options.all_parameters()["ChunkSize"] == "7"
    assert options.all_parameters()["BatchingWindowSeconds"] == "2"
    assert UpOptions(template=Path("x")).all_parameters() == {}
    outputs = StackOutputs("http://127.0.0.1:1", "us-east-1", "s", {})
    assert outputs.environ()["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"


def test_archives_are_unzipped_once(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("bin/run")
        info.external_attr = 0o755 << 16
        archive.writestr(info, "x")
        archive.writestr("b.txt", "y")
    folder = unzip_once(tmp_path / "a.zip", "hash", tmp_path)
    assert (folder / "bin" / "run").stat().st_mode & 0o111
    (folder / "b.txt").write_text("kept")
    assert unzip_once(tmp_path / "a.zip", "hash", tmp_path) == folder
    assert (folder / "b.txt").read_text() == "kept"


def test_what_was_not_used_for_long_is_pruned(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "c").touch()
    used(tmp_path / "a")
    now = (tmp_path / "a").stat().st_mtime
    assert prune(tmp_path, 1, now) == []
    assert len(prune(tmp_path, 1, now + 7200)) == 2
    assert prune(tmp_path, 0, now + 7200)
    assert list(tmp_path.iterdir()) == []


class Steps:
    """The doing parts of ``up``, replaced: records what was done in which order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.done: list[str] = []
        me = psutil.Process()
        monkeypatch.setattr(toolchain, "ensure", lambda _progress: tools(tmp_path))
        self._replace(monkeypatch, resource_types, "check")
        self._replace(monkeypatch, processes, "stop_all", 0)
        self._replace(monkeypatch, stack, "require_free")
        self._replace(monkeypatch, sam, "build", tmp_path / "built.yaml")
        self._replace(monkeypatch, emulator_process, "start", me)
        self._replace(monkeypatch, sam, "deploy")
        self._replace(monkeypatch, stack, "restore_objects", 1)
        self._replace(monkeypatch, stack, "restore_parameters", 1)
        self._replace(monkeypatch, stack, "ensure_champion", "clip@1")
        monkeypatch.setattr(emulator_process, "is_healthy", lambda _port: True)
        values = {"ChampionParameter": "/s/champion", "ModelsBucket": "m"}
        answer = StackOutputs("http://127.0.0.1:1", "us-east-1", "s", values)
        monkeypatch.setattr(stack, "_outputs", lambda _found: answer)

    def _replace(
        self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, answer: object = None
    ) -> None:
        def step(*_arguments: object, **_names: object) -> object:
            self.done.append(name)
            return answer

        monkeypatch.setattr(owner, name, step)


def test_up_does_everything_once_and_again_after_a_change(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "project" / "template.yaml"
    template.parent.mkdir()
    template.write_text("Resources: {}")
    steps = Steps(monkeypatch, tmp_path)
    (home / "s3" / "images").mkdir(parents=True)
    options = UpOptions(template=template)
    everything = ["check", "stop_all", "require_free", "build", "start", "deploy"]
    restored = ["restore_objects", "restore_parameters"]
    stack.up(options)
    assert steps.done == [*everything, *restored, "ensure_champion"]
    steps.done.clear()
    stack.up(options)
    assert steps.done == ["ensure_champion"]
    steps.done.clear()
    template.write_text("Resources: {A: {}}")
    stack.up(UpOptions(template=template, detector=False))
    assert steps.done == [*everything, *restored]


def test_a_failed_deployment_is_not_taken_for_a_finished_one(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {}")
    steps = Steps(monkeypatch, tmp_path)

    def fail(*_arguments: object, **_names: object) -> None:
        raise SamError("deploy", "no")

    with monkeypatch.context() as broken:
        broken.setattr(sam, "deploy", fail)
        with pytest.raises(SamError):
            stack.up(UpOptions(template=template))
    assert stack.status().running
    assert not stack.status().deployed
    steps.done.clear()
    stack.up(UpOptions(template=template))
    assert "deploy" in steps.done
    assert home.is_dir()


def test_the_embedded_detector_is_published_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import training
    from training import embedded, registry

    assert training
    calls: list[str] = []

    def promote(log: PromotionLog, ref: str, **how: str) -> None:
        calls.append(f"{ref} in {log.bucket} by {how['by']}: {how['reason']}")

    monkeypatch.setattr(embedded, "build", lambda **_named: Path("/built"))
    monkeypatch.setattr(registry, "publish", lambda folder, **_named: f"clip@{folder.name}")
    monkeypatch.setattr(PromotionLog, "promote", promote)
    ssm: Any = FakeSsm("none")
    none: Any = None
    champion = ensure_champion(
        s3=none, ssm=ssm, bucket="b", parameter="p", progress=lambda _message: None
    )
    assert champion == "clip@built"
    assert calls == ["clip@built in b by local stack: first start"]


def test_deployment_speaks_to_the_emulator_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    made = fake_sam(tmp_path, f'env > {tmp_path}/env; echo "$@" > {tmp_path}/arguments')
    buckets: list[str] = []

    class Client:
        def create_bucket(self, Bucket: str) -> None:  # noqa: N803
            buckets.append(Bucket)

    class Session:
        def client(self, *_names: str, **_options: str) -> Client:
            return Client()

    monkeypatch.setattr(sam, "session", lambda _region: Session())
    sam.deploy(
        made,
        StatePaths(tmp_path),
        tmp_path / "template.yaml",
        endpoint="http://127.0.0.1:4999",
        region="us-east-1",
        stack="mine",
        parameters={"B": "2", "A": "1"},
    )
    environ = (tmp_path / "env").read_text()
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:4999" in environ
    assert "SAM_CLI_TELEMETRY=0" in environ
    assert "production" not in environ
    assert "--parameter-overrides A=1 B=2" in (tmp_path / "arguments").read_text()
    assert buckets == ["aidetect-deploy-mine"]
    assert sam.checkout_template().name == "template.yaml"
