"""A batch as a report may show it: open photographs, and rows that look like those of a real one.

``python -m tests.browser.batch OUT.html [ROWS]`` writes its page, to look at.
"""

import hashlib
import io
import json
import random
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from batch_inference.report.gather import Gathered
from batch_inference.report.histogram import Histogram
from batch_inference.report.page import render
from batch_inference.report.pick import Shown
from detector.calibration import Calibration
from detector.evidence import THUMBNAIL_SIDE, Evidence, Heat
from detector.package import DetectorPackage, Encoder, PackageFile
from detector.provenance import Claim
from detector.reason import Reason
from detector.row import ResultRow
from detector.summary import BatchSummary, Counts, Status
from detector.uri import S3Uri, image_name
from detector.verdict import Decision, Verdict
from tests.corpus import photographs

BATCH = "autumn-listings-2026-11-26"
DETECTOR = "clip-b16-probe@1.0.0"
DECISION = Decision(threshold=0.825, unsure_from=0.47)
CALIBRATION = Calibration(slope=1.2, intercept=-0.3)
BUCKET = "aidetect-intake"
START = datetime(2026, 11, 26, 8, 12, 38, tzinfo=UTC)
SIDE = 14
FOLDERS = ("intake/listings/bikes/", "intake/listings/lamps/", "intake/claims/2026/", "intake/")
GENERATORS = ("Stable Diffusion XL", "DALL·E 3", "Midjourney v6", "Adobe Firefly")


