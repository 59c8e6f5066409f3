"""The evaluate stage: the trained detector, and the champion, on sources kept for the test."""

from batch_inference.engine import cuda_usable
from detector.evaluation import Report
from training.adaptation import ADAPTATION_FILE
from training.data.catalog import TEST
from training.data.prepared import read_prepared
from training.degrade import JUDGED
from training.evaluation import judge
from training.fitting import features_of
from training.head import DETAILS_FILE, EVALUATION_FILE
from training.ladder import DEFAULT_PER_GROUP
from training.page.training_report import render_training_report
from training.stages.context import StageContext
from training.stages.inputs import fetch_images, recorded_encoder, setting_of
from training.stages.model import fetch_model, tuned_encoder
from training.stages.rival import Seen, compare
from training.stages.select import select_trial
from training.subject import UNSEEN, Subject, released_score
from training.sweep import trial_folder
from training.track.history import HISTORY_FILE, read_history

COMPARISON, REPORT = "comparison.json", "report.html"


def evaluate(context: StageContext) -> dict[str, str]:
    """Judge challenger and champion at their fixed thresholds; write tables and a page."""
    best = select_trial(context)
    record, head, adaptation = fetch_model(context)
    prepared, entries = read_prepared(context.files)
    images = fetch_images(context, prepared, entries, TEST)
    encoder = tuned_encoder(recorded_encoder(context, record.encoder), adaptation)
    part = "" if record.adaptation is None else f"{ADAPTATION_FILE}:{record.adaptation.sha256}"
    setting = setting_of(context, encoder, record.preprocessing, prepared.digest, part)
    # Kept where the setting says: the same images are not looked at twice.
    seen = Seen(
        encoder.sha256, record.preprocessing, setting.layers, features_of(images, setting, JUDGED)
    )
    name = f"{context.run.name}@{context.run.version}"
    score = released_score(head, setting)
    subject = Subject(name, record.calibration, record.decision, UNSEEN, score)
    found = judge(
        subject, images, data=prepared.name, command=record.command, per_group=_ladder(context)
    )
    report = found.report
    comparison = compare(context, report, images, None if adaptation else seen)
    _write(context, EVALUATION_FILE, report.model_dump_json(indent=2))
    _write(context, COMPARISON, comparison.model_dump_json(indent=2))
    _write(context, DETAILS_FILE, found.details.model_dump_json(indent=2))
    page = render_training_report(
        context.run,
        report,
        found.details,
        comparison,
        _history(context, best.number if best else None),
        found.mistakes(),
        prepared.warnings,
    )
    context.files.write(REPORT, page.encode(), content_type="text/html; charset=utf-8")
    return _said(report)


def _ladder(context: StageContext) -> int:
    """Return how many images of a group go up the ladder: a GPU does that in passing."""
    asked = context.run.request.settings.ladder
    return (DEFAULT_PER_GROUP if cuda_usable() else 0) if asked is None else asked


def _write(context: StageContext, name: str, text: str) -> None:
    context.files.write(name, text.encode() + b"\n", content_type="application/json")


def _said(report: Report) -> dict[str, str]:
    return {
        v.variant: f"real {v.real_right}, ai {v.ai_right}, AUC {v.auc}" for v in report.variants
    }


def _history(context: StageContext, trial: int | None) -> list[dict[str, float]]:
    """Read the numbers that training told of itself; nothing where there are none."""
    files = context.files if trial is None else context.files.child(trial_folder(trial))
    # SageMaker brings a job's own files by way of its checkpoints: training/sagemaker/context.py.
    for folder in (files, files.child("checkpoints/files")):
        if folder.exists(HISTORY_FILE):
            return read_history(folder.read(HISTORY_FILE))
    return []
