"""Command line of a scoring job.

``python -m batch_inference --plan s3://bucket/batches/<id>/plan.json [--shard N] [--graph G]``

Environment: ``AWS_BATCH_JOB_ARRAY_INDEX`` (shard, without ``--shard``; else 0),
``AWS_BATCH_JOB_ATTEMPT``, ``DETECTOR_CACHE`` (default ``/tmp/aidetect``), ``GRAPH`` (``fp32``,
``fp16`` or ``int8``).

Exit codes, for the retry rules of the job definition:

=====  ===========================================================================================
0      the shard is complete
1      it could not go on (S3, memory, a lost GPU): retry, and it resumes
2      the command line, plan, manifest or detector is wrong: do not retry
143    told to stop by SIGTERM, as when spot capacity is reclaimed: retry, and it resumes
=====  ===========================================================================================
"""

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from batch_inference import log
from batch_inference.decoder import Decoder
from batch_inference.download import Downloads
from batch_inference.errors import InterruptedShardError, ScoringError
from batch_inference.fork_server import ForkServer
from batch_inference.heap import tame_heap
from batch_inference.job import run_shard
from batch_inference.settings import Settings
from batch_inference.stop import Stop
from detector.contract import ContractError
from detector.package import Graph, PackageError
from detector.plan import Lane
from detector.uri import S3Uri, UriError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DONE, RETRY, REFUSED, STOPPED = 0, 1, 2, 143
DEFAULT_CACHE = "/tmp/aidetect"  # noqa: S108 - private to the container; every load is hash-checked


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> argparse.Namespace:
    """Read the command line, with the environment's values for what it does not say."""
    parser = argparse.ArgumentParser(prog="batch_inference", description="Score one shard.")
    parser.add_argument("--plan", required=True, help="s3://bucket/batches/<id>/plan.json")
    parser.add_argument(
        "--shard", type=int, default=int(environment.get("AWS_BATCH_JOB_ARRAY_INDEX", "0"))
    )
    parser.add_argument(
        "--graph",
        choices=[graph.value for graph in Graph],
        default=environment.get("GRAPH") or None,
        help="precision; by default the one that fits the machine",
    )
    return parser.parse_args(arguments)


def s3_client(session: boto3.Session, settings: Settings) -> "S3Client":
    """Return a client with a connection for every fetcher, and retries that back off together."""
    config = Config(
        max_pool_connections=settings.fetchers + 8,
        retries={"mode": "adaptive", "max_attempts": 6},
        connect_timeout=10,
        read_timeout=30,
    )
    return session.client("s3", config=config)


@contextmanager
def stopping(stop: Stop) -> Iterator[None]:
    """Make SIGTERM ask for the end while the block runs."""
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: stop.ask())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main(arguments: Sequence[str] | None = None) -> int:
    """Score one shard, and return the exit code."""
    environment = os.environ
    options = parse(sys.argv[1:] if arguments is None else arguments, environment)
    tame_heap()
    settings = Settings()
    stop = Stop(settings.stop_seconds)
    try:
        plan = S3Uri.parse(options.plan)
    except UriError as error:
        log.configure(shard=options.shard)
        log.LOGGER.error(str(error))
        return REFUSED
    attempt = int(environment.get("AWS_BATCH_JOB_ATTEMPT", "1"))
    log.configure(batch=plan.key.split("/")[-2:][0], shard=options.shard, attempt=attempt)
    try:
        # Begun here: what workers are forked from gets ready while the detector is loaded.
        with ForkServer() as server, stopping(stop):
            session = boto3.Session()
            s3 = s3_client(session, settings)
            run_shard(
                plan,
                options.shard,
                s3=s3,
                graph=Graph(options.graph) if options.graph else None,
                cache=Path(environment.get("DETECTOR_CACHE") or DEFAULT_CACHE),
                attempt=attempt,
                lane=Lane.BATCH,
                settings=settings,
                stop=stop,
                decoders=partial(Decoder, server=server),
                downloads=Downloads(session, s3),
            )
    except InterruptedShardError as interruption:
        log.warning("stopped", reason=str(interruption))
        return STOPPED
    except (ContractError, PackageError) as error:
        log.LOGGER.error("refused: %s", error)
        return REFUSED
    except (ScoringError, ClientError, BotoCoreError) as error:
        log.LOGGER.error("failed: %s", error, exc_info=True)
        return RETRY
    return DONE