@cache
def thumbnails() -> tuple[tuple[bytes, float], ...]:
    """Return small WebP pictures, each with its width over its height; parts of photographs too."""
    made = []
    for photograph in photographs():
        width, height = photograph.size
        boxes = [(0, 0, width, height), (0, 0, width * 2 // 3, height)]
        boxes += [(width // 4, height // 4, width, height), (width // 5, 0, width * 3 // 4, height)]
        for box in boxes:
            part = photograph.crop(box)
            part.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
            stream = io.BytesIO()
            part.save(stream, "WEBP", quality=70)
            made.append((stream.getvalue(), part.width / part.height))
    return tuple(made)


def heat(chance: random.Random, logit: float) -> Heat:
    """Return a heat map of a few blobs that sum up to about the logit."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    field_ = np.zeros((SIDE, SIDE))
    for _ in range(5):
        cx, cy, spread = chance.uniform(0, SIDE), chance.uniform(0, SIDE), chance.uniform(1, 3)
        sign = 1 if chance.random() < 0.5 + logit / 8 else -1
        field_ += sign * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * spread**2))
    peak = float(np.abs(field_).max())
    values = np.round(field_ / peak * 127).astype(np.int8)
    return Heat(values.tobytes(), SIDE, peak * 0.05)


def crop(ratio: float) -> tuple[float, float, float, float]:
    """Return the centre square of a picture, in shares."""
    if ratio >= 1:
        return ((1 - 1 / ratio) / 2, 0.0, 1 / ratio, 1.0)
    return (0.0, (1 - ratio) / 2, 1.0, ratio)


@dataclass
class Batch:
    """Images of a batch, in the order of its manifest."""

    images: list[Shown] = field(default_factory=list)
    # Rows of the batch that the page does not show.
    unseen: int = 0

    def add(self, key: str, *, member: str | None = None, **values: Any) -> None:
        """Add an image; ``probability`` or ``reason``, and any further column."""
        evidence = values.pop("evidence", None)
        probability: float = values.get("probability", 0.0)
        reason = values.get("reason")
        verdict = Verdict.ERROR if reason else DECISION.verdict(probability)
        name = image_name(S3Uri(BUCKET, key), member)
        row = ResultRow(
            image=name,
            bucket=BUCKET,
            key=key,
            member=member,
            entry=len(self.images),
            verdict=verdict,
            detector=DETECTOR,
            lane="batch",
            scored_at=values.pop("scored_at", START + timedelta(milliseconds=9 * len(self.images))),
            sha256=None if reason else hashlib.sha256(name.encode("utf-8", "replace")).hexdigest(),
            etag=hashlib.md5(name.encode("utf-8", "replace"), usedforsecurity=False).hexdigest(),
            **values,
        )
        if evidence is not None:
            evidence = Evidence(row.image, *evidence)
        self.images.append(Shown(row.values(), evidence))

    @property
    def summary(self) -> BatchSummary:
        """What it came to."""
        rows = [image.row for image in self.images]
        outcomes = [
            (Verdict(r["verdict"]), Reason(r["reason"]) if r["reason"] else None) for r in rows
        ]
        counts = Counts.of(outcomes) + Counts(
            rows=self.unseen, verdicts={Verdict.REAL: self.unseen}
        )
        seconds = max(1.4, counts.rows / 310)
        return BatchSummary(
            batch=BATCH,
            status=Status.COMPLETE,
            lane="batch",
            counts=counts,
            detector=DETECTOR,
            run_date="2026-11-26",
            started_at=START.isoformat(),
            finished_at=(START + timedelta(seconds=seconds)).isoformat(),
            seconds=seconds,
            shards=1,
            manifest=f"s3://aidetect-results/batches/{BATCH}/manifest.jsonl",
            results=f"s3://aidetect-results/results/run_date=2026-11-26/batch={BATCH}/",
        )

    def page(self, package: DetectorPackage | None = None) -> str:
        """Return its report."""
        histogram = Histogram()
        rows = [image.row for image in self.images]
        histogram.add([r["verdict"] for r in rows], [r["probability"] for r in rows])
        gathered = Gathered(self.images, histogram, len(rows), 1, 1 + (self.unseen > 0))
        return render(self.summary, gathered, package or described()).decode()


def described() -> DetectorPackage:
    """Return the description of a detector with known limits."""
    return DetectorPackage(
        name="clip-b16-probe",
        version="1.0.0",
        created_at="2026-11-23T07:57:21Z",
        graphs={},
        model_card=PackageFile(file="MODEL_CARD.md", sha256="ab" * 32, bytes=5),
        calibration=CALIBRATION,
        decision=DECISION,
        encoder=Encoder(name="clip", source="test"),
        metrics={
            "held_out.web.real_right": 0.951,
            "held_out.web.ai_right": 0.358,
            "held_out.web.worst_source_real_called_ai": 0.22,
        },
    )


def ordinary(rows: int, seed: int = 1) -> Batch:
    """Return a batch of ordinary images, some with claims, some of them errors."""
    chance, batch = random.Random(seed), Batch()
    pictures = thumbnails()
    for n in range(rows):
        key = f"{chance.choice(FOLDERS)}photo-{n:05d}.jpg"
        if chance.random() < 0.02:
            reason = chance.choice((Reason.TRUNCATED, Reason.UNSUPPORTED, Reason.TOO_SMALL))
            batch.add(key, reason=reason, detail=reason.sentence, bytes=chance.randrange(9000))
            continue
        logit = chance.gauss(-2.2, 1.5) if chance.random() < 0.72 else chance.gauss(1.6, 1.4)
        thumbnail, ratio = pictures[chance.randrange(len(pictures))]
        width = chance.choice((800, 1024, 1600, 4032))
        batch.add(
            key,
            probability=CALIBRATION.probability(logit),
            logit=logit,
            graph="fp16",
            format="JPEG",
            width=width,
            height=round(width / ratio),
            bytes=width * 230,
            evidence=(thumbnail, heat(chance, logit), crop(ratio)),
            **claims(chance, logit),
        )
    return batch


def claims(chance: random.Random, logit: float) -> dict[str, Any]:
    """Return columns of provenance such as a few files in a hundred have."""
    if chance.random() > 0.16:
        return {}
    if logit < 0 and chance.random() < 0.8:
        detail = json.dumps({"c2pa": "Nikon Z6III, signed 2026-10-02"})
        return {"provenance": Claim.C2PA_CAMERA.value, "provenance_detail": detail}
    generator = chance.choice(GENERATORS)
    found = chance.choice(
        (
            (Claim.C2PA_AI, Claim.IPTC_AI),
            (Claim.GENERATOR_TAG,),
            (Claim.WATERMARK, Claim.GENERATOR_TAG),
            (Claim.C2PA_AI_UNTRUSTED,),
        )
    )
    detail = json.dumps({"png:parameters": f"{generator}, steps: 28", "exif:Software": generator})
    return {
        "provenance": ",".join(claim.value for claim in found),
        "generator": generator,
        "provenance_detail": detail,
    }


def main(target: str, rows: str = "1200") -> None:
    """Write a page to look at."""
    Path(target).write_text(ordinary(int(rows)).page(), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
