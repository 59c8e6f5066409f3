"""JSON Schemas of the events the product puts on EventBridge, made from their contracts.

``python -m aidetect.event_schema docs/events`` writes them; a test holds the files to the code.
"""

import json
import sys
from pathlib import Path
from typing import Any

from detector.summary import ScoringCompleted
from detector.training_run import TrainingCompleted

EVENTS = (ScoringCompleted, TrainingCompleted)
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def event_schema(contract: type[ScoringCompleted] | type[TrainingCompleted]) -> dict[str, Any]:
    """Return the schema of a whole event: EventBridge's envelope around the contract.

    Unknown fields and reason codes are allowed: within a major version they are only ever added.
    """
    detail = contract.model_json_schema(by_alias=True, mode="serialization")
    definitions = detail.pop("$defs", {})
    detail["properties"]["schema"] = {"const": contract.SCHEMA}
    if "Reason" in definitions:  # codes are added within a major version, too
        definitions["Reason"]["examples"] = definitions["Reason"].pop("enum")
    return {
        "$schema": DIALECT,
        "title": contract.DETAIL_TYPE,
        "description": f"Event of source {contract.SOURCE!r} on the account's default bus.",
        "type": "object",
        "required": ["source", "detail-type", "detail"],
        "properties": {
            "version": {"type": "string"},
            "id": {"type": "string"},
            "account": {"type": "string"},
            "region": {"type": "string"},
            "time": {"type": "string", "format": "date-time"},
            "resources": {"type": "array", "items": {"type": "string"}},
            "source": {"const": contract.SOURCE},
            "detail-type": {"const": contract.DETAIL_TYPE},
            "detail": detail,
        },
        "$defs": definitions,
    }


def schema_text(contract: type[ScoringCompleted] | type[TrainingCompleted]) -> str:
    """Return the schema as its file has it."""
    return json.dumps(event_schema(contract), indent=2) + "\n"


def write_schemas(folder: Path) -> list[Path]:
    """Write a file for each event and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for contract in EVENTS:
        path = folder / f"{contract.DETAIL_TYPE}.json"
        path.write_text(schema_text(contract), encoding="utf-8")
        written.append(path)
    return written


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
