"""The model card of a detector that a training run made."""

from string import Template
from typing import Any

from detector.evaluation import Report
from detector.package import Preprocessing
from detector.training_request import Recipe
from training.card import PURPOSE, worst_sources
from training.data.audit import Audit
from training.head import HeadRecord
from training.report_text import render_report
from training.vision import CENTRED

CARD = Template("""\
# Model card: $name $version

$recipe It gives a calibrated probability that a photograph-like image was made or largely altered
by a generator, and a verdict, `ai`, `unsure` or `real`.

$purpose
## How it was made
- Encoder: **$encoder**, weights from `$source`, revision `$revision`, SHA-256 `$encoder_hash`,
  licence $licence.
- Recipe: `$kind`. Settings that are not default: $levers.
- Head: $tap after blocks $layers, standardised, linear.
- Pixels: $pixels
- Learnt from copies of each image: $learnt. Metadata never reaches the encoder.
- Made by: `$command`, at $created.

## The data
$real real photographs and $ai AI images of $count sources; dataset `$data`, digest `$digest`.
Licences: $licences. None of the images is distributed with the detector.

$warnings

Learnt from: $sources.

## Calibration
$calibration The threshold $threshold, and $unsure_from from which `unsure` begins, are fixed.

$held_out

## What it does on the test sources
$method $images images; threshold $threshold; 95% bootstrap intervals in brackets. These images
chose nothing.

$table

**Single sources are worse**: $worst.

## Limits
- The test has $test_sources sources, and the world has more generators than these. A random split
  of the same data would look far better and would mean nothing: sources leak.
- A `real` verdict means "no trace found", not "authentic". AI images of generators unlike those in
  the data are often called `real` or `unsure`.
- $blind Heavy recompression costs accuracy (row `hard`).
- The 8-bit and half-precision graphs were held to the float32 graph on images of the test before
  release; the differences are in the run's `exported.json`.
- Fairness over people, places and cameras was not measured.
""")

RECIPES = {
    Recipe.PROBE: "A linear head on the frozen image tower of **$encoder**, itself untuned.",
    Recipe.LAYERNORM: "The image tower of **$encoder**, its layer norms tuned, and a linear head.",
    Recipe.LORA: (
        "The image tower of **$encoder**, tuned by low-rank changes of its weights (LoRA) that are "
        "worked into the graphs, and a linear head."
    ),
}
CUTS = {
    "resize_center_crop": (
        "the short side is resized to $size px and the centre is cropped.",
        "The image is shrunk and its centre cropped: traces that live in fine detail or at the "
        "border are not seen.",
    ),
    "resize_square": (
        "resized to $size px square, whatever the shape.",
        "The image is shrunk: traces that live in fine detail are not seen.",
    ),
    "native_crop": (
        "the centre $size px square at native resolution; smaller images are enlarged.",
        "Only the centre $size px square is seen; what lies around it decides nothing.",
    ),
}
# What one wants to know of the data and no audit has said is not passed over in silence.
UNAUDITED = "The data was not audited."
FLAWLESS = "The audit found nothing to warn of."


def _cut(spec: Preprocessing) -> tuple[str, str]:
    seen, blind = (Template(text).substitute(size=spec.size) for text in CUTS[spec.kind])
    return seen, blind


def _warnings(audit: Audit | None) -> str:
    if audit is None:
        return UNAUDITED
    shortcut = audit.shortcut
    lines = [f"- {warning}" for warning in audit.warnings] or [f"- {FLAWLESS}"]
    known = {"split at random": shortcut.auc, "split by source": shortcut.auc_by_source}
    told = [f"{auc:.2f} {how}" for how, auc in known.items() if auc is not None]
    if told:
        lines.append(
            "- A classifier that sees only format, size and compression has AUC "
            f"{' and '.join(told)}; 0.5 is best."
        )
    return "What its audit says:\n\n" + "\n".join(lines)


def render_release_card(
    record: HeadRecord,
    test: Report,
    *,
    held_out: Report | None = None,
    audit: Audit | None = None,
    levers: dict[str, Any] | None = None,
) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    record
        The fitted head's.
    test
        The evaluation on sources that neither training nor calibration saw.
    held_out
        The evaluation that calibration and threshold were chosen on.
    audit
        The dataset's, where there is one.
    levers
        The settings that differ from their defaults.
    """
    encoder, data = record.encoder, record.data
    seen, blind = _cut(record.preprocessing)
    levers_told = ", ".join(f"`{k}` {v}" for k, v in (levers or {}).items())
    licences = audit.licences if audit else {}
    sources = {s.source for v in test.variants for s in v.sources}
    # SigLIP's normalisation tells it, whose tower has no class token.
    siglip = record.preprocessing.mean == CENTRED
    return CARD.substitute(
        name=record.name,
        version=record.version,
        purpose=PURPOSE,
        recipe=Template(RECIPES[record.recipe]).substitute(encoder=encoder.name),
        encoder=encoder.name,
        source=encoder.source,
        revision=encoder.revision or "unknown",
        encoder_hash=encoder.sha256,
        licence=encoder.licence or "unknown",
        kind=record.recipe.value,
        levers=levers_told or "none",
        tap="the mean of the patches" if siglip else "the class token",
        layers=", ".join(map(str, encoder.layers)),
        pixels=seen,
        blind=blind,
        learnt=", ".join(f"`{v}`" for v in record.learnt_from),
        command=record.command,
        created=record.created_at,
        real=data.real,
        ai=data.ai,
        count=len(data.sources),
        data=data.name,
        digest=data.digest[:16],
        licences=", ".join(f"{k} ({n})" for k, n in sorted(licences.items())) or "not stated",
        warnings=_warnings(audit),
        sources=", ".join(data.sources),
        calibration=held_out.method if held_out else "How it was calibrated is not recorded.",
        threshold=record.decision.threshold,
        unsure_from=record.decision.unsure_from,
        held_out=render_report(held_out) if held_out else "",
        method=test.method,
        images=test.images,
        table=render_report(test),
        worst=worst_sources(test),
        test_sources=len(sources),
    )
