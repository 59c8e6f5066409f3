"""Evaluate a fitted head on a folder of labelled images, honestly whatever the folder."""

from pathlib import Path

import numpy as np

from detector.evaluation import Report
from training.dataset import Dataset
from training.degrade import JUDGED, Variant
from training.fit import held_out_by_layer
from training.fitting import HELD_OUT, Setting, features_of, versions
from training.head import Head, HeadError, HeadRecord
from training.report import measure, render_report

UNSEEN = "None of these sources was learnt from; the images were scored by the head as released."


def evaluate(
    dataset: Dataset, record: HeadRecord, head: Head, setting: Setting, *, command: str = ""
) -> Report:
    """Judge a head at its fixed threshold, clean, web and hard.

    Where the folder shares a source with the data the head was fitted on, every image is scored by
    a head fitted anew without its source; otherwise by the head as it is.

    Raises
    ------
    HeadError
        If the head was fitted on another encoder.
    """
    if setting.encoder.sha256 != record.encoder.sha256:
        raise HeadError(
            f"the head was fitted on {record.encoder.source}, not {setting.encoder.source}; "
            "name the same encoder with --encoder"
        )
    seen = bool(set(dataset.sources) & set(record.data.sources))
    learnt = tuple(Variant(name) for name in record.learnt_from)
    wanted = tuple(dict.fromkeys((*JUDGED, *learnt))) if seen else JUDGED
    features = features_of(dataset.images, setting, wanted)
    index = [setting.layers.index(layer) for layer in head.layers]
    chosen = {variant: taps[:, index] for variant, taps in features.items()}
    if seen:
        single = held_out_by_layer(chosen, learnt, dataset.images, head.layers, record.strength)
        rows = np.mean([single[layer] for layer in head.layers], axis=0)
    else:
        rows = np.stack([head.logits(chosen[v]).astype(np.float64) for v in JUDGED])
    logits = dict(zip(JUDGED, rows, strict=True))
    return Report(
        method=HELD_OUT if seen else UNSEEN,
        detector=f"{record.name}@{record.version}",
        data=dataset.root.name,
        images=len(dataset.images),
        decision=record.decision,
        variants=measure(logits, dataset.images, record.calibration, record.decision),
        command=command,
        built_with=versions(),
    )


def write_report(report: Report, out: Path) -> tuple[Path, Path]:
    """Write ``evaluation.json`` and ``evaluation.md`` and return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    document, text = out / "evaluation.json", out / "evaluation.md"
    document.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    using = ", ".join(f"{name} {number}" for name, number in report.built_with.items())
    text.write_text(
        f"# {report.detector} on {report.images} images of {report.data}\n\n{report.method} "
        f"Threshold {report.decision.threshold}, unsure from {report.decision.unsure_from}. "
        "Means are over sources; 95% bootstrap intervals in brackets.\n\n"
        f"{render_report(report)}\n\nCommand: `{report.command}`. With {using}.\n",
        encoding="utf-8",
    )
    return document, text
