"""What integration tests do with a running stack."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import quote_plus

import boto3

from aidetect.execution import Execution, describe, started_since, summary
from aidetect.follow import DropFollower, Progress, wait
from aidetect.resolve import resolve
from aidetect.results import Row, read_rows
from aidetect.source import gather, new_prefix
from aidetect.target import Target
from aidetect.upload import upload
from detector.plan import Lane
from detector.summary import BatchSummary
from detector.uri import S3Uri
from local.session import session
from local.stack import status

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sns import SNSClient

T = TypeVar("T")
PATIENCE = 600.0


def eventually(look: Callable[[], T | None], *, seconds: float = 60.0, what: str = "") -> T:
    """Look until there is something to see."""
    end = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s: {what or look}")
        time.sleep(0.1)
    return found


@dataclass
class Stack:
    """A deployed stack, through the clients that a user has."""

    target: Target
    session: boto3.Session
    endpoint: str

    @classmethod
    def running(cls) -> Self:
        """Return the local stack that runs."""
        found = status()
        assert found.endpoint is not None
        return cls(resolve("local"), session(found.region), found.endpoint)

    @property
    def events(self) -> "EventBridgeClient":
        return self.session.client("events", endpoint_url=self.endpoint)

    @property
    def sns(self) -> "SNSClient":
        return self.session.client("sns", endpoint_url=self.endpoint)

    @property
    def batch(self) -> "BatchClient":
        return self.session.client("batch", endpoint_url=self.endpoint)

    @property
    def functions(self) -> "LambdaClient":
        return self.session.client("lambda", endpoint_url=self.endpoint)

    def function(self, part: str) -> str:
        """Return the name of the one function that the template calls ``{part}Function``."""
        pages = self.functions.get_paginator("list_functions").paginate()
        names = [found["FunctionName"] for page in pages for found in page["Functions"]]
        (name,) = [name for name in names if f"-{part}Function-" in name]
        return name

    def put(self, key: str, body: bytes) -> None:
        self.target.s3.put_object(Bucket=self.target.outputs.IntakeBucket, Key=key, Body=body)

    def drop(self, folder: Path, timeout: float = PATIENCE) -> tuple[list[Row], Progress]:
        """Drop a folder as the command line does; return its rows once it is scored."""
        began = datetime.now(UTC) - timedelta(seconds=1)
        files = gather(folder, new_prefix(began))
        upload(self.target.s3, self.target.outputs.IntakeBucket, files)
        return self.follow(files.prefix, frozenset(u.key for u in files.uploads), began, timeout)

    def follow(
        self, prefix: str, keys: frozenset[str], since: datetime, timeout: float = PATIENCE
    ) -> tuple[list[Row], Progress]:
        follower = DropFollower(self.target, prefix, keys, since)
        progress = wait(follower.poll, timeout=timeout)
        rows = [r for e in progress.batches for r in self.rows(e.batch)]
        return [r for r in rows if r["key"].startswith(prefix)], progress

    def start(self, batch_input: dict[str, Any], name: str) -> str:
        machine = self.target.outputs.ScoringStateMachineArn
        return self.target.sfn.start_execution(
            stateMachineArn=machine, name=name, input=json.dumps(batch_input)
        )["executionArn"]

    def end(self, arn: str, timeout: float = PATIENCE) -> tuple[Execution, str]:
        def ended() -> tuple[Execution, str] | None:
            found = describe(self.target.sfn, arn)
            return found if found[0].ended else None

        return eventually(ended, seconds=timeout, what=f"the end of {arn}")

    def score(self, prefix: str, name: str, lane: Lane | None = None) -> list[Row]:
        """Score a prefix of the intake bucket where it lies."""
        bucket = self.target.outputs.IntakeBucket
        document: dict[str, Any] = {"prefix": str(S3Uri(bucket, prefix))}
        if lane:
            document["lane"] = lane.value
        execution, why = self.end(self.start(document, name))
        assert execution.status == "SUCCEEDED", why
        return self.rows(execution.batch)

    def summary(self, batch: str) -> BatchSummary:
        found = summary(self.target.s3, self.target.outputs.ResultsBucket, batch)
        assert found is not None, f"batch {batch} has no summary"
        return found

    def rows(self, batch: str) -> list[Row]:
        return list(read_rows(self.target.s3, S3Uri.parse(self.summary(batch).results)))

    def executions(self, since: datetime) -> list[Execution]:
        machine = self.target.outputs.ScoringStateMachineArn
        return list(started_since(self.target.sfn, machine, since))

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        pages = self.target.s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix
        )
        return [o["Key"] for page in pages for o in page.get("Contents", [])]


def without_time(rows: Iterable[Row]) -> list[Row]:
    """Return rows in manifest order, without the one column that may differ between two runs."""
    stripped = [{k: v for k, v in row.items() if k != "scored_at"} for row in rows]
    return sorted(stripped, key=lambda r: (r["entry"], r["member"] or "", r["image"]))


def s3_event(bucket: str, *keys: str) -> str:
    """A notification as S3 writes it: keys are URL-encoded, several records may share a message."""
    records = [
        {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "us-east-1",
            "eventTime": "2026-11-23T10:00:00.000Z",
            "eventName": "ObjectCreated:Put",
            "s3": {
                "s3SchemaVersion": "1.0",
                "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
                "object": {
                    "key": quote_plus(key, safe="/"),
                    "size": 1024,
                    "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                    "sequencer": "0055AED6DCD90281E5",
                },
            },
        }
        for key in keys
    ]
    return json.dumps({"Records": records})
