"""The local stack: start it, ask for it, stop it."""

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from local import emulator_process, fingerprint, processes, record, resource_types, sam, toolchain
from local.champion import ensure_champion
from local.emulator.aidetect_emulator import job_image
from local.emulator.aidetect_emulator.object_store import ObjectStore, ParameterStore
from local.emulator_process import EmulatorOptions
from local.errors import ImageUnusableError, NotDeployedError
from local.facts import StackOutputs, StackStatus
from local.options import DEFAULT_STACK, REGION, UpOptions
from local.paths import StatePaths, state_home
from local.port import require_free
from local.progress import Progress, silent
from local.record import Record
from local.restore import restore_objects, restore_parameters
from local.resume import announce_uploads, control_objects, resume_batches
from local.session import session
from local.toolchain import Toolchain


def status() -> StackStatus:
    """Tell whether the local stack runs. Starts and changes nothing."""
    paths = StatePaths(state_home())
    found = record.load(paths.record)
    if found is None or found.process() is None or not emulator_process.is_healthy(found.port):
        stack = found.stack if found else DEFAULT_STACK
        return StackStatus(False, False, None, REGION, stack, None, paths.home)
    return StackStatus(
        running=True,
        deployed=bool(found.deployed),
        endpoint=found.endpoint,
        region=found.region,
        stack=found.stack,
        pid=found.pid,
        home=paths.home,
    )


def up(options: UpOptions | None = None, progress: Progress = silent) -> StackOutputs:
    """Start the local stack, or bring a running one up to date; give its outputs.

    A changed template, source or option restarts the emulator: it is rebuilt in seconds, and its
    objects and champion come back. Batches that were under way go on with what they have
    committed, and uploads that no batch had taken up are announced again.

    Raises
    ------
    LocalError
        One of its subtypes; each says what to do.
    """
    wanted = options or UpOptions()
    paths = StatePaths(state_home())
    paths.home.mkdir(parents=True, exist_ok=True)
    toolchain.check_python()
    with _locked(paths):
        version = _version(wanted)
        deployment = fingerprint.of_deployment(
            wanted.template_path, wanted.stack, wanted.all_parameters()
        )
        found = record.load(paths.record)
        anew = found is None or not _is_current(found, wanted, version, deployment)
        if found is None or anew:
            found = _renew(found, wanted, paths, version, progress)
            found = replace(found, deployed=deployment)
            found.save(paths.record)
        outputs = _outputs(found)
        _release_detector(wanted, outputs, progress)
        if anew:
            _take_up(outputs, progress)
        return outputs


def down(*, purge: bool = False) -> int:
    """Stop everything that the local stack started.

    Parameters
    ----------
    purge : bool
        Also delete its state: images, results, detectors, logs.

    Returns
    -------
    int
        How many processes were ended; 0 when nothing ran.
    """
    paths = StatePaths(state_home())
    if not paths.home.is_dir():
        return 0
    with _locked(paths):
        found = record.load(paths.record)
        ended = processes.stop_all(found.process() if found else None, paths.home)
        _forget(paths)
        job_image.forget(paths.home)
    if purge:
        shutil.rmtree(paths.home)
    return ended


def _version(options: UpOptions) -> str:
    return "/".join(
        [
            *(tool.key() for tool in toolchain.TOOLS),
            str(options.batch_slots),
            str(options.alarm_period),
        ]
    )


def _check_images(options: UpOptions) -> None:
    for name, value in options.all_parameters().items():
        if name.endswith("ImageUri") and job_image.is_here(value):
            try:
                job_image.check(value)
            except job_image.ImageError as error:
                raise ImageUnusableError(value, str(error)) from error


def _sources(options: UpOptions) -> str:
    template = options.template_path
    files = fingerprint.of_files(template.parent, fingerprint.deployment_files(template))
    return f"{template} {files} {toolchain.SAM.key()}"


def _is_current(found: Record, wanted: UpOptions, version: str, deployment: str) -> bool:
    same = (found.port, found.stack, found.version, found.deployed) == (
        wanted.port,
        wanted.stack,
        version,
        deployment,
    )
    return same and found.process() is not None and emulator_process.is_healthy(found.port)


