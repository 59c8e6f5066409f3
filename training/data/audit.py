"""Looks a dataset over before anything is learnt from it: what it holds, and what is wrong."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from detector.contract import Contract, Part
from detector.evaluation import Label
from training.data.catalog import TEST, TRAIN, CatalogEntry, DatasetRecord
from training.data.ledger import CONTRADICTION
from training.data.mislabelled import mislabelled
from training.data.near import as_hashes, near_any, near_groups
from training.data.shortcut import Shortcut, find_shortcut
from training.data.split import leaks

# Above this, format and size are worth learning, and a detector will learn them.
SHORTCUT_AUC = 0.6
# One class this many times the other; one source with this share of its class.
UNBALANCED = 3.0
DOMINANT = 0.7
MANY_REJECTED = 0.02
FEW_IMAGES = 200


class Group(Part):
    """The images of one class of one source in one split."""

    label: Label
    source: str
    split: str
    images: int
    bytes: int


class Sizes(Part):
    """Quantiles (5%, 25%, 50%, 75%, 95%) of one class: long side in pixels, bytes per pixel."""

    label: Label
    long_side: tuple[float, ...]
    bytes_per_pixel: tuple[float, ...]


class Near(Part):
    """Near-duplicates: images that have one, groups they form, and what they straddle."""

    images: int = 0
    groups: int = 0
    between_splits: int = 0
    between_classes: int = 0
    between_sources: int = 0


class Audit(Contract):
    """``audit.json``. ``errors`` forbid training; ``warnings`` belong into the model card."""

    SCHEMA: ClassVar[str] = "aidetect.audit/1"

    name: str
    dataset: str
    digest: str
    origin: str = ""
    licences: dict[str, int] = Field(default_factory=dict)
    images: int
    bytes: int
    classes: dict[str, int]
    groups: tuple[Group, ...]
    generators: dict[str, int] = Field(default_factory=dict)
    formats: dict[str, dict[str, int]] = Field(default_factory=dict)
    sizes: tuple[Sizes, ...] = ()
    rejected: dict[str, int] = Field(default_factory=dict)
    examples: tuple[tuple[str, str], ...] = ()
    duplicates: int = 0
    near: Near = Near()
    dropped: int = 0
    leaks: tuple[str, ...] = ()
    shortcut: Shortcut = Shortcut()
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of all sources, sorted."""
        return tuple(sorted({group.source for group in self.groups}))


def audit(
    record: DatasetRecord, entries: Sequence[CatalogEntry], dataset: str, *, dropped: int = 0
) -> Audit:
    """Audit a dataset by its catalog; no image is opened again.

    Parameters
    ----------
    record, entries
        The packed dataset, before or after it was split.
    dataset
        Where it lies.
    dropped
        Images left out of train because test has their like.
    """
    found = Audit(
        name=record.name,
        dataset=dataset,
        digest=record.digest,
        origin=record.origin,
        licences=dict(Counter(e.licence or record.licence or "not stated" for e in entries)),
        images=len(entries),
        bytes=sum(e.bytes for e in entries),
        classes={label.value: sum(e.label is label for e in entries) for label in Label},
        groups=_groups(entries),
        generators=dict(Counter(e.generator or "not stated" for e in entries
                                if e.label is Label.AI).most_common()),
        formats={label.value: dict(Counter(e.format for e in entries if e.label is label))
                 for label in Label},
        sizes=tuple(_sizes(entries, label) for label in Label if _of(entries, label)),
        rejected=record.reasons,
        examples=record.rejected[:20],
        duplicates=record.duplicates,
        near=_near(entries),
        dropped=dropped,
        leaks=leaks(entries),
        shortcut=find_shortcut(entries),
    )  # fmt: skip
    return found.model_copy(
        update={"errors": errors(record, entries), "warnings": _warnings(found)}
    )


def _of(entries: Sequence[CatalogEntry], label: Label) -> list[CatalogEntry]:
    return [entry for entry in entries if entry.label is label]


def _groups(entries: Sequence[CatalogEntry]) -> tuple[Group, ...]:
    images, sizes = Counter[tuple[Label, str, str]](), Counter[tuple[Label, str, str]]()
    for e in entries:
        images[e.label, e.source, e.split] += 1
        sizes[e.label, e.source, e.split] += e.bytes
    return tuple(
        Group(label=key[0], source=key[1], split=key[2], images=images[key], bytes=sizes[key])
        for key in sorted(images)
    )


