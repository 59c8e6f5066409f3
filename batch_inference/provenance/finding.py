"""What one reader found in a file."""

from dataclasses import dataclass, field

from detector.provenance import Claim

Detail = dict[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """Claims of one kind; all text in it is the file's own, so hostile and not yet cleaned.

    A finding without a claim says why something that is there could not be read.
    """

    claims: tuple[Claim, ...] = ()
    generator: str | None = None
    detail: Detail = field(default_factory=dict)
