"""Which image: its manifest entry, and its member name when it lies inside an archive."""

from dataclasses import dataclass

from detector.manifest import ManifestEntry
from detector.uri import image_name


@dataclass(frozen=True, slots=True)
class Source:
    """One image of the batch; ``index`` is its entry's place in the manifest, from 0."""

    index: int
    entry: ManifestEntry
    member: str | None = None

    @property
    def image(self) -> str:
        """The image's name in results."""
        return image_name(self.entry.uri, self.member)
