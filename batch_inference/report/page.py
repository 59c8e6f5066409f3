"""Puts the page together: template, style, script and data, as the bytes of one HTML file."""

from collections.abc import Iterator
from string import Template
from typing import Any

import numpy as np

from batch_inference.report import assets
from batch_inference.report.claims import SAYS
from batch_inference.report.columns import FURTHER, further, main_columns, within_budget
from batch_inference.report.embed import json_text
from batch_inference.report.gather import Gathered
from batch_inference.report.head import head_values
from batch_inference.report.pick import Shown
from detector.evidence import THUMBNAIL_TYPE
from detector.package import DetectorPackage
from detector.provenance import MEANINGS
from detector.reason import SENTENCES
from detector.summary import BatchSummary

# The share of heat maps whose peak the colours reach: an outlier must not pale the rest.
SCALE_SHARE = 0.9
# Under this the colours would show differences that do not matter: logits of a tenth.
LEAST_SCALE = 0.1


def render(
    summary: BatchSummary,
    gathered: Gathered,
    package: DetectorPackage | None,
    *,
    dollars: float | None = None,
) -> bytes:
    """Return the page of a batch.

    Parameters
    ----------
    summary
        Totals, of the whole batch.
    gathered
        What is shown of it.
    package
        The detector's description; without it the page has no threshold and no known limits.
    dollars
        What the batch cost, where that is known.
    """
    # In the order of the batch: rows that lie together were dropped together.
    shown = sorted(gathered.shown, key=lambda image: (image.row["entry"], image.row["image"]))
    fits = within_budget(gathered.shown)
    left_out = sum(image.evidence is not None and id(image) not in fits for image in shown)
    values = head_values(summary, gathered, package, dollars, left_out=left_out)
    page = Template(assets.template()).substitute(
        values,
        policy=assets.policy(),
        css=assets.style(),
        script=assets.script(),
        data=json_text(_data(summary, gathered, package, shown)),
    )
    pieces = [page.encode("utf-8", "replace"), *_further(shown, fits), b"</body>\n</html>\n"]
    return b"".join(pieces)


def _further(shown: list[Shown], fits: set[int]) -> Iterator[bytes]:
    """Yield an element for each image. In any order of the list only those in sight are parsed."""
    for place, image in enumerate(shown):
        content = json_text(further(image, fits=id(image) in fits))
        yield f'<script type="application/json" id="i{place}">{content}</script>\n'.encode()


def _data(
    summary: BatchSummary,
    gathered: Gathered,
    package: DetectorPackage | None,
    shown: list[Shown],
) -> dict[str, Any]:
    decision = package.decision if package else None
    return {
        "schema": "aidetect.report/1",
        "batch": summary.batch,
        "rows": summary.counts.rows,
        "shown": len(shown),
        "decision": decision.model_dump() if decision else None,
        "histogram": {"counts": gathered.histogram.counts(), "rows": gathered.histogram.rows},
        "claims": [
            {
                "code": claim.value,
                "badge": meaning.badge,
                "sentence": meaning.sentence,
                "says": SAYS[claim].value if claim in SAYS else None,
            }
            for claim, meaning in MEANINGS.items()
        ],
        "reasons": {reason.value: sentence for reason, sentence in SENTENCES.items()},
        "heat_scale": _heat_scale(shown),
        "thumbnail_type": THUMBNAIL_TYPE,
        "further": FURTHER,
        "columns": main_columns(shown),
    }


def _heat_scale(shown: list[Shown]) -> float | None:
    """Return the logit of the strongest colour, one for the page; None when nothing has heat."""
    peaks = [s.evidence.heat.peak for s in shown if s.evidence and s.evidence.heat]
    if not peaks:
        return None
    return max(LEAST_SCALE, float(np.quantile(peaks, SCALE_SHARE)))
