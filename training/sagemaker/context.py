"""The train stage's world inside a SageMaker training job: folders, and nothing but folders."""

from collections.abc import Mapping
from pathlib import Path

from detector.contract import ContractError
from detector.layout import RunLayout
from detector.training_run import TrainingRun
from detector.uri import S3Uri
from training.sagemaker.contract import Container
from training.sagemaker.overlay import OverlayStorage
from training.stages.context import StageContext, StopFlag, Tell
from training.storage import LocalStorage, Storage

RUN_CHANNEL, DATASET_CHANNEL = "run", "dataset"
RUN_PARAMETER = "run"
RUN_FILE = "run.json"
DEFAULT_SCRATCH = "/tmp/aidetect-training"  # noqa: S108 - private to the container; hash-checked


def build_context(
    container: Container, environ: Mapping[str, str], stop: StopFlag, tell: Tell
) -> StageContext:
    """Return the context of a training job.

    The run comes from the channel ``run``, a copy of its ``prepared/`` folder with ``run.json``,
    and the images from the channel ``dataset``. History and features are kept beside the
    checkpoints, since SageMaker brings only those back after an interruption; records of the stage
    are not, or a job that starts again without its model would take itself for done.

    Raises
    ------
    ContractError, MissingFileError, StageError, UriError
        If the job was not given what it needs.
    """
    container.require_one_host()
    container.require_writable()
    where = S3Uri.parse(container.hyperparameter(RUN_PARAMETER))
    prepared = container.channel(RUN_CHANNEL)
    run = TrainingRun.parse(prepared.read(RUN_FILE), where=f"{prepared.uri}/{RUN_FILE}")
    if RunLayout(run.training_bucket, run.run).description != where:
        raise ContractError(
            f"channel {RUN_CHANNEL} holds run {run.run} of bucket {run.training_bucket}, and "
            f"hyperparameter {RUN_PARAMETER} names {where}; give both of one run"
        )
    kept = container.checkpoints
    folders: dict[str, Storage] = {"prepared": prepared, "stages": container.output.child("stages")}
    return StageContext(
        run=run,
        files=OverlayStorage(kept.child("files"), folders),
        training=kept,
        # Not read by this stage, and not given to the job.
        models=LocalStorage(container.root / "input" / "data" / "models"),
        scratch=Path(environ.get("TRAINING_SCRATCH") or DEFAULT_SCRATCH) / run.run,
        checkpoints=kept,
        output=container.model,
        dataset=container.channel(DATASET_CHANNEL),
        tell=tell,
        stop=stop,
    )
