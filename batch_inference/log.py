"""One JSON object a line on stdout, so that CloudWatch Logs Insights can query every field."""

import json
import logging
import sys
from datetime import UTC, datetime

LOGGER = logging.getLogger("aidetect.scorer")


class JsonFormatter(logging.Formatter):
    """Format a record, its ``extra={"fields": {...}}`` and its exception as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its newline."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure(**fields: object) -> None:
    """Send the scorer's log to stdout, each line carrying ``fields`` (the batch, the shard)."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(lambda record: _add(record, fields))
    LOGGER.handlers[:] = [handler]
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False


def _add(record: logging.LogRecord, fields: dict[str, object]) -> bool:
    record.fields = {**fields, **getattr(record, "fields", {})}
    return True


def info(message: str, **fields: object) -> None:
    """Log an event with its fields."""
    LOGGER.info(message, extra={"fields": fields})


def warning(message: str, **fields: object) -> None:
    """Log what someone should look at, with its fields."""
    LOGGER.warning(message, extra={"fields": fields})
