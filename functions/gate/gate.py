"""Holding the gate, once for a run: the doing around what the other modules decide."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from detector.champion import read_champion
from detector.contract import ContractError
from detector.evaluation import Report
from detector.layout import RunLayout
from detector.plan import DetectorRef
from detector.training_run import Comparison, Exported, GateDecision, TrainingRun
from functions.gate.decide import Bounds, Challenger, judge_against, judge_floor, judge_present
from functions.gate.findings import Findings
from functions.gate.settings import GateSettings
from functions.gate.verify import verify_package
from functions.stored import find, in_short, load, save_once

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient


@dataclass(frozen=True)
class Gate:
    """What deciding needs: settings, clients, the time."""

    settings: GateSettings
    s3: "S3Client"
    ssm: "SSMClient"
    now: datetime

    def decide(self, run: str) -> GateDecision:
        """Return the decision on a run's detector; one that was made before holds.

        What is wrong with the challenger or its papers is a reason to refuse it, not an error.

        Raises
        ------
        detector.contract.ContractError
            If the run's description is missing or damaged: then nobody knows what to decide on.
        """
        layout = RunLayout(self.settings.training_bucket, run)
        if found := find(GateDecision, layout.gate, s3=self.s3):
            return found
        asked = load(TrainingRun, layout.description, s3=self.s3)
        challenger, exported = self._exported(layout, asked)
        findings = (
            exported
            + verify_package(challenger.ref, s3=self.s3)
            + self._evaluated(layout, challenger)
            + self._compared(layout, challenger, asked.champion)
            + judge_present(asked.champion, self._champion(), challenger.ref)
        )
        decision = GateDecision(
            run=run,
            challenger=challenger.ref,
            champion=asked.champion,
            passed=findings.passed,
            reasons=findings.reasons,
            numbers=findings.sound_numbers,
            decided_at=self.now.isoformat(timespec="milliseconds"),
        )
        return save_once(decision, layout.gate, s3=self.s3)

    def _exported(self, layout: RunLayout, asked: TrainingRun) -> tuple[Challenger, Findings]:
        """Return what the run released; what it was to release, where it says nothing usable."""
        trained = f"{asked.name}@{asked.version}"
        bucket = self.settings.models_bucket
        unreleased = Challenger(DetectorRef.parse(trained, bucket=bucket), trained)
        try:
            exported = load(Exported, layout.exported, s3=self.s3)
        except ContractError as error:
            return unreleased, Findings(
                against=(f"nothing usable was exported: {in_short(error)}",)
            )
        numbers = {f"parity/{name}": value for name, value in exported.parity.items()}
        challenger = Challenger(exported.detector, trained)
        if challenger.is_release and exported.detector.bucket == bucket:
            return challenger, Findings(numbers=numbers)
        why = (
            f"the run exported {exported.detector} in {exported.detector.bucket}, not {trained} "
            f"in {bucket}: start a new run"
        )
        return unreleased, Findings(against=(why,), numbers=numbers)

    def _evaluated(self, layout: RunLayout, challenger: Challenger) -> Findings:
        try:
            evaluation = load(Report, layout.evaluation, s3=self.s3)
        except ContractError as error:
            return Findings(against=(f"there is no usable evaluation: {in_short(error)}",))
        return judge_floor(evaluation, challenger, floor=self.settings.gate_real_floor)

    def _compared(
        self, layout: RunLayout, challenger: Challenger, champion: DetectorRef | None
    ) -> Findings:
        if champion is None:
            return Findings(favour=("there was no champion to beat",))
        try:
            comparison = load(Comparison, layout.comparison, s3=self.s3)
        except ContractError as error:
            return Findings(
                against=(f"there is no usable comparison with {champion}: {in_short(error)}",)
            )
        bounds = Bounds(self.settings.gate_tolerance, self.settings.gate_margin)
        return judge_against(champion, comparison, challenger, bounds)

    def _champion(self) -> DetectorRef | None:
        return read_champion(
            ssm=self.ssm,
            parameter=self.settings.champion_parameter,
            bucket=self.settings.models_bucket,
        )
