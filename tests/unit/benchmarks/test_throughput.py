"""The comparison of throughput: its photographs, what it makes of the runs, and its page."""

import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.throughput.__main__ import earlier, turns
from benchmarks.throughput.contender import CONTENDERS
from benchmarks.throughput.outcome import Outcome, Spread, ratios
from benchmarks.throughput.photograph import Mix, files_in, make, mix_of, photographs, write
from benchmarks.throughput.table import efficiencies, render

MIX = Mix(images=8, formats={"JPEG": 7, "PNG": 1}, megapixels=1.1, kilobytes=300.0)


def outcome(contender: str, number: int, seconds: float, **found: Any) -> Outcome:
    told = {
        "images": 8,
        "seconds": seconds,
        "stages_ms": {"infer": 5.0},
        "versions": {"pillow": "13"},
        "settings": "two threads",
        "processor_ms_all": 90.0,
        **found,
    }
    return Outcome(contender, number, told, 100.0)


def ours(number: int, seconds: float) -> Outcome:
    return outcome(
        "aidetect", number, seconds, model_only=10.0, processor_ms={"decode workers": 9.0}
    )


def page(*outcomes: Outcome) -> str:
    machine = {
        "processor": "Nine",
        "features": ["avx2"],
        "processors": 2,
        "memory_gb": 8,
        "system": "Linux",
        "python": "3.11",
    }
    return render(
        {
            "machine": machine,
            "photographs": asdict(MIX),
            "command": "python -m benchmarks.throughput",
            "runs": [asdict(one) for one in outcomes],
        }
    )


def row(text: str, contender: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {contender} |"))


def test_recipe_is_the_same_for_a_longer_run() -> None:
    assert photographs(40)[:16] == photographs(16)
    assert len({one.name for one in photographs(40)}) == 40


def test_most_photographs_are_jpegs_of_about_a_megapixel() -> None:
    recipe = photographs(1000)
    sizes = [one.width * one.height / 1e6 for one in recipe]
    assert sum(0.79 < size < 1.31 for size in sizes) > 650
    assert min(sizes) > 0.24
    assert max(sizes) < 4.01
    assert sum(one.format == "JPEG" for one in recipe) > 700
    assert {one.format for one in recipe} == {"JPEG", "PNG", "WEBP"}


def test_a_photograph_is_as_its_recipe_says() -> None:
    wanted = min(photographs(16), key=lambda one: one.width * one.height)
    data = make(wanted)
    assert data == make(wanted)
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (wanted.width, wanted.height)
        assert image.format == wanted.format
        # No border that was left black where copies meet.
        grey = np.asarray(image.convert("L"))
        assert grey[-1].max() > 0
        assert grey[:, -1].max() > 0


def test_photographs_are_made_once(tmp_path: Path) -> None:
    folder = write(2, tmp_path)
    times = [path.stat().st_mtime_ns for path in sorted(folder.iterdir())]
    assert write(2, tmp_path) == folder
    assert [path.stat().st_mtime_ns for path in sorted(folder.iterdir())] == times
    assert mix_of(files_in(folder)).images == 2


def test_ratios_compare_within_a_round() -> None:
    runs = [ours(0, 1.0), outcome("slow", 0, 2.0), ours(1, 10.0), outcome("slow", 1, 30.0)]
    assert ratios(runs, "aidetect", "slow") == pytest.approx([2.0, 3.0])


def test_a_failed_run_counts_for_nothing_but_is_told() -> None:
    name = CONTENDERS[1].name
    runs = [ours(0, 1.0), Outcome(name, 0, failure="not installed: no such package")]
    assert ratios(runs, "aidetect", name) == []
    assert "not measured: not installed: no such package" in row(page(*runs), name)


def test_every_contender_has_a_row_even_if_it_never_ran() -> None:
    text = page(ours(0, 1.0))
    assert all(row(text, one.name) for one in CONTENDERS)


def test_page_tells_medians_spread_and_what_is_left_of_the_graphs_rate() -> None:
    runs = [ours(0, 1.0), ours(1, 0.8), ours(2, 2.0)]
    assert efficiencies(runs) == pytest.approx([0.8, 1.0, 0.4])
    text = page(*runs)
    assert "8.00 (4.00-10.00)" in row(text, "aidetect")
    assert "80.00 (40.00-100.00)% of its graph's own rate" in text


def test_spread_of_one_is_that_one() -> None:
    assert str(Spread.of([2.0])) == "2.00 (2.00-2.00)"


def test_rounds_begin_with_another_contender() -> None:
    order = [turns(number, list(CONTENDERS))[0] for number in range(len(CONTENDERS))]
    assert order == list(CONTENDERS)


def test_rounds_of_another_machine_are_not_added(tmp_path: Path) -> None:
    path = tmp_path / "throughput.json"
    assert earlier(path, {}) == []
    path.write_text('{"machine": 1, "photographs": 2, "runs": [{"round": 3}]}')
    assert earlier(path, {"machine": 1, "photographs": 2}) == [{"round": 3}]
    with pytest.raises(SystemExit, match="another machine"):
        earlier(path, {"machine": 4, "photographs": 2})
