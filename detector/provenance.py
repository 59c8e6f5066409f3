"""What a file says of its own origin: claims, never a verdict.

Provenance is a column of its own beside the verdict and never changes it: a claim can be stripped,
forged or copied from another file. Only a manifest that a trusted signer sealed proves anything.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

MAX_GENERATOR = 120
MAX_DETAIL = 1000


class Claim(StrEnum):
    """A kind of claim, strongest first; the order is the order of the column's codes."""

    C2PA_AI = "c2pa_ai"
    C2PA_CAMERA = "c2pa_camera"
    C2PA = "c2pa"
    C2PA_AI_UNTRUSTED = "c2pa_ai_untrusted"
    C2PA_UNTRUSTED = "c2pa_untrusted"
    C2PA_INVALID = "c2pa_invalid"
    IPTC_AI = "iptc_ai"
    WATERMARK = "watermark"
    GENERATOR_TAG = "generator_tag"


class Meaning(NamedTuple):
    """What people are told of a claim: a badge of a word or two, and a sentence."""

    badge: str
    sentence: str


MEANINGS: dict[Claim, Meaning] = {
    Claim.C2PA_AI: Meaning(
        "signed: AI", "A trusted signer sealed a C2PA manifest that says a model made it."
    ),
    Claim.C2PA_CAMERA: Meaning(
        "signed: camera", "A trusted signer sealed a C2PA manifest that says a camera took it."
    ),
    Claim.C2PA: Meaning(
        "signed", "A trusted signer sealed a C2PA manifest that does not say how it was made."
    ),
    Claim.C2PA_AI_UNTRUSTED: Meaning(
        "says AI, unproven", "A C2PA manifest says a model made it, but nobody trusted signed it."
    ),
    Claim.C2PA_UNTRUSTED: Meaning(
        "unproven manifest", "It has a sound C2PA manifest, but nobody trusted signed it."
    ),
    Claim.C2PA_INVALID: Meaning(
        "broken manifest", "Its C2PA manifest is damaged, revoked, or belongs to another image."
    ),
    Claim.IPTC_AI: Meaning(
        "tagged: AI", "Its IPTC digital source type says a model made it; anyone can write that."
    ),
    Claim.WATERMARK: Meaning(
        "watermark", "Its pixels carry the invisible mark of Stable Diffusion or FLUX programs."
    ),
    Claim.GENERATOR_TAG: Meaning(
        "generator's tag", "Its metadata names an image generator; anyone can write that."
    ),
}


@dataclass(frozen=True, slots=True)
class Provenance:
    """What one file says of its origin.

    ``claims`` in the order of :class:`Claim`, each once; ``generator`` is the name the file gives,
    plain text of at most :data:`MAX_GENERATOR` characters; ``detail`` is a JSON object of at most
    :data:`MAX_DETAIL` characters that says where each claim was found. All text in it is hostile.
    """

    claims: tuple[Claim, ...] = ()
    generator: str | None = None
    detail: str | None = None

    @property
    def column(self) -> str | None:
        """The claims' codes joined by commas, or None when there is none."""
        return ",".join(claim.value for claim in self.claims) or None


NONE = Provenance()
