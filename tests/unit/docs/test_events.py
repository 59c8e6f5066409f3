"""The published schemas of events are those of the code, and hold for what the code writes."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from aidetect.event_schema import EVENTS, event_schema, schema_text, write_schemas
from detector.contract import Contract
from tests.unit.detector.documents import DOCUMENTS
from tests.unit.docs.command_line import CHECKOUT

FOLDER = CHECKOUT / "docs" / "events"
WRITTEN: dict[str, Contract] = {
    type(document).__name__: document for document in DOCUMENTS.values() if type(document) in EVENTS
}


def an_event(name: str) -> dict[str, Any]:
    return {
        "version": "0", "id": "1", "account": "123456789012", "region": "eu-west-1",
        "time": "2026-11-26T10:00:00Z", "resources": [], "source": "aidetect",
        "detail-type": name, "detail": json.loads(WRITTEN[name].dumps()),
    }  # fmt: skip


@pytest.mark.parametrize("contract", EVENTS, ids=lambda c: c.DETAIL_TYPE)
def test_the_files_are_those_of_the_code(contract: Any, tmp_path: Any) -> None:
    assert (FOLDER / f"{contract.DETAIL_TYPE}.json").read_text() == schema_text(contract)
    assert FOLDER / f"{contract.DETAIL_TYPE}.json" in [
        FOLDER / path.name for path in write_schemas(tmp_path)
    ]


@pytest.mark.parametrize("contract", EVENTS, ids=lambda c: c.DETAIL_TYPE)
def test_they_hold_for_what_is_written(contract: Any) -> None:
    schema = event_schema(contract)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    event = an_event(contract.DETAIL_TYPE)
    change: dict[str, Any]
    validator.validate(event)
    validator.validate(event | {"detail": event["detail"] | {"of_tomorrow": 1}})
    for change in ({"source": "x"}, {"detail": {}}, {"detail": event["detail"] | {"schema": "x"}}):
        with pytest.raises(ValidationError):
            validator.validate(event | change)


def test_a_reason_of_tomorrow_is_allowed_a_verdict_is_not() -> None:
    validator = Draft202012Validator(event_schema(EVENTS[0]))
    event = an_event("ScoringCompleted")
    event["detail"]["counts"]["reasons"]["of_tomorrow"] = 1
    validator.validate(event)
    event["detail"]["counts"]["verdicts"]["maybe"] = 1
    with pytest.raises(ValidationError):
        validator.validate(event)


def test_the_example_of_the_page_is_an_event() -> None:
    page = (CHECKOUT / "docs" / "events.md").read_text()
    example = json.loads(page.split("```json\n")[1].split("```")[0])
    Draft202012Validator(event_schema(EVENTS[0])).validate(example)
