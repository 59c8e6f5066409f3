"""The client on a running stack, the example that uses it, and rules for its events."""

import json
import runpy
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import aidetect
from aidetect.samples import write_samples
from tests.integration.stack import Stack
from tests.unit.docs.command_line import CHECKOUT
from tests.unit.docs.test_events import an_event
from tests.unit.examples.test_webhook import pattern

pytestmark = pytest.mark.integration


def test_score_and_find_again(stack: Stack, tmp_path: Path) -> None:
    written = write_samples(tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    client = aidetect.connect(on="local")
    assert stack.endpoint in client.where
    results = client.score(tmp_path)
    assert {Path(row.key).name for row in results} == {p.name for p in written} | {"broken.jpg"}
    assert results.summary.verdicts["error"] == 1
    assert results.summary.complete
    # More than one where an upload took longer than the window.
    found = [client.results(batch=batch) for batch in results.summary.batches]
    assert sum(map(len, found)) == len(written) + 1
    prefix = next(iter(results)).image.rpartition("/")[0]
    assert len(client.results(since=timedelta(hours=1), prefix=prefix)) == len(written) + 1
    assert results.to_polars().height == len(results.to_pandas())
    assert "<html" in results.report_html()


def test_where_it_lies(stack: Stack, tmp_path: Path) -> None:
    photo = write_samples(tmp_path)[0]
    stack.put("held/client/a.png", photo.read_bytes())
    where = f"s3://{stack.target.outputs.IntakeBucket}/held/client/"
    (row,) = aidetect.score(where, on="local")
    assert row.image == f"{where}a.png"


def test_nothing_there(stack: Stack) -> None:
    where = f"s3://{stack.target.outputs.IntakeBucket}/held/client-empty/"
    with pytest.raises(aidetect.AidetectError, match="nothing to score"):
        aidetect.score(where, on="local")


def test_the_example_runs(
    stack: Stack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "photos"
    written = write_samples(folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["client.py", str(folder)])
    runpy.run_path(str(CHECKOUT / "examples" / "client.py"))
    shown = capsys.readouterr().out
    assert f"{len(written)} images:" in shown
    assert list(tmp_path.glob("report-*.html"))


def test_rules_match_our_events_and_no_others(stack: Stack) -> None:
    page = (CHECKOUT / "docs" / "events.md").read_text()
    documented = json.loads(page.split("```json\n")[2].split("```")[0])

    def matches(rule: object, event: object) -> bool:
        found = stack.events.test_event_pattern(
            EventPattern=json.dumps(rule), Event=json.dumps(event)
        )
        return found["Result"]

    event = an_event("ScoringCompleted")
    assert matches(pattern(), event)
    assert matches(documented, event)
    real = {"status": "complete", "counts": {"rows": 1, "verdicts": {"real": 1}}}
    none = event | {"detail": event["detail"] | real}
    assert matches(pattern(), none)
    assert not matches(documented, none)
    assert not matches(pattern(), event | {"source": "aws.s3"})
