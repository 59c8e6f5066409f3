"""``aidetect dataset``: import labelled images, look them over, make a sample of them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from aidetect.console import counting_bar, emit, guarded, out
from aidetect.examples import examples
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.resolve import resolve
from aidetect.samples import write_samples
from detector.evaluation import Label
from detector.layout import DATASETS_PREFIX
from detector.uri import SCHEME, S3Uri
from training.data.catalog import CATALOG_FILE, read_catalog
from training.data.found import joined
from training.data.importing import Wishes, find_import, parse_words
from training.data.locate import find, is_packed
from training.data.place import DatasetError
from training.storage import LocalStorage, S3Storage, Storage, open_storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from training.data.pack import Packed

NAME_HELP = "The dataset's name: lower case letters, digits and dashes."

app = typer.Typer(help="Import, audit and make sets of labelled images.", no_args_is_help=True)


@contextmanager
def _counting(what: str) -> Iterator[Progress]:
    bar = counting_bar()
    bar.add_task(what, total=None)
    with bar:
        yield bar


def _show(bar: Progress, done: int, total: int) -> None:
    bar.update(bar.task_ids[0], completed=done, total=total or None)


@app.command(
    name="import",
    epilog=examples(
        ("aidetect dataset import photos/ --name mine", "a folder with real/… and ai/…"),
        (
            "aidetect dataset import kaggle:owner/slug --name faces --map FAKE=ai --map REAL=real",
            "a Kaggle dataset, and what its folders mean",
        ),
        ("aidetect dataset import a.zip b.tar --name both --to out/", "into a folder"),
    ),
)
@guarded()
def import_(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="A folder, .zip, .tar, s3:// prefix, kaggle:OWNER/SLUG or "
            "hub:OWNER/NAME[@REVISION][/CONFIG]; several become one dataset.",
            show_default=False,
        ),
    ],
    name: Annotated[str, typer.Option("--name", help=NAME_HELP)],
    label: Annotated[
        Label | None, typer.Option("--label", help="Class of images whose place names none.")
    ] = None,
    words: Annotated[
        list[str] | None,
        typer.Option("--map", help="What a folder or value means, e.g. FAKE=ai; repeatable."),
    ] = None,
    source_name: Annotated[
        str, typer.Option("--source-name", help="Where all the images are from.")
    ] = "",
    licence: Annotated[str, typer.Option("--licence", help="Their licence, for the record.")] = "",
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Images of each class of each place; 0 for all.")
    ] = 0,
    image_column: Annotated[str, typer.Option(help="Hub: the column of images.")] = "",
    label_column: Annotated[str, typer.Option(help="Hub: the column that names the class.")] = "",
    source_column: Annotated[str, typer.Option(help="Hub: the column that names the source.")] = "",
    keep_split: Annotated[
        bool,
        typer.Option(
            "--keep-split", help="Kaggle, hub: keep their split, which mostly is random and leaks."
        ),
    ] = False,
    to: Annotated[
        Path | None, typer.Option("--to", help="A folder, instead of the stack's training bucket.")
    ] = None,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Pack labelled images into a dataset that can be trained on.

    Broken images are left out and told of; exact copies are dropped. Importing the same again finds
    what is there. Licences are recorded as their publishers state them.
    """
    from training.data.pack import pack  # numpy and Pillow, which `--help` need not wait for

    _check_name(name)
    wishes = Wishes(
        label, parse_words(words or []), source_name, licence, limit, keep_split,
        image_column, label_column, source_column,
    )  # fmt: skip
    datasets: Storage
    s3: S3Client | None = None
    if to is None:
        target = resolve(where, stack)
        s3 = target.s3
        bucket = target.outputs.TrainingBucket
        datasets = S3Storage(s3, S3Uri(bucket, f"{DATASETS_PREFIX}{name}"))
    else:
        datasets = LocalStorage(to / name)
    imports = [find_import(source, wishes, s3) for source in sources]
    licences = dict.fromkeys(i.licence for i in imports if i.licence)
    with tempfile.TemporaryDirectory() as scratch, _counting("packing") as bar:
        packed = pack(
            joined([i.found for i in imports]),
            datasets,
            name,
            scratch=Path(scratch),
            licence="; ".join(licences),
            progress=lambda done, total: _show(bar, done, total),
        )
    if as_json:
        emit({"uri": packed.storage.uri, **packed.record.model_dump(mode="json")})
    else:
        _tell(packed)


