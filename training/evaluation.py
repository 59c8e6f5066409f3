"""Evaluate a detector on a folder of labelled images, honestly whatever the folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from detector.evaluation import Ladder, Report
from training.calibrate import Floats, probabilities
from training.dataset import Dataset, LabelledImage
from training.degrade import JUDGED, Variant
from training.details import Details, details
from training.fitting import Setting, versions
from training.head import DETAILS_FILE, EVALUATION_FILE, Head, HeadRecord
from training.ladder import COPIES, choose
from training.page.mistakes import Mistake, find_mistakes
from training.report import measure
from training.report_text import render_further, render_report
from training.subject import UNSEEN, Subject, head_subject

__all__ = ["UNSEEN", "Evaluation", "climb", "evaluate", "judge", "write_report"]

TEXT_FILE = "evaluation.md"
MISTAKES = 24


@dataclass(frozen=True)
class Evaluation:
    """What was found: the report, the curves, and the images with their probabilities.

    ``clean`` are the calibrated probabilities [N] of the N images as found.
    """

    report: Report
    details: Details
    images: tuple[LabelledImage, ...]
    clean: Floats

    def mistakes(self, limit: int = MISTAKES) -> list[Mistake]:
        """Return the worst mistakes with thumbnails, for a page of one's own."""
        return find_mistakes(self.images, self.clean, self.report.decision, limit)


def climb(subject: Subject, images: Sequence[LabelledImage], per_group: int) -> Ladder:
    """Judge a subject on every rung of the ladder, on some of the images.

    Parameters
    ----------
    per_group
        The most images of each class of each source.
    """
    some = [images[number] for number in choose(images, per_group)]
    logits = subject.score(some, COPIES)
    return Ladder(
        per_group=per_group,
        images=len(some),
        rungs=measure(logits, some, subject.calibration, subject.decision),
    )


def judge(
    subject: Subject,
    images: Sequence[LabelledImage],
    *,
    data: str,
    command: str = "",
    per_group: int = 0,
) -> Evaluation:
    """Judge a subject at its fixed threshold, clean, web and hard, and on the ladder.

    Parameters
    ----------
    subject
        What is judged.
    images
        Images of both classes.
    data
        What the images are called.
    command
        What was typed, for the record.
    per_group
        Images of each class of each source that are taken up the ladder; 0 for no ladder.
    """
    scored = subject.score(images, [variant.value for variant in JUDGED])
    logits = {variant: scored[variant.value] for variant in JUDGED}
    chances = {v: probabilities(row, subject.calibration) for v, row in logits.items()}
    report = Report(
        method=subject.method,
        detector=subject.detector,
        data=data,
        images=len(images),
        decision=subject.decision,
        variants=measure(logits, images, subject.calibration, subject.decision),
        command=command,
        built_with=versions(),
        ladder=climb(subject, images, per_group) if per_group else None,
    )
    found = details(chances, images, subject.decision)
    return Evaluation(report, found, tuple(images), chances[Variant.CLEAN])


def evaluate(
    dataset: Dataset,
    record: HeadRecord,
    head: Head,
    setting: Setting,
    *,
    command: str = "",
    per_group: int = 0,
) -> Evaluation:
    """Judge a fitted head; see :func:`training.subject.head_subject` for how, and what is refused.

    Parameters
    ----------
    command, per_group
        As of :func:`judge`.
    """
    subject = head_subject(dataset.images, record, head, setting)
    return judge(
        subject, dataset.images, data=dataset.root.name, command=command, per_group=per_group
    )


def write_report(found: Evaluation, out: Path) -> tuple[Path, ...]:
    """Write the evaluation, its curves, and its tables as Markdown; return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    report = found.report
    using = ", ".join(f"{name} {number}" for name, number in report.built_with.items())
    text = (
        f"# {report.detector} on {report.images} images of {report.data}\n\n{report.method} "
        f"Threshold {report.decision.threshold}, unsure from {report.decision.unsure_from}. "
        "Means are over sources; 95% bootstrap intervals in brackets.\n\n"
        f"{render_report(report)}\n\n{render_further(report)}\n\n"
        f"Command: `{report.command}`. With {using}.\n"
    )
    contents = {
        EVALUATION_FILE: report.model_dump_json(indent=2) + "\n",
        DETAILS_FILE: found.details.model_dump_json() + "\n",
        TEXT_FILE: text,
    }
    for name, content in contents.items():
        (out / name).write_text(content, encoding="utf-8")
    return tuple(out / name for name in contents)
