"""Round trip and compatibility of every contract.

``golden/*.json`` are documents as their first version wrote them. They are never regenerated: if a
test here fails, the change breaks readers that are deployed, and needs a new major version.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from detector.contract import Contract, ContractError
from detector.manifest import ManifestHeader
from detector.plan import BatchPlan, Shard
from tests.unit.detector.documents import DOCUMENTS

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_round_trip(name: str) -> None:
    document = DOCUMENTS[name]
    assert type(document).parse(document.dumps()) == document


@pytest.mark.parametrize("name", DOCUMENTS)
def test_reads_what_the_first_version_wrote(name: str) -> None:
    document = DOCUMENTS[name]
    assert type(document).parse((GOLDEN / f"{name}.json").read_text()) == document


def known(old: Any, new: Any) -> Any:
    """Return of a newer document what a reader of the old one knows, at every depth."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {key: known(value, new.get(key)) for key, value in old.items()}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [known(one, other) for one, other in zip(old, new, strict=True)]
    return new


@pytest.mark.parametrize("name", DOCUMENTS)
def test_old_readers_find_every_field_they_know(name: str) -> None:
    old = json.loads((GOLDEN / f"{name}.json").read_text())
    new = json.loads(DOCUMENTS[name].dumps())
    assert known(old, new) == old


@pytest.mark.parametrize("name", DOCUMENTS)
def test_reads_a_newer_minor_version(name: str) -> None:
    document = DOCUMENTS[name]
    newer = json.loads(document.dumps()) | {"added_later": {"deep": [1]}}
    assert type(document).parse(json.dumps(newer)) == document


def test_refuses_another_major_version() -> None:
    with pytest.raises(ContractError, match="different major versions"):
        ManifestHeader.parse('{"schema": "aidetect.manifest/2"}', where="s3://b/k")


@pytest.mark.parametrize("text", [b"\xff\xfe", "{", "[]", "null", "3", '{"origin": "intake"}'])
def test_refuses_what_is_no_document(text: str | bytes) -> None:
    with pytest.raises(ContractError, match="s3://b/k"):
        ManifestHeader.parse(text, where="s3://b/k")


def test_refuses_a_missing_field() -> None:
    with pytest.raises(ContractError, match="run_date"):
        BatchPlan.parse('{"schema": "aidetect.plan/1", "batch": "b"}')


def test_documents_are_immutable() -> None:
    shard = Shard(index=0, first=0, count=1, offset=0, length=1)
    with pytest.raises(ValidationError, match="frozen"):
        shard.count = 2  # type: ignore[misc]


def test_every_contract_has_an_example() -> None:
    assert {type(d) for d in DOCUMENTS.values()} == {
        kind for kind in Contract.__subclasses__() if kind.__module__.startswith("detector.")
    }
