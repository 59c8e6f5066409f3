"""Beginning a run, once: the doing around what the other modules decide."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from detector.champion import read_champion
from detector.layout import RunLayout
from detector.training_request import RequestError, Resume, TrainingRequest, read_request
from detector.training_run import TrainingRun
from functions.begin.draft import draft, run_name
from functions.begin.settings import BeginSettings
from functions.begin.source import check_source, in_s3
from functions.stored import find, save_once

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient


@dataclass(frozen=True)
class Beginner:
    """What beginning a run needs: settings, clients, the time."""

    settings: BeginSettings
    s3: "S3Client"
    ssm: "SSMClient"
    now: datetime

    def begin(self, document: Any, execution: str) -> TrainingRun:
        """Return the run that an execution was started for, new or to go on with.

        A run that began before keeps its champion and its version.

        Raises
        ------
        RequestError
            If it cannot begin; says what to change.
        detector.contract.ContractError
            If the pointer to the champion, or a run's description, is damaged.
        """
        request = read_request(document)
        if isinstance(request, Resume):
            return self._resume(request)
        layout = RunLayout(self.settings.training_bucket, run_name(execution))
        found = find(TrainingRun, layout.description, s3=self.s3)
        if found is None:
            self._check(request)
            run = draft(
                request,
                layout.run,
                champion=read_champion(
                    ssm=self.ssm,
                    parameter=self.settings.champion_parameter,
                    bucket=self.settings.models_bucket,
                ),
                settings=self.settings,
                now=self.now,
            )
            found = save_once(run, layout.description, s3=self.s3)
        if found.request != request:
            raise RequestError(
                f"there was a run {layout.run} before, started with another input; name the "
                f'execution anew, or go on with that run by the input {{"run": "{layout.run}"}}'
            )
        return found

    def _resume(self, request: Resume) -> TrainingRun:
        where = RunLayout(self.settings.training_bucket, request.run).description
        found = find(TrainingRun, where, s3=self.s3)
        if found is None:
            raise RequestError(
                f"there is no run {request.run} to go on with: {where} is missing. A run that was "
                "refused at its beginning is started again, with its input put right"
            )
        return found

    def _check(self, request: TrainingRequest) -> None:
        own = self.settings
        data = {bucket for bucket in (own.training_bucket, own.source_bucket) if bucket}
        check_source("dataset", request.dataset, allowed=data, s3=self.s3)
        if in_s3(request.encoder):
            check_source("encoder", request.encoder, allowed=data, s3=self.s3)
