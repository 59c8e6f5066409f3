"""The page of what a million images take."""

from typing import Any

from benchmarks.scale.__main__ import disk_mb, functions
from benchmarks.scale.table import ABOUT, render
from tests.unit.template.document import TEMPLATE


def size(images: int, seconds: float) -> dict[str, Any]:
    step = {"seconds": 9.0, "processor_seconds": seconds, "peak_mb": 200.0, "shards": images // 100}
    return {"images": images, "manifest_mb": 1.5, "steps": dict.fromkeys(ABOUT, step)}


def test_page_tells_each_step_and_an_images_share() -> None:
    document = {
        "command": "python -m benchmarks.scale",
        "functions": {
            "PlanFunction": {"memory_mb": 1769, "seconds": 900},
            "CollectFunction": {"memory_mb": 1769, "seconds": 900},
        },
        "disk_mb": 2048,
        "sizes": [size(10_000, 1.0), size(1_000_000, 120.0)],
    }
    text = render(document)
    assert "an array of 10,000 children" in text
    assert "| plan | 100 | 120 |" in text
    row = next(line for line in text.splitlines() if line.startswith("| **close**"))
    assert "1.0 s, 200 MB | 120.0 s, 200 MB | 900 s, 1769 MB" in row


def test_limits_are_those_of_the_template() -> None:
    found = functions(TEMPLATE)
    assert found["PlanFunction"] == {"memory_mb": 1769, "seconds": 900}
    assert disk_mb(TEMPLATE) == 2048
