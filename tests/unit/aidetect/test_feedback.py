"""``aidetect feedback``: handed in, counted, and made into a dataset that training takes."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from aidetect import feedback_command
from aidetect.feedback.choose import SourceBy, choose, split_image
from aidetect.feedback_command import app
from aidetect.target import Target
from detector.layout import BatchLayout
from detector.uri import S3Uri
from tests.unit.aidetect.conftest import BUCKET
from tests.unit.aidetect.reviewed import DAY, INTAKE, TRAINING, make_target, put_batch
from tests.unit.detector.marked import a_line, a_mark, as_lines
from tests.unit.training.data.pictures import png
from tests.unit.training.stages.worlds import make_context, make_run
from training.data.prepared import read_prepared
from training.stages.prepare import prepare
from training.storage import S3Storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def target(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> Target:
    made = make_target(s3)
    monkeypatch.setattr(feedback_command, "resolve", lambda *_: made)
    return made


def run(*words: str | Path, code: int = 0) -> str:
    found = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "300"})
    assert found.exit_code == code, found.output
    return found.output


def document(*words: str | Path) -> Any:
    found = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def save(target: Target, batch: str, *lines: dict[str, Any], name: str = "one") -> None:
    where = BatchLayout(BUCKET, batch, DAY).feedback.join(f"{name}.jsonl")
    target.s3.put_object(Bucket=BUCKET, Key=where.key, Body=as_lines(*lines))


def keys(target: Target, bucket: str, prefix: str = "") -> list[str]:
    found = target.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for item in found.get("Contents", [])]


# ---- add
def test_a_download_is_stored_below_its_batches_once(target: Target, tmp_path: Path) -> None:
    for batch in ("b1", "b2"):
        put_batch(target, batch)
    file = tmp_path / "feedback.jsonl"
    file.write_bytes(as_lines(a_line(), a_line(batch="b2"), a_line(image="s3://intake/b.jpg")))
    assert [(a["batch"], a["corrections"], a["new"]) for a in document("add", file)] == [
        ("b1", 2, True),
        ("b2", 1, True),
    ]
    assert "batch b1: 2 corrections were handed in before" in run("add", file)
    assert len(keys(target, BUCKET, "feedback/")) == 2
    assert document("accuracy")["marks"] == 3


def test_a_bad_line_is_named_and_nothing_is_stored(target: Target, tmp_path: Path) -> None:
    put_batch(target, "b1")
    file = tmp_path / "feedback.jsonl"
    file.write_bytes(as_lines(a_line()) + b"{\n" + as_lines(a_line(), a_line(label="fake")))
    said = run("add", file, code=1)
    assert "line 2: not JSON" in said
    assert "line 4: label:" in said
    assert keys(target, BUCKET, "feedback/") == []


def test_a_batch_of_another_stack_is_refused(target: Target, tmp_path: Path) -> None:
    put_batch(target, "b1")
    file = tmp_path / "feedback.jsonl"
    file.write_bytes(as_lines(a_line(), a_line(batch="other")))
    assert "batch other is not on the test" in run("add", file, code=1)
    assert keys(target, BUCKET, "feedback/") == []
    file.write_bytes(b"\n")
    assert "holds no corrections" in run("add", file, code=1)
    assert "No such file" in run("add", tmp_path / "none", code=1)
    with file.open("wb") as stream:
        stream.truncate((64 << 20) + 1)
    assert "is larger than" in run("add", file, code=1)


# ---- accuracy
def test_accuracy_is_shown_with_its_limits(target: Target) -> None:
    save(
        target, "b1",
        a_line(image="s3://b/1", label="real", verdict="ai"),
        a_line(image="s3://b/2", label="ai", verdict="ai"),
        a_line(image="s3://b/3", label="ai", verdict="error", probability=None),
        a_line(batch="b2"),
    )  # fmt: skip
    shown = run("accuracy")
    assert "probe@1: 2 reviewed images" in shown
    assert "1 marked without a verdict" in shown
    assert "1 of 1" in shown
    assert "0.21-1.00" in shown
    assert "no random sample" in shown
    assert "1 lines are of another batch" in shown
    told = document("accuracy", "--detector", "probe@1")
    (one,) = told["detectors"]
    assert (one["real_accused"]["count"], one["real_accused"]["of"]) == (1, 1)
    assert len(told["problems"]) == 1


def test_what_there_is_nothing_of_is_said(target: Target) -> None:
    assert "no image was marked on the test" in run("accuracy", code=1)
    save(target, "b1", a_line())
    assert "those that were: probe@1" in run("accuracy", "--detector", "probe@2", code=1)
    assert "in batches since 2026-11-27" in run("accuracy", "--since", "2026-11-27", code=1)
    run("accuracy", "--since", "yesterday", code=2)
    assert "cannot name a dataset" in run("dataset", "My Marks", code=1)


# ---- choosing
@pytest.mark.parametrize(
    ("image", "key", "member"),
    [
        ("s3://b/a.jpg", "a.jpg", None),
        ("s3://b/a#1.jpg", "a#1.jpg", None),
        ("s3://b/p/set.zip#m/x#2.jpg", "p/set.zip", "m/x#2.jpg"),
        ("s3://b/no#1/set.TAR#x.jpg", "no#1/set.TAR", "x.jpg"),
        ("s3://b/a.zip/b.jpg", "a.zip/b.jpg", None),
    ],
)
def test_an_archives_member_is_told_from_a_key(image: str, key: str, member: str | None) -> None:
    assert split_image(image) == (S3Uri("b", key), member)


def test_the_newest_mark_counts_and_a_dispute_leaves_an_image_out() -> None:
    found = choose(
        [
            a_mark(0, image="s3://b/1", label="ai"),
            a_mark(1, image="s3://b/1", label="real"),
            a_mark(0, image="s3://b/2", label="ai", reviewer="ann"),
            a_mark(1, image="s3://b/2", label="real", reviewer="bob"),
        ]
    )
    assert [(e.image, e.label.value) for e in found.examples] == [("s3://b/1", "real")]
    assert (found.disputed, found.copies) == (1, 0)


def test_equal_bytes_are_one_image_and_disputed_together() -> None:
    one, other = "ab" * 32, "cd" * 32
    found = choose(
        [
            a_mark(0, image="s3://b/1", sha256=one, label="ai"),
            a_mark(1, image="s3://b/2", sha256=one, label="ai", batch="b2"),
            a_mark(0, image="s3://b/3", sha256=other, label="ai", reviewer="ann"),
            a_mark(0, image="s3://b/4", sha256=other, label="real", reviewer="bob"),
        ]
    )
    assert [(e.image, e.source) for e in found.examples] == [("s3://b/2", "b2")]
    assert (found.disputed, found.copies) == (2, 1)


def test_marks_of_bytes_that_were_replaced_say_nothing() -> None:
    found = choose(
        [
            a_mark(0, image="s3://b/1", sha256="ab" * 32, label="ai", reviewer="ann"),
            a_mark(1, image="s3://b/1", sha256="cd" * 32, label="real", reviewer="bob"),
        ]
    )
    assert [(e.label.value, e.sha256) for e in found.examples] == [("real", "cd" * 32)]
    assert found.disputed == 0


@pytest.mark.parametrize(
    ("image", "source"),
    [
        ("s3://b/intake/shop/2026/a.jpg", "shop/2026"),
        ("s3://b/intake/a.jpg", "b"),
        ("s3://b/intake/shop/set.zip#m/a.jpg", "shop/set.zip"),
        ("s3://b/other/a.jpg", "other"),
    ],
)
def test_a_folder_may_be_the_source(image: str, source: str) -> None:
    (example,) = choose([a_mark(image=image)], SourceBy.FOLDER).examples
    assert example.source == source


# ---- dataset
def marked_stack(target: Target) -> dict[str, bytes]:
    """Put images of both classes into three batches, one of them in an archive; mark them all."""
    files = {}
    for number in range(3):
        lines = []
        for at in range(6):
            name = f"s3://{INTAKE}/intake/drop-{number}/{at}, é.png"
            files[name] = png(100 * number + at)
            where = S3Uri.parse(name)
            target.s3.put_object(Bucket=INTAKE, Key=where.key, Body=files[name])
            lines.append(_marked(f"b{number}", name, files[name], ("real", "ai")[at % 2]))
        save(target, f"b{number}", *lines)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for at in (0, 1):
            archive.writestr(f"m/{at}.png", png(900 + at))
    target.s3.put_object(Bucket=INTAKE, Key="intake/set.zip", Body=packed.getvalue())
    name = f"s3://{INTAKE}/intake/set.zip#m/0.png"
    gone = f"s3://{INTAKE}/intake/set.zip#m/gone.png"
    other = f"s3://{INTAKE}/intake/set.zip#m/1.png"
    save(
        target, "b0",
        _marked("b0", name, png(900), "real"),
        _marked("b0", gone, b"?", "real"),
        _marked("b0", other, b"other bytes", "ai"),
        name="two",
    )  # fmt: skip
    files[name] = png(900)
    return files


def _marked(batch: str, image: str, data: bytes, label: str) -> dict[str, Any]:
    sha256 = hashlib.sha256(data).hexdigest()
    return a_line(batch=batch, image=image, label=label, sha256=sha256)


def test_training_takes_what_was_marked(target: Target, tmp_path: Path) -> None:
    files = marked_stack(target)
    # Overwritten since it was marked: the label is not of these bytes.
    replaced = f"s3://{INTAKE}/intake/drop-1/0, é.png"
    target.s3.put_object(Bucket=INTAKE, Key=S3Uri.parse(replaced).key, Body=png(777))
    made = document("dataset", "marked")
    assert made["classes"] == {"real": 10, "ai": 9}
    assert (made["images"], made["sources"]) == (19, 3)
    assert made["left_out"] == {"disputed": 0, "copies": 0, "unreadable": 2}
    assert document("dataset", "marked")["manifest"] == made["manifest"]

    training = S3Storage(target.s3, S3Uri(TRAINING, ""))
    run_ = make_run(dataset=made["manifest"], encoder="owner/name")
    prepare(make_context(tmp_path, run_, training=training))
    prepared, entries = read_prepared(make_context(tmp_path, run_).files)
    expected = {hashlib.sha256(d).hexdigest() for name, d in files.items() if name != replaced}
    assert {entry.sha256 for entry in entries} == expected
    assert prepared.sources == ("b0", "b1", "b2")


def test_the_next_command_is_told(target: Target) -> None:
    marked_stack(target)
    said = run("dataset", "marked", "--source-by", "folder")
    assert "19 images (10 real, 9 ai) of 4 sources in s3://training/datasets/marked/" in said
    assert "2 members of archives that cannot be read" in said
    assert "Train on them with: aidetect train s3://training/datasets/marked/marked-" in said


def test_nothing_to_learn_from_is_said(target: Target) -> None:
    save(target, "b1", a_line(reviewer="ann"), a_line(reviewer="bob", label="ai"))
    assert "no marked image is left to learn from" in run("dataset", "marked", code=1)
    assert keys(target, TRAINING) == []
