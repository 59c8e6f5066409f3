"""prepare: from a dataset to images that are checked, audited and split, or a refusal.

Everything that would make a training worthless is found here, before a GPU is asked for.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from detector.contract import ContractError
from training.data.audit import Audit, audit, errors
from training.data.audit_page import render
from training.data.catalog import CATALOG_FILE, CatalogEntry, read_catalog, write_catalog
from training.data.locate import find_in, is_packed, storage_at
from training.data.pack import Packed, pack, read_record
from training.data.place import DatasetError
from training.data.prepared import (
    AUDIT_FILE,
    FOLDER,
    PAGE_FILE,
    PREPARED_FILE,
    Prepared,
    counted,
    read_prepared,
)
from training.data.split import Split, SplitError, calibration_sources, split, with_held
from training.stages.context import StageContext, StageError, counting
from training.storage import MissingFileError

__all__ = ["PREPARED_FILE", "Prepared", "prepare"]

DISK_VARIABLE = "TRAINING_DISK_BYTES"
# Beside the images lie their features, the encoder and what else a stage writes.
DISK_FACTOR = 1.2
DISK_SPARE = 2 << 30
HTML = "text/html; charset=utf-8"
JSON = "application/json"


def prepare(context: StageContext) -> dict[str, str]:
    """Prepare the run's dataset; see :class:`training.data.prepared.Prepared` for what is written.

    Parameters
    ----------
    context
        The stage's world. What an attempt before packed, or finished, is not done again.

    Returns
    -------
    What is worth telling.

    Raises
    ------
    StageError
        If the dataset cannot be trained on; the message says what to change.
    StoppedError
        If the stage was told to stop.
    """
    try:
        return read_prepared(context.files)[0].said()
    except MissingFileError:
        pass
    try:
        return _prepare(context).said()
    except (DatasetError, SplitError, ContractError) as error:
        raise StageError(str(error)) from error


def _prepare(context: StageContext) -> Prepared:
    packed = _packed(context)
    record, where = packed.record, packed.storage.uri
    context.tell(f"dataset {record.name}@{record.digest[:16]}: {record.images} images")
    entries = tuple(read_catalog(packed.storage.read(CATALOG_FILE), where=f"{where}/catalog.jsonl"))
    context.stop.check()
    done = _split(context, packed, entries)
    final = _with_calibration(context, done)
    _check_disk(final, context.scratch)
    context.stop.check()
    return _write(context, packed, done, final)


def _packed(context: StageContext) -> Packed:
    """Return the run's dataset, packed now where it is a prefix of plain files."""
    where = context.run.request.dataset
    storage = context.dataset or storage_at(where, context.training)
    if is_packed(storage):
        return Packed(storage, read_record(storage))
    context.tell(f"looking for labelled images in {where}")
    found = find_in(storage, where)
    context.stop.check()
    with counting(context, "images packed") as progress:
        return pack(
            found,
            context.training.child(f"datasets/{context.run.name}"),
            context.run.name,
            scratch=context.scratch,
            progress=progress,
        )


def _split(context: StageContext, packed: Packed, entries: Sequence[CatalogEntry]) -> Split:
    """Split the dataset; where that is refused, leave an audit that shows what is wrong."""
    try:
        if wrong := errors(packed.record, entries):
            raise StageError("; ".join(wrong))
        return split(entries)
    except (StageError, SplitError):
        _write_audit(context, audit(packed.record, entries, packed.storage.uri))
        raise


def _with_calibration(context: StageContext, done: Split) -> tuple[CatalogEntry, ...]:
    try:
        return with_held(done.entries, calibration_sources(done.entries))
    except SplitError:
        if context.run.request.recipe.tunes:
            raise
        # The probe is calibrated by leaving one source out after the other, and holds none.
        return done.entries


def _check_disk(entries: Sequence[CatalogEntry], scratch: Path) -> None:
    images = sum(entry.bytes for entry in entries)
    needed = int(images * DISK_FACTOR) + DISK_SPARE
    if given := os.environ.get(DISK_VARIABLE, ""):
        if not given.isdecimal():
            raise StageError(f"{DISK_VARIABLE} is {given!r}; set it to a number of bytes")
        there, what = int(given), "the training job's disk"
    else:
        scratch.mkdir(parents=True, exist_ok=True)
        there, what = shutil.disk_usage(scratch).free, f"the disk of {scratch}"
    if needed > there:
        raise StageError(
            f"{what} has {there / 1e9:.1f} GB and {len(entries)} images take "
            f"{needed / 1e9:.1f} GB with what is made of them; give the job a larger disk, or "
            "train on fewer images"
        )


def _write_audit(context: StageContext, found: Audit) -> None:
    files = context.files.child(FOLDER)
    files.write(AUDIT_FILE, found.dumps().encode(), content_type=JSON)
    files.write(PAGE_FILE, render(found).encode(), content_type=HTML)


def _write(
    context: StageContext, packed: Packed, done: Split, final: tuple[CatalogEntry, ...]
) -> Prepared:
    record, files = packed.record, context.files.child(FOLDER)
    after = audit(record, final, packed.storage.uri, dropped=done.near_duplicates)
    _write_audit(context, after)
    files.write(CATALOG_FILE, write_catalog(final))
    prepared = Prepared(
        run=context.run.run,
        dataset=packed.storage.uri,
        digest=record.digest,
        name=record.name,
        images=len(final),
        bytes=sum(entry.bytes for entry in final),
        counts=counted(final),
        sources=tuple(sorted({entry.source for entry in final})),
        held=tuple(sorted({entry.source for entry in final if entry.held})),
        given_split=done.given,
        near_duplicates=done.near_duplicates,
        encoder=context.run.request.encoder,
        warnings=after.warnings,
    )
    files.write(PREPARED_FILE, prepared.dumps().encode(), content_type=JSON)
    for warning in prepared.warnings:
        context.tell(f"warning: {warning}")
    return prepared
