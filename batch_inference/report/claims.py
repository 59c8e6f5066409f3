"""What each claim of provenance comes to beside a verdict: does it contradict it?"""

from detector.provenance import Claim
from detector.verdict import Verdict

# What the claim says of the image. One that only says "there is a manifest" says neither.
SAYS: dict[Claim, Verdict] = {
    Claim.C2PA_AI: Verdict.AI,
    Claim.C2PA_AI_UNTRUSTED: Verdict.AI,
    Claim.IPTC_AI: Verdict.AI,
    Claim.WATERMARK: Verdict.AI,
    Claim.GENERATOR_TAG: Verdict.AI,
    Claim.C2PA_CAMERA: Verdict.REAL,
}


def claims_in(column: str | None) -> tuple[Claim, ...]:
    """Return the claims of a row's column; codes of a newer version are left out."""
    known = set(Claim)
    return tuple(Claim(code) for code in (column or "").split(",") if code in known)


def disagree(verdict: str, column: str | None) -> bool:
    """Return whether the file says one thing and the detector the opposite."""
    said = {SAYS[claim] for claim in claims_in(column) if claim in SAYS}
    opposite = {Verdict.AI: Verdict.REAL, Verdict.REAL: Verdict.AI}.get(Verdict(verdict))
    return opposite in said