def _check_name(name: str) -> None:
    if not name or not set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-"):
        raise DatasetError(f"--name {name!r}: use lower case letters, digits and dashes")


def _tell(packed: "Packed") -> None:
    record = packed.record
    out.print(f"{record.images:,} images, {record.bytes / 1e6:,.1f} MB, in", end=" ")
    out.print(packed.storage.uri, soft_wrap=True, markup=False)
    if record.duplicates or record.rejected_count:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in record.reasons.items())
        out.print(
            f"Left out: {record.duplicates:,} exact copies; "
            f"{record.rejected_count:,} rejected{f' ({reasons})' if reasons else ''}"
        )
    entries = read_catalog(packed.storage.read(CATALOG_FILE))
    if not record.licence and not all(entry.licence for entry in entries):
        out.print("[yellow]No licence is recorded; say it with --licence[/]")


@app.command(
    epilog=examples(
        ("aidetect dataset audit photos/", "what is in there, before it costs anything"),
        ("aidetect dataset audit photos/ --out audit.html", "also a page with figures"),
        ("aidetect dataset audit s3://bucket/datasets/mine/ --json", "for a program"),
    )
)
@guarded()
def audit(
    path: Annotated[
        str, typer.Argument(help="A packed dataset, or labelled images: path or s3:// URI.")
    ],
    page: Annotated[
        Path | None, typer.Option("--out", help="Also write a page with figures here.")
    ] = None,
    as_json: Json = False,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
) -> None:
    """Say what a dataset holds and what is wrong with it. Exit code 1 where it cannot be used."""
    # sklearn and matplotlib take ten seconds to import.
    from aidetect.dataset_table import audit_view
    from training.data.audit import audit as look_over
    from training.data.audit_page import render
    from training.data.pack import Packed, pack, read_record

    s3 = resolve(where, stack).s3 if path.startswith(SCHEME) else None
    with tempfile.TemporaryDirectory() as scratch:
        storage = open_storage(path.removesuffix("dataset.json"), s3)
        if is_packed(storage):
            packed = Packed(storage, read_record(storage))
        else:
            with _counting("reading") as bar:
                packed = pack(
                    find(path, s3=s3),
                    LocalStorage(Path(scratch) / "packed"),
                    Path(path.rstrip("/")).name or "images",
                    scratch=Path(scratch),
                    progress=lambda done, total: _show(bar, done, total),
                )
        entries = tuple(read_catalog(packed.storage.read(CATALOG_FILE)))
        found = look_over(packed.record, entries, path)
    if page is not None:
        page.write_text(render(found), encoding="utf-8")
    if as_json:
        emit(found.model_dump(mode="json"))
    else:
        out.print(audit_view(found))
        if page is not None:
            out.print(f"The page is {page}", soft_wrap=True, markup=False)
    if found.errors:
        raise typer.Exit(1)


@app.command(
    epilog=examples(
        ("aidetect dataset sample photos", "240 images of 4 sources of each class"),
        ("aidetect dataset sample photos --images 80 --sources 2", "a smaller one"),
    )
)
@guarded(ValueError, ModuleNotFoundError)
def sample(
    folder: Annotated[Path, typer.Argument(help="Where to; made if need be.")],
    images: Annotated[int, typer.Option(min=8, help="About how many, half of each class.")] = 240,
    sources: Annotated[int, typer.Option(min=1, max=8, help="Sources of each class.")] = 4,
    seed: Annotated[int, typer.Option(help="The same seed makes the same files.")] = 0,
    as_json: Json = False,
) -> None:
    """Make a small labelled folder to try training on.

    Real photographs under open licences, and stand-ins for AI images made of them: see its
    README.txt. A detector trained on it is good for nothing.
    """
    from training.data.sample import write_sample

    if folder.is_dir() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty; name a new folder")
    with tempfile.TemporaryDirectory() as scratch:
        photographs = write_samples(Path(scratch))
        written = write_sample(folder, photographs, images=images, sources=sources, seed=seed)
    if as_json:
        emit({"folder": str(folder), "images": written, "sources": sources})
        return
    out.print(f"{written} images of {sources} sources in", end=" ")
    out.print(str(folder), soft_wrap=True, markup=False)
