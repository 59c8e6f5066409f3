"""From the messages of one invocation to the content of one manifest."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from detector.manifest import ManifestEntry, write_lines
from functions.intake.notification import NotificationError, read

BATCH_ID_LENGTH = 32


@dataclass(frozen=True)
class Gathered:
    """The uploads to score, the newest of each key, in order of key; and the bad messages."""

    entries: tuple[ManifestEntry, ...]
    malformed: Mapping[str, str]
    duplicates: int

    def only(self, entries: tuple[ManifestEntry, ...]) -> "Gathered":
        """Return the same with some entries left out, counted as duplicates."""
        left_out = len(self.entries) - len(entries)
        return replace(self, entries=entries, duplicates=self.duplicates + left_out)

    @property
    def manifest(self) -> bytes:
        """The manifest; equal for equal uploads, in whatever order and how often they are told."""
        return "".join(write_lines(self.entries)).encode()

    @property
    def batch(self) -> str:
        """The batch's identifier, a hash of the manifest."""
        return hashlib.sha256(self.manifest).hexdigest()[:BATCH_ID_LENGTH]


def age(entry: ManifestEntry, width: int) -> tuple[str, str, str]:
    """Return what orders uploads of one key by time.

    Sequencers are hexadecimal and compare after the shorter is padded with zeros on its right:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    The rest only makes the choice the same each time.
    """
    return ((entry.sequencer or "").ljust(width, "0"), entry.version or "", entry.etag or "")


def gather(messages: Iterable[tuple[str, str]]) -> Gathered:
    """Read messages, keep the newest upload of each key.

    Parameters
    ----------
    messages
        Pairs of message id and body.
    """
    malformed: dict[str, str] = {}
    told: list[ManifestEntry] = []
    for message, body in messages:
        try:
            told += read(body)
        except NotificationError as error:
            malformed[message] = str(error)
    width = max((len(entry.sequencer or "") for entry in told), default=0)
    newest: dict[tuple[str, str], ManifestEntry] = {}
    for entry in told:
        place = (entry.bucket, entry.key)
        if place not in newest or age(entry, width) > age(newest[place], width):
            newest[place] = entry
    entries = tuple(newest[place] for place in sorted(newest))
    return Gathered(entries, malformed, duplicates=len(told) - len(entries))
