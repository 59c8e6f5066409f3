"""What checkov is told to leave out has a reason beside it."""

import yaml

from tests.unit.template.document import ROOT, template

CONFIG = ROOT / ".checkov.yaml"


def test_what_is_left_out_everywhere_has_a_reason_above_it() -> None:
    lines = [line.strip() for line in CONFIG.read_text().splitlines()]
    skips = [n for n, line in enumerate(lines) if line.startswith("- CKV")]
    assert len(skips) == len(yaml.safe_load(CONFIG.read_text())["skip-check"])
    for number in skips:
        assert lines[number - 1].startswith("#")
        assert lines[number - 1].endswith(".")


def test_what_is_left_out_for_one_resource_has_a_comment() -> None:
    everywhere = set(yaml.safe_load(CONFIG.read_text())["skip-check"])
    found = [
        skip
        for resource in template()["Resources"].values()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert found
    for skip in found:
        assert len(skip["comment"]) > 20
        assert skip["id"] not in everywhere
