"""Splits a dataset by source: what is judged on comes from sources that nothing was learnt from."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detector.evaluation import Label
from training.data.catalog import TEST, TRAIN, CatalogEntry
from training.data.holdout import Sourced, choose_sources, count_sources, sources_of
from training.data.near import as_hashes, near_any

TEST_SHARE = 0.25
HELD_SHARE = 0.2
# Fewer sources of a class teach the source and not the class.
LEARNT_SOURCES = 2
NEEDED_SOURCES = LEARNT_SOURCES + 1


class SplitError(ValueError):
    """The images cannot be split so that a result would mean anything; says what to change."""


class LeakError(SplitError):
    """The split that the dataset gives has one source on both sides."""


@dataclass(frozen=True)
class Split:
    """Entries with their final split. ``given``: the dataset said it; else sources were held out.

    ``near_duplicates`` images were dropped from train, since the test images have their like.
    """

    entries: tuple[CatalogEntry, ...]
    near_duplicates: int
    given: bool


def leaks(entries: Iterable[CatalogEntry]) -> tuple[str, ...]:
    """Name each class of a source that is in train and in test, as ``source (class)``."""
    sides = defaultdict[tuple[str, str], set[str]](set)
    for entry in entries:
        sides[entry.source, entry.label.value].add(entry.split)
    return tuple(sorted(f"{s} ({c})" for (s, c), found in sides.items() if {TRAIN, TEST} <= found))


def split(entries: Sequence[CatalogEntry]) -> Split:
    """Give every image its split: the dataset's own, or whole sources held out for test.

    Raises
    ------
    LeakError
        If the dataset's own split has one source's images of one class on both sides.
    SplitError
        If a class has no images, or too few sources.
    """
    _check_classes(entries)
    given = any(entry.split == TEST for entry in entries)
    if given:
        decided = _honoured(entries)
        if found := leaks(decided):
            named = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
            raise LeakError(
                f"the dataset's split leaks: {named} has images in train and in test, so a test "
                "would measure how well the source is known; put each source wholly into one "
                "split, or leave the split empty to have whole sources held out"
            )
        _check_given(decided)
    else:
        decided = _held_out(entries)
    kept = _without_near_duplicates(decided)
    _check_given(kept)
    return Split(kept, len(decided) - len(kept), given)


def _check_classes(entries: Sequence[CatalogEntry]) -> None:
    if not entries:
        raise SplitError(
            "the dataset holds no images; expected folders real/<source>/… and "
            "ai/<generator>/…, or a manifest.csv with columns path and label"
        )
    counts = Counter(entry.label for entry in entries)
    for label in Label:
        if not counts[label]:
            other = next(iter(counts))
            raise SplitError(
                f"all {counts[other]} images are {other.value!r}, and a detector learns from both "
                f"classes; add {label.value!r} images in {label.value}/<source>/…"
            )


def _honoured(entries: Sequence[CatalogEntry]) -> list[CatalogEntry]:
    """Let what has no split go where the rest of its source is, else to train."""
    judged = {(e.source, e.label) for e in entries if e.split == TEST}
    return [
        e if e.split else e.model_copy(
            update={"split": TEST if (e.source, e.label) in judged else TRAIN}
        )
        for e in entries
    ]  # fmt: skip


def _check_given(entries: Sequence[CatalogEntry]) -> None:
    for side, least in ((TRAIN, LEARNT_SOURCES), (TEST, 1)):
        counts = count_sources(entry for entry in entries if entry.split == side)
        for label in Label:
            having = sources_of(counts, label)
            if len(having) < least:
                raise SplitError(
                    f"{side} has {label.value!r} images of {len(having)} sources and needs "
                    f"{least}; add images of other sources in {label.value}/<source>/…, or leave "
                    "the split empty to have whole sources held out"
                )


def _held_out(entries: Sequence[CatalogEntry]) -> list[CatalogEntry]:
    counts = count_sources(entries)
    for label in Label:
        having = sources_of(counts, label)
        if len(having) < NEEDED_SOURCES:
            raise SplitError(
                f"the {label.value!r} images are of {len(having)} source"
                f"{'' if len(having) == 1 else 's'} ({', '.join(sorted(having))}) and "
                f"{NEEDED_SOURCES} are needed: {LEARNT_SOURCES} to learn from and one to judge on; "
                f"add images from elsewhere in {label.value}/<source>/…, or name each image's "
                "source in the column 'source' of manifest.csv"
            )
    chosen = choose_sources(counts, TEST_SHARE, left=LEARNT_SOURCES)
    if chosen is None:
        raise SplitError(
            "no choice of sources leaves two of each class to learn from and one of each to judge "
            "on, since most sources have images of both classes or the classes share too few; add "
            "images of other sources"
        )
    return [e.model_copy(update={"split": TEST if e.source in chosen else TRAIN}) for e in entries]


def _without_near_duplicates(entries: Sequence[CatalogEntry]) -> tuple[CatalogEntry, ...]:
    judged = as_hashes([e.phash for e in entries if e.split == TEST and e.phash])
    like = near_any(as_hashes([e.phash for e in entries]), judged)
    return tuple(
        e
        for e, near in zip(entries, like, strict=True)
        if not (near and e.split == TRAIN and e.phash)
    )


def calibration_sources(entries: Iterable[Sourced]) -> frozenset[str]:
    """Choose the sources of train that a tuned recipe is calibrated on and does not learn from.

    Holds about a fifth of each class; leaves two sources of each to learn from where there are
    three, else one.

    Raises
    ------
    SplitError
        If a class has a single source in train.
    """
    counts = count_sources(entry for entry in entries if entry.split == TRAIN)
    for left in (LEARNT_SOURCES, 1):
        if (chosen := choose_sources(counts, HELD_SHARE, left=left)) is not None:
            return chosen
    few = min(Label, key=lambda label: len(sources_of(counts, label)))
    raise SplitError(
        f"train has {len(sources_of(counts, few))} source(s) of {few.value!r} images, and a tuned "
        "recipe needs two: one to learn from and one to be calibrated on; add images of other "
        "sources, or use the recipe probe"
    )


def with_held(entries: Iterable[CatalogEntry], held: frozenset[str]) -> tuple[CatalogEntry, ...]:
    """Mark the images of train whose source is held."""
    return tuple(
        e.model_copy(update={"held": e.split == TRAIN and e.source in held}) for e in entries
    )
