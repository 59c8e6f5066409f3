"""One SageMaker training job, as DescribeTrainingJob shows it.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
"""

import datetime as dt
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

# What DescribeTrainingJob says again of the request.
REPEATED = (
    "TrainingJobName",
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "VpcConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "CheckpointConfig",
    "Environment",
    "RetryStrategy",
)
FINAL = frozenset({"Completed", "Failed", "Stopped"})
# DescribeTrainingJob's limit.
REASON_CHARACTERS = 1024


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass
class TrainingJob:
    """A job's request and what became of it.

    Attributes
    ----------
    request
        The parameters of CreateTrainingJob.
    changed
        Called after every change of status.
    stop
        Set by StopTrainingJob.
    """

    request: Mapping[str, Any]
    arn: str
    changed: Callable[["TrainingJob"], None] = lambda _job: None
    status: str = "InProgress"
    secondary: str = ""
    reason: str = ""
    artifact: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    created: dt.datetime = field(default_factory=_now)
    started: dt.datetime | None = None
    ended: dt.datetime | None = None
    transitions: list[dict[str, Any]] = field(default_factory=list)
    _status_lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        """The job's name, unique in its account and region."""
        return str(self.request["TrainingJobName"])

    @property
    def over(self) -> bool:
        """Whether the job has ended."""
        return self.status in FINAL

    def move(self, secondary: str, message: str = "") -> None:
        """Go to the next step of the work."""
        self._step(secondary, message)
        if secondary == "Downloading" and self.started is None:
            self.started = self.transitions[-1]["StartTime"]
        self.changed(self)

    def end(self, status: str, secondary: str = "", reason: str = "") -> None:
        """Come to an end: Completed, Failed or Stopped."""
        self.reason = reason[:REASON_CHARACTERS]
        self._step(secondary or status, self.reason)
        self.ended = self.transitions[-1]["EndTime"] = _now()
        # Last: who polls for it finds the rest in place.
        with self._status_lock:
            self.status = status
        self.changed(self)

    def ask_to_stop(self) -> bool:
        """Ask the work to stop; False where it has ended."""
        with self._status_lock:
            if self.over:
                return False
            self.status = "Stopping"
        self.stop.set()
        return True

    def _step(self, secondary: str, message: str) -> None:
        now = _now()
        if self.transitions:
            self.transitions[-1].setdefault("EndTime", now)
        self.transitions.append({"Status": secondary, "StartTime": now, "StatusMessage": message})
        self.secondary = secondary

    def describe(self) -> dict[str, Any]:
        """Give what DescribeTrainingJob answers."""
        shown = {k: self.request[k] for k in REPEATED if self.request.get(k) is not None}
        shown.update(
            TrainingJobArn=self.arn,
            TrainingJobStatus=self.status,
            SecondaryStatus=self.secondary,
            SecondaryStatusTransitions=[dict(t) for t in self.transitions],
            CreationTime=self.created,
            LastModifiedTime=self.transitions[-1]["StartTime"]
            if self.transitions
            else self.created,
        )
        # The artifact's place is known before it is there.
        shown["ModelArtifacts"] = {"S3ModelArtifacts": self.artifact}
        if self.reason:
            shown["FailureReason"] = self.reason
        if self.started:
            shown["TrainingStartTime"] = self.started
        if self.started and self.ended:
            seconds = max(1, round((self.ended - self.started).total_seconds()))
            shown.update(
                TrainingEndTime=self.ended,
                TrainingTimeInSeconds=seconds,
                BillableTimeInSeconds=seconds,
            )
        if self.metrics:
            when = self.ended or _now()
            shown["FinalMetricDataList"] = [
                {"MetricName": name, "Value": value, "Timestamp": when}
                for name, value in self.metrics.items()
            ]
        return shown