def _renew(
    found: Record | None, wanted: UpOptions, paths: StatePaths, version: str, progress: Progress
) -> Record:
    tools = toolchain.ensure(progress)
    resource_types.check(wanted.template_path, tools)
    _check_images(wanted)
    processes.stop_all(found.process() if found else None, paths.home)
    _forget(paths)
    require_free(wanted.port)
    kept = ParameterStore(paths.parameters).load()
    progress("Building the functions")
    built = sam.build(tools, paths, wanted.template_path, REGION, _sources(wanted))
    progress("Starting the embedded AWS")
    current = _start(wanted, paths, tools, version)
    progress("Deploying the template")
    sam.deploy(
        tools,
        paths,
        built,
        endpoint=current.endpoint,
        region=REGION,
        stack=wanted.stack,
        parameters=wanted.all_parameters(),
    )
    _restore(current, paths, kept, progress)
    return current


def _start(wanted: UpOptions, paths: StatePaths, tools: Toolchain, version: str) -> Record:
    options = EmulatorOptions(wanted.port, wanted.batch_slots, wanted.alarm_period)
    process = emulator_process.start(paths, tools, options)
    current = Record(
        pid=process.pid,
        created=process.create_time(),
        port=wanted.port,
        stack=wanted.stack,
        region=REGION,
        version=version,
        parameters=wanted.all_parameters(),
    )
    # At once, so that `down` finds it whatever happens to the deployment.
    current.save(paths.record)
    return current


def _restore(
    current: Record, paths: StatePaths, kept: Mapping[str, str], progress: Progress
) -> None:
    store = ObjectStore(paths.objects)
    if not store.buckets() and not kept:
        return
    progress("Restoring objects")
    clients = session(current.region)
    restore_objects(store, clients.client("s3", endpoint_url=current.endpoint))
    restore_parameters(kept, clients.client("ssm", endpoint_url=current.endpoint))


def _outputs(found: Record) -> StackOutputs:
    clients = session(found.region)
    cloudformation = clients.client("cloudformation", endpoint_url=found.endpoint)
    try:
        described = cloudformation.describe_stacks(StackName=found.stack)["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        raise NotDeployedError(found.stack) from error
    values = {o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])}
    return StackOutputs(found.endpoint, found.region, found.stack, values)


def _release_detector(wanted: UpOptions, outputs: StackOutputs, progress: Progress) -> None:
    parameter = outputs.values.get("ChampionParameter")
    if not wanted.detector or parameter is None:
        return
    clients = session(outputs.region)
    ensure_champion(
        s3=clients.client("s3", endpoint_url=outputs.endpoint),
        ssm=clients.client("ssm", endpoint_url=outputs.endpoint),
        bucket=outputs.values["ModelsBucket"],
        parameter=parameter,
        progress=progress,
    )


def _take_up(outputs: StackOutputs, progress: Progress) -> None:
    if not {"IntakeBucket", "ResultsBucket", "ScoringStateMachineArn"} <= outputs.values.keys():
        return
    clients = session(outputs.region)
    s3 = clients.client("s3", endpoint_url=outputs.endpoint)
    results = outputs.values["ResultsBucket"]
    control = control_objects(s3, results)
    batches = resume_batches(
        control,
        s3=s3,
        states=clients.client("stepfunctions", endpoint_url=outputs.endpoint),
        bucket=results,
        machine=outputs.values["ScoringStateMachineArn"],
    )
    uploads = announce_uploads(
        control,
        s3=s3,
        sqs=clients.client("sqs", endpoint_url=outputs.endpoint),
        intake=outputs.values["IntakeBucket"],
        results=results,
    )
    if batches or uploads:
        progress(f"Going on with {batches} batches and {uploads} uploads of before")


def _forget(paths: StatePaths) -> None:
    for path in (paths.record, paths.pid):
        path.unlink(missing_ok=True)
    # Temporary files of functions and jobs, and what the emulator kept in files.
    for folder in (paths.home / "tmp", paths.home / "emulator"):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(paths: StatePaths) -> Iterator[None]:
    with paths.lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
