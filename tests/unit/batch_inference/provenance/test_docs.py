"""The page on provenance says what the code says."""

import re
from pathlib import Path

from batch_inference.provenance.trust import VARIABLE
from detector.provenance import MAX_DETAIL, MAX_GENERATOR, MEANINGS

PAGE = (Path(__file__).parents[4] / "docs/provenance.md").read_text("utf-8")


def test_the_table_of_claims_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)

    assert rows == [
        (claim.value, meaning.badge, meaning.sentence) for claim, meaning in MEANINGS.items()
    ]


def test_every_claim_has_its_limits() -> None:
    limits = PAGE.partition("What each does not prove")[2].partition("## What is read")[0]

    assert all(f"`{claim}`" in limits for claim in MEANINGS)
    assert f"`{VARIABLE}`" in PAGE
    assert f"{MAX_GENERATOR} and {MAX_DETAIL:,} characters" in PAGE.replace("\n", " ")
