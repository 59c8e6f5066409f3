"""The model card that goes with a head fitted by hand, such as the embedded one."""

from string import Template

from detector.evaluation import Report
from detector.package import Encoder, FittedOn
from training.calibrate import MAX_AI_CALLED_REAL, MAX_REAL_CALLED_AI, MAX_UNSURE
from training.report_text import render_report

PURPOSE = """\
## What it is for
Sorting many images so that people look at the right ones first. It is **not proof**. Do not use it
to accuse a person, to decide on someone's work, exam, claim or account without a human look at
other evidence, or on anything that is not a photograph (drawings, screenshots, scans, medical
images were not in the data).
"""

CARD = Template("""\
# Model card: $name $version

A first, honest baseline: a linear head on the frozen image tower of **$encoder** that gives a
calibrated probability that a photograph-like image was made or largely altered by a generator, and
a verdict, `ai`, `unsure` or `real`.

$purpose
## How it was made
- Encoder: $encoder, weights from `$source`, SHA-256 `$encoder_hash`, licence $licence.
- Head: the class token after blocks $layers, each standardised, a logistic head on each
  (scikit-learn C = $strength), averaged. Nothing of the encoder was tuned.
- Learnt from copies of each image: $learnt. `rough` has margins cropped (some generators stamp a
  mark into a corner), random rescaling and JPEG or WebP recompression; `edited` is a random part of
  the image, or blurred, and recompressed. Metadata never reaches the encoder. Classes, and sources
  within a class, weigh the same.
- Data: $real real photographs and $ai AI images of $sources sources, for research use; none is
  distributed with the project. Digest `$digest`.
- Command: `$command`.

## What it does on sources it never saw
$method Threshold $threshold, fixed; 95% bootstrap intervals in brackets.

$table

The threshold is the lowest at which, as the mean over sources and for every row of the first
table, at most $accused of real photographs are called `ai`. **Single sources are worse**: $worst.
`unsure` begins at $unsure_from: the aim is that at most $missed of AI images are called `real`, as
long as at most $unanswered of all images are left without an answer.

## Limits
- Layers and penalty were chosen by the same held-out sources the tables report on, so the tables
  flatter it a little; $count sources are few, and the world has more generators than these.
- A random split of the same data would say AUC 0.96 or more. That means nothing: sources leak.
- AI images that are called `real` are common with generators unlike those in the data. A `real`
  verdict means "no trace found", not "authentic".$apart
- The image is shrunk to $size px on its short side and its centre is cropped: traces that live in
  fine detail or at the border are not seen. Heavy recompression costs accuracy (row `hard`).
- Fairness over people, places and cameras was not measured.
""")


def worst_sources(report: Report) -> str:
    """Say which source's real photographs are accused most, for each variant."""
    worst = [(v.variant, v.worst_real) for v in report.variants]
    return "; ".join(f"{s.called_ai:.0%} of {s.source} ({name})" for name, s in worst)


def render_card(
    *,
    name: str,
    version: str,
    encoder: Encoder,
    size: int,
    strength: float,
    learnt: tuple[str, ...],
    data: FittedOn,
    command: str,
    report: Report,
) -> str:
    """Return the card as Markdown."""
    judged = {source.source for variant in report.variants for source in variant.sources}
    apart = sorted(judged - set(data.sources))
    return CARD.substitute(
        name=name,
        version=version,
        purpose=PURPOSE,
        encoder=encoder.name,
        source=encoder.source,
        encoder_hash=encoder.sha256,
        licence=encoder.licence or "unknown",
        layers=", ".join(map(str, encoder.layers)),
        strength=strength,
        learnt=", ".join(f"`{v}`" for v in learnt),
        real=data.real,
        ai=data.ai,
        sources=len(data.sources),
        digest=data.digest[:16],
        command=command,
        method=report.method,
        threshold=report.decision.threshold,
        unsure_from=report.decision.unsure_from,
        table=render_report(report),
        worst=worst_sources(report),
        accused=f"{MAX_REAL_CALLED_AI:.0%}",
        missed=f"{MAX_AI_CALLED_REAL:.0%}",
        unanswered=f"{MAX_UNSURE:.0%}",
        count=len(data.sources),
        size=size,
        apart=f"\n- Judged, but left out of what was learnt from: {', '.join(apart)}."
        if apart
        else "",
    )
