"""The examples of the documentation run.

Blocks of Python and SQL are run, but those that say why they are not: ``<!-- not run: … -->`` on
the line above. Of these at least the imports are run. They run in a folder with what a page may
expect there: ``results/`` and ``costs/`` as they come from the bucket, and ``photo.jpg``.
"""

import ast
import doctest
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from PIL import Image

from batch_inference.parquet import to_parquet
from detector.layout import BatchLayout
from detector.reason import Reason
from detector.row import ResultRow
from detector.verdict import Verdict
from tests.docs.examples import Example, examples
from tests.unit.detector.documents import DOCUMENTS

PYTHON = examples("python")
CONSOLE = examples("pycon")
SQL = examples("sql")


def row(key: str, verdict: Verdict, probability: float | None) -> ResultRow:
    return ResultRow(
        image=f"s3://intake/intake/{key}",
        bucket="intake",
        key=f"intake/{key}",
        entry=0,
        verdict=verdict,
        probability=probability,
        reason=None if probability is not None else Reason.TRUNCATED,
        detector="clip-b16-probe@1.0.0",
        lane="express",
        scored_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as somebody has it who has scored a few images and synced the results."""
    rows = [
        row("a.jpg", Verdict.AI, 0.93),
        row("b.jpg", Verdict.REAL, 0.08),
        row("c.jpg", Verdict.UNSURE, 0.61),
        row("d.jpg", Verdict.ERROR, None),
    ]
    layout = BatchLayout("results", "b1", "2026-11-23")
    chunk, ledger = tmp_path / layout.chunk("000000000").key, tmp_path / layout.costs.key
    for path in (chunk, ledger):
        path.parent.mkdir(parents=True)
    chunk.write_bytes(to_parquet(rows))
    ledger.write_text(DOCUMENTS["costs"].dumps())
    Image.new("RGB", (64, 64), "teal").save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def imports(code: str) -> str:
    """Return the import lines of a piece of code."""
    kept = [n for n in ast.parse(code).body if isinstance(n, ast.Import | ast.ImportFrom)]
    return ast.unparse(ast.Module(body=list(kept), type_ignores=[]))


@pytest.mark.parametrize("example", PYTHON, ids=lambda e: e.name)
def test_python(example: Example, folder: Path) -> None:
    code = imports(example.code) if example.why else example.code
    exec(compile(code, example.name, "exec"), {"__name__": "example"})  # noqa: S102


@pytest.mark.parametrize("example", CONSOLE, ids=lambda e: e.name)
def test_console(example: Example, folder: Path) -> None:
    test = doctest.DocTestParser().get_doctest(
        example.code, {}, example.name, str(example.page), example.line
    )
    report: list[str] = []
    failed, tried = doctest.DocTestRunner().run(test, out=report.append)
    assert tried
    assert failed == 0, "".join(report)


@pytest.mark.parametrize("example", SQL, ids=lambda e: e.name)
def test_sql(example: Example, folder: Path) -> None:
    with duckdb.connect() as database:
        database.execute(
            "CREATE VIEW verdicts AS SELECT * FROM "
            "read_parquet('results/**/*.parquet', hive_partitioning = true, "
            "hive_types = {'run_date': VARCHAR})"
        )
        database.execute("CREATE VIEW costs AS SELECT * FROM read_json('costs/**/*.json')")
        assert database.execute(example.code).fetchall()


def test_blocks_are_found() -> None:
    assert PYTHON
    assert CONSOLE
    assert SQL
    assert len([e for e in PYTHON if not e.why]) >= 1
