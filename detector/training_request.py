"""What an execution of the training state machine is started with."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detector.uri import S3Uri, UriError

# Taken by a SageMaker training job's name, with a suffix, and by an S3 key and a person.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
RUN_PATTERN = r"^[A-Za-z0-9](-?[A-Za-z0-9]){0,49}$"
# A SageMaker training job's name has up to 63 characters, and ends in nine of the state machine's.
MAX_RUN_LENGTH = 50
NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{0,49}$"
MAX_WHO = 200
# The encoder is chosen when the run is prepared: see training/encoder.py.
AUTO = "auto"


class RequestError(ValueError):
    """The input of the execution is not what training takes."""


class Recipe(StrEnum):
    """What is adapted. ``probe``: a head only; ``layernorm``, ``lora``: the encoder as well."""

    PROBE = "probe"
    LAYERNORM = "layernorm"
    LORA = "lora"

    @property
    def tunes(self) -> bool:
        """Whether the encoder's weights change, so that torch is needed."""
        return self is not Recipe.PROBE


class Compute(StrEnum):
    """Where the train stage runs: AWS Batch on EC2 spot, or SageMaker managed spot training."""

    BATCH = "batch"
    SAGEMAKER = "sagemaker"


class Settings(BaseModel):
    """How to train: every knob with its default. An execution names only what it changes.

    Defaults marked *none* depend on the recipe: see :mod:`training.tune.defaults`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(
        default=0, ge=0, description="Seed of order, augmentation and initial weights."
    )
    epochs: float = Field(
        default=1.0, gt=0, le=1000, description="Passes over the images (tuning)."
    )
    learning_rate: float | None = Field(
        default=None, gt=0, description="Peak learning rate (none)."
    )
    weight_decay: float = Field(default=0.0, ge=0, description="AdamW's weight decay.")
    warmup: float = Field(default=0.05, ge=0, lt=1, description="Share of the steps that warm up.")
    batch_size: int = Field(default=32, ge=1, le=4096, description="Images of one forward pass.")
    accumulate: int = Field(default=1, ge=1, description="Forward passes of one optimiser step.")
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        default="auto", description="Autocast; auto: bf16 or fp16 on a GPU, fp32 on a CPU."
    )
    compile: bool = Field(default=False, description="Use torch.compile.")
    lora_rank: int = Field(default=8, ge=1, le=256, description="Rank of LoRA.")
    lora_alpha: float = Field(default=16.0, gt=0, description="LoRA's scale is alpha / rank.")
    checkpoint_seconds: float = Field(
        default=300.0, gt=0, description="Seconds between checkpoints."
    )
    degrade: bool = Field(default=True, description="Learn from recompressed and resized copies.")
    pairs: float = Field(
        default=0.0, ge=0, le=1,
        description="Share of real images also learnt from as AI, rebuilt by an autoencoder.",
    )  # fmt: skip
    crops: bool = Field(default=False, description="Native-resolution crops instead of resizing.")
    consistency: float = Field(
        default=0.0, ge=0, description="Weight of the loss between clean and degraded copies."
    )
    strengths: tuple[float, ...] = Field(
        default=(0.001, 0.003), min_length=1, description="Probe: inverse L2 penalties compared."
    )
    ladder: int | None = Field(
        default=None, ge=0, le=1000,
        description="Test images of each class of each source judged under every degradation of "
        "the ladder; 0 for none (default: 25 with a GPU, else 0).",
    )  # fmt: skip


class TrainingRequest(BaseModel):
    """Input of a training execution. ``compute`` is the one field between the two ways to train.

    Examples
    --------
    ``{"dataset": "s3://bucket/photos/", "recipe": "probe"}``
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str = Field(description="s3:// prefix or manifest of labelled images.")
    recipe: Recipe = Field(default=Recipe.PROBE, description="What is adapted.")
    encoder: str = Field(
        default=AUTO,
        description="auto, wheel, owner/name[@revision] of a model hub, or an s3:// folder.",
    )
    compute: Compute = Field(default=Compute.BATCH, description="Where the train stage runs.")
    name: str = Field(default="", pattern=r"^$|" + NAME_PATTERN, description="Detector's name.")
    settings: Settings = Field(default_factory=Settings, description="What differs from default.")
    sweep: int = Field(
        default=0, ge=0, le=1000, description="Trials of a hyperparameter search; 0 for none."
    )
    promote: bool = Field(default=True, description="Promote the detector when the gate is passed.")
    requested_by: str = Field(
        default="", max_length=MAX_WHO, description="Who asks, for the record."
    )
    reason: str = Field(default="", max_length=500, description="Why, for the record.")


class Resume(BaseModel):
    """Input that goes on with a run that failed: its finished stages are not done again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str = Field(pattern=RUN_PATTERN, max_length=MAX_RUN_LENGTH)


def explain(error: ValidationError) -> str:
    """Return every field that is wrong, and how, as one line."""
    parts = [": ".join([*(str(p) for p in e["loc"]), e["msg"]]) for e in error.errors()]
    return "; ".join(parts)


def read_request(document: Any) -> TrainingRequest | Resume:
    """Validate the input of an execution.

    Raises
    ------
    RequestError
        If it is not what training takes; names every field that is wrong.
    """
    try:
        if isinstance(document, dict) and "run" in document:
            return Resume.model_validate(document)
        request = TrainingRequest.model_validate(document)
        S3Uri.parse(request.dataset)
    except ValidationError as error:
        raise RequestError(f"training cannot start with this input: {explain(error)}") from error
    except UriError as error:
        raise RequestError(f"training cannot start with this input: dataset: {error}") from error
    if request.sweep == 1:
        raise RequestError("sweep: 1 trial is no search; give 0 for none, or at least 2")
    if request.sweep and request.compute is Compute.SAGEMAKER:
        raise RequestError(
            "sweep runs its trials as an AWS Batch array; use compute: batch, or train single "
            "settings on SageMaker"
        )
    return request
