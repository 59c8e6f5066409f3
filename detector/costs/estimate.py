"""What a batch will cost, before it is dropped."""

import math
from enum import StrEnum
from typing import NamedTuple

from detector.costs.bill import Item, bill, total
from detector.costs.machines import Machine
from detector.costs.throughput import Encoder, Throughput, throughput
from detector.costs.usage import EXPRESS_GB, EXPRESS_START, JOB_START, MACHINE_START, Usage, events

# Defaults of template.yaml.
IMAGES_PER_SHARD, CHUNK, MAX_VCPUS = 50_000, 1000, 32
PER_ARCHIVE = 1000
# CPU seconds of an image with ViT-B/16's 8-bit graph of two digits on one core, on Lambda's 1.7
# vCPUs; docs/decisions/001-int8-graph.md. Other encoders in proportion to their work.
EXPRESS_SECONDS, EXPRESS_GFLOP = 0.136 / 1.7, 35.0


class Arrival(StrEnum):
    """How images come."""

    DROPPED = "dropped"
    PREFIX = "prefix"
    ARCHIVES = "archives"


class Job(NamedTuple):
    """What is to be scored and on what. ``size``: bytes of a JPEG, on average."""

    images: int
    size: float
    encoder: Encoder
    machine: Machine
    spot: bool = True
    arrival: Arrival = Arrival.DROPPED


class Estimate(NamedTuple):
    """What it will come to; ``seconds`` from the first machine to the last row."""

    items: tuple[Item, ...]
    dollars: float
    rate: Throughput
    machines: int
    seconds: float

    def per_thousand(self, images: int) -> float:
        """Return the dollars for a thousand images."""
        return 1000 * self.dollars / images


def objects_of(images: int, arrival: Arrival) -> int:
    """Return how many objects are read."""
    return math.ceil(images / PER_ARCHIVE) if arrival is Arrival.ARCHIVES else images


def on_gpus(job: Job) -> Estimate:
    """Reckon the GPU lane. Nothing of it is measured, so every line is an estimate."""
    rate = throughput(job.machine, job.encoder, job.size)
    shards = max(1, math.ceil(job.images / IMAGES_PER_SHARD))
    # A job has one GPU, so a machine with several runs several jobs.
    machines = max(1, min(math.ceil(shards / job.machine.gpus), MAX_VCPUS // job.machine.vcpus))
    seconds = job.images / rate.images + JOB_START * shards / job.machine.gpus
    usage = _common(job) + Usage(
        images=job.images,
        machine_seconds=seconds,
        start_seconds=MACHINE_START * machines,
        puts=shards,
        gets=5 * shards,
    )
    items = bill(usage, job.machine, spot=job.spot, estimated=frozenset({"all"}))
    return Estimate(items, total(items), rate, machines, MACHINE_START + seconds / machines)


def on_lambda(job: Job) -> Estimate:
    """Reckon the express lane, cold."""
    each = EXPRESS_SECONDS * job.encoder.gflop / EXPRESS_GFLOP
    seconds = EXPRESS_START + each * job.images
    usage = _common(job) + Usage(
        images=job.images, lambda_requests=1, lambda_gb_seconds=seconds * EXPRESS_GB, puts=1, gets=5
    )
    items = bill(usage, job.machine, estimated=frozenset({"all"}))
    return Estimate(items, total(items), Throughput(1 / each, 1 / each), 0, seconds)


def _common(job: Job) -> Usage:
    objects = objects_of(job.images, job.arrival)
    around = Usage.around(chunks=math.ceil(job.images / CHUNK), evidence=True, entries=objects)
    arrived = events(objects) if job.arrival is not Arrival.PREFIX else 0
    return around + Usage(gets=objects, sqs_requests=arrived)


def break_even(job: Job, most: int = 100_000) -> int:
    """Return from how many images on the GPU lane is cheaper than Lambda; ``most`` if never."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        asked = job._replace(images=middle)
        if on_gpus(asked).dollars <= on_lambda(asked).dollars:
            high = middle
        else:
            low = middle + 1
    return low