def _sizes(entries: Sequence[CatalogEntry], label: Label) -> Sizes:
    mine, cuts = _of(entries, label), (0.05, 0.25, 0.5, 0.75, 0.95)
    sides = np.quantile([max(e.width, e.height) for e in mine], cuts)
    rates = np.quantile([e.bytes / max(1, e.width * e.height) for e in mine], cuts)
    return Sizes(
        label=label,
        long_side=tuple(round(v, 1) for v in sides.tolist()),
        bytes_per_pixel=tuple(round(v, 4) for v in rates.tolist()),
    )


def _near(entries: Sequence[CatalogEntry]) -> Near:
    hashed = [e for e in entries if e.phash]
    members = defaultdict[int, list[CatalogEntry]](list)
    for number, entry in zip(near_groups(as_hashes([e.phash for e in hashed])).tolist(), hashed,
                             strict=True):  # fmt: skip
        members[number].append(entry)
    several = [group for group in members.values() if len(group) > 1]
    train, test = ([e.phash for e in hashed if e.split == side] for side in (TRAIN, TEST))
    return Near(
        images=sum(len(group) for group in several),
        groups=len(several),
        between_splits=int(near_any(as_hashes(train), as_hashes(test)).sum()),
        between_classes=sum(len({e.label for e in group}) > 1 for group in several),
        between_sources=sum(len({e.source for e in group}) > 1 for group in several),
    )


def errors(record: DatasetRecord, entries: Sequence[CatalogEntry]) -> tuple[str, ...]:
    """Say what forbids training on a dataset whatever its split; each sentence says what to do."""
    found = []
    if contradicting := record.reasons.get(CONTRADICTION):
        name = next((n for n, why in record.rejected if why.startswith(CONTRADICTION)), "")
        found.append(
            f"{contradicting} images are in both classes, byte for byte ({name}); remove each of "
            "them from the class it does not belong to"
        )
    found += mislabelled(entries)
    if leaking := leaks(entries):
        found.append(
            f"the split leaks: {', '.join(leaking[:5])} has images in train and in test; put "
            "each source wholly into one split, or leave the split empty"
        )
    return tuple(found)


def _warnings(found: Audit) -> tuple[str, ...]:
    warnings = _balance_warnings(found) + _shortcut_warnings(found.shortcut)
    if found.near.between_classes:
        warnings.append(
            f"{found.near.between_classes} groups of near-duplicates hold images of both classes: "
            "right for pairs of a photograph and its reconstruction, else someone mislabelled them"
        )
    if found.dropped:
        warnings.append(
            f"{found.dropped} images were left out of train, since test has near-duplicates of them"
        )
    elif found.near.between_splits:
        warnings.append(
            f"{found.near.between_splits} images of train are near-duplicates of test images; "
            "they are left out when a run is prepared"
        )
    total = sum(found.rejected.values())
    if total > MANY_REJECTED * max(1, total + found.images):
        most = max(found.rejected, key=lambda reason: found.rejected[reason])
        warnings.append(f"{total} files were rejected, most of them as {most}; look at the list")
    if unstated := found.licences.get("not stated"):
        warnings.append(f"{unstated} images have no licence stated; find out before you publish")
    return tuple(warnings)


def _balance_warnings(found: Audit) -> list[str]:
    warnings = []
    counts = [count for count in found.classes.values() if count]
    if len(counts) > 1 and max(counts) > UNBALANCED * min(counts):
        warnings.append(
            f"the classes are unbalanced, {max(counts)} to {min(counts)} images; sources are "
            "weighted alike, but the smaller class is known less well"
        )
    for label in Label:
        by_source = Counter[str]()
        for group in found.groups:
            if group.label is label:
                by_source[group.source] += group.images
        if len(by_source) > 1:
            source, images = by_source.most_common(1)[0]
            if images > DOMINANT * by_source.total():
                warnings.append(
                    f"{images / by_source.total():.0%} of the {label.value!r} images are of one "
                    f"source, {source!r}; what is learnt is largely that source"
                )
    if 0 < found.images < FEW_IMAGES:
        warnings.append(
            f"{found.images} images are few: every number about a detector trained on them will "
            "have a wide interval"
        )
    return warnings


def _shortcut_warnings(shortcut: Shortcut) -> list[str]:
    worst = max((a for a in (shortcut.auc, shortcut.auc_by_source) if a is not None), default=0.0)
    if worst <= SHORTCUT_AUC:
        return []
    telling = ", ".join(f"{name} {auc:.2f}" for name, auc in list(shortcut.separations.items())[:3])
    return [
        f"format and size alone tell the classes apart with an AUC of {worst:.2f} (the most by "
        f"{telling}); a detector may learn that instead of what was generated: encode both "
        "classes alike, and train on degraded copies"
    ]
