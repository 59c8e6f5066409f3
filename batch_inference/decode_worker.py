"""A decode worker: a process that opens one hostile file after another, under hard limits.

Forked by :mod:`batch_inference.forker` for a :mod:`batch_inference.worker`; speaks
:mod:`batch_inference.frame` over descriptors 0 and 1.
"""

import math
import os
import resource
from pathlib import Path
from typing import BinaryIO

from batch_inference.decoding import decode, prepare_pillow
from batch_inference.frame import (
    BESIDE,
    BESIDE_SECONDS,
    DONE,
    LARGE,
    LENGTH,
    NO_MEMORY,
    READY,
    Message,
    WorkerConfig,
    pack_message,
)

OPEN_FILES = 64
# Beside the scorer's own clock: a worker whose scorer was killed still comes to an end.
SPARE_CPU_SECONDS = 5


def read_frame(stream: BinaryIO) -> bytes | None:
    """Return the next frame's content, or None when the scorer has closed the pipe."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    data = stream.read(length)
    return data if len(data) == length else None


def restrict(memory: int) -> None:
    """Bound this process: its memory above what it has now, its files, and no core dumps."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (taken + memory, taken + memory))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def refresh_cpu(seconds: float) -> None:
    """Give this process so much processor time from now on; then the kernel ends it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(usage.ru_utime + usage.ru_stime + seconds) + SPARE_CPU_SECONDS
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (until, hard))


def serve(requests: BinaryIO, replies: BinaryIO, config: WorkerConfig) -> None:
    """Decode until the pipe is closed or memory runs out."""

    def send(message: Message) -> None:
        replies.write(pack_message(message))
        replies.flush()

    def admit(pixels: int) -> None:
        if pixels > config.large_pixels:
            send(Message(LARGE))
            read_frame(requests)

    send(Message(READY))
    while (data := read_frame(requests)) is not None:
        refresh_cpu(config.limits.decode_seconds)
        try:
            steps = decode(
                data, config.preprocessing, config.limits, admit, thumbnail=config.thumbnails
            )
            for kind, decoded in zip((DONE, BESIDE), steps, strict=True):
                send(Message(kind, decoded))
                refresh_cpu(BESIDE_SECONDS)
        except MemoryError:
            data = b""
            send(Message(NO_MEMORY))
            return


def main() -> None:
    """Take the pipes away from everything else, restrict the process, and serve."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    config = read_frame(requests)
    if config is None:
        return
    # The imaging libraries print warnings about hostile files; none may reach the replies or logs.
    void = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(void, descriptor)
    os.close(void)
    parsed = WorkerConfig.model_validate_json(config)
    prepare_pillow(parsed.limits)
    restrict(parsed.memory)
    with requests, replies:
        serve(requests, replies, parsed)
