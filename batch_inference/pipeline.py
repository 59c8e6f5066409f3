"""Fetch, decode and infer at the same time, with everything in between bounded."""

import queue
import threading
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from batch_inference import log
from batch_inference.chunk import OpenChunk
from batch_inference.decoder import Decoder
from batch_inference.decoding import Decoded, Facts
from batch_inference.engine import Engine
from batch_inference.errors import InterruptedShardError, ScoringError
from batch_inference.event import Closed, Ended, Event, Scorable, Scored
from batch_inference.evidence import evidence_of, rank_of
from batch_inference.feed import Feed, Task
from batch_inference.heat import Floats
from batch_inference.judge import Judge
from batch_inference.reader import Reader
from batch_inference.settings import Settings
from batch_inference.shard import Unit, layout_of
from batch_inference.sketching import Sketcher
from batch_inference.stop import Stop
from batch_inference.window import AHEAD, window_of
from batch_inference.writer import commit, keep_evidence
from detector.evidence import Evidence
from detector.plan import BatchPlan
from detector.reason import ImageError
from detector.row import ResultRow
from detector.sketch import Sketch
from detector.summary import Counts

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# How long a batch that is not full waits for more images before it is run.
LINGER_SECONDS = 0.02
IDLE_SECONDS = 0.25
COMMITTERS = 2


class Pipeline:
    """Scores the units of one shard and commits their chunks.

    Threads: one feeds, ``settings.fetchers`` fetch, ``settings.decoders`` each drive a decode
    worker, ``engine.lanes`` run the engine, two commit, and the calling one makes the rows.
    """

    def __init__(
        self,
        plan: BatchPlan,
        s3: "S3Client",
        reader: Reader,
        decoder: Decoder,
        engine: Engine,
        judge: Judge,
        settings: Settings,
        stop: Stop,
    ) -> None:
        self._plan = plan
        self._s3 = s3
        self._reader = reader
        self._decoder = decoder
        self._engine = engine
        self._judge = judge
        self._sketcher = Sketcher(judge.calibration)
        self._settings = settings
        self._stop = stop
        self._layout = layout_of(plan)
        self._room = threading.Semaphore(window_of(settings, engine))
        self._given_up = threading.Event()
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._fetchers = ThreadPoolExecutor(settings.fetchers, "fetch")
        self._decoders = ThreadPoolExecutor(settings.decoders, "decode")
        self._scorers = ThreadPoolExecutor(engine.lanes, "infer")
        self._committers = ThreadPoolExecutor(COMMITTERS, "commit")
        self._commits: dict[Future[Counts], OpenChunk] = {}
        self._waiting: list[Scorable] = []
        self._in_flight = 0
        self._done: dict[str, Counts] = {}
        self._admitted = 0
        self._rows = 0
        self._started = self._said = time.monotonic()

    def run(self, units: Iterable[Unit], committed: Collection[str]) -> dict[str, Counts]:
        """Score what is not committed, and return the counts of each chunk it committed.

        Raises
        ------
        InterruptedShardError
            If it was told to stop before the end.
        ScoringError, ClientError
            If the shard cannot go on.
        """
        feed = Feed(self._plan, self._reader, self, committed, self._must_stop)
        feeder = threading.Thread(target=self._feed, args=(feed, units), name="feed")
        feeder.start()
        try:
            complete = self._score()
        except BaseException:
            # Whoever is still decoding would only be waited for.
            self._decoder.kill()
            raise
        finally:
            self._give_up()
            feeder.join()
            for executor in (self._fetchers, self._decoders, self._scorers, self._committers):
                executor.shutdown(cancel_futures=True)
        if not complete:
            raise InterruptedShardError("told to stop; the chunk at hand was finished")
        return self._done

    @property
    def sketch(self) -> Sketch:
        """What the engine said of the images that this pipeline scored."""
        return self._sketcher.sketch

    # The feed's sink.

    def fetch(self, task: Task) -> None:
        """Take an object that is to be fetched."""
        self._admit()
        self._fetchers.submit(self._guarded, self._fetch, task)

    def member(self, task: Task, data: bytes) -> None:
        """Take the bytes of an archive member."""
        try:
            self._admit()
        except BaseException:
            self._reader.release(len(data))
            raise
        self._decoders.submit(self._guarded, self._decode, task, data)

    def refuse(self, task: Task, error: ImageError) -> None:
        """Take an image that is not to be scored."""
        self._admit()
        self._events.put((task, Decoded(Facts(), error=error)))

    def closed(self, chunk: OpenChunk, name: str, size: int) -> None:
        """Take note of a chunk's name and number of rows."""
        self._events.put(Closed(chunk, name, size))

    # Threads.

    def _feed(self, feed: Feed, units: Iterable[Unit]) -> None:
        self._guarded(lambda: self._events.put(Ended(feed.run(units))))

    def _fetch(self, task: Task) -> None:
        try:
            data = self._reader.fetch(task.source.entry)
        except ImageError as error:
            self._events.put((task, Decoded(Facts(), error=error)))
            return
        self._decoders.submit(self._guarded, self._decode, task, data)

    def _decode(self, task: Task, data: bytes) -> None:
        try:
            self._events.put((task, self._decoder.decode(data)))
        finally:
            self._reader.release(len(data))

    def _guarded(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except BaseException as error:  # noqa: BLE001 - raised again by the scoring thread
            self._events.put(error)

    def _admit(self) -> None:
        while not self._room.acquire(timeout=IDLE_SECONDS):
            if self._given_up.is_set():
                break
        if self._given_up.is_set():
            raise ScoringError("the shard is being given up")
        self._admitted += 1

    def _must_stop(self) -> bool:
        return self._given_up.is_set() or self._stop.asked

    def _give_up(self) -> None:
        self._given_up.set()
        self._reader.close()

    # The scoring thread.

    def _score(self) -> bool:
        ended: Ended | None = None
        while ended is None or self._rows < self._admitted:
            event = self._next_event()
            if isinstance(event, BaseException):
                raise event
            if isinstance(event, Ended):
                ended = event
            elif isinstance(event, Closed):
                event.chunk.close(event.name, event.size)
                self._commit_if_ready(event.chunk)
            elif isinstance(event, Scored):
                self._in_flight -= 1
                self._make_rows(event)
            elif event is not None:
                self._take(*event)
            self._dispatch(lingered=event is None)
            self._collect_commits()
            self._say_progress()
            if self._stop.overdue:
                raise InterruptedShardError("told to stop; the chunk at hand was abandoned")
        while self._commits:
            wait(self._commits, return_when=FIRST_COMPLETED)
            self._collect_commits()
        return ended.complete

    def _next_event(self) -> Event | None:
        # While every lane is busy a batch may as well fill up.
        lingers = self._waiting and self._in_flight < self._engine.lanes
        try:
            return self._events.get(timeout=LINGER_SECONDS if lingers else IDLE_SECONDS)
        except queue.Empty:
            return None

    def _take(self, task: Task, decoded: Decoded) -> None:
        if decoded.pixels is not None:
            self._waiting.append(Scorable(task, decoded, decoded.pixels))
        elif decoded.error is not None:
            row = self._judge.refuse(task.source, decoded.error, decoded.facts, decoded.provenance)
            self._put(task, row)

    def _dispatch(self, *, lingered: bool) -> None:
        """Hand the engine full batches; to a free lane also one that waited for more in vain."""
        size, lanes = self._engine.batch_size, self._engine.lanes
        while (len(self._waiting) >= size and self._in_flight < AHEAD * lanes) or (
            lingered and self._waiting and self._in_flight < lanes
        ):
            batch = self._waiting[:size]
            del self._waiting[: len(batch)]
            self._in_flight += 1
            self._scorers.submit(self._guarded, self._infer, batch)

    def _infer(self, batch: list[Scorable]) -> None:
        scores = self._engine.run(np.stack([item.pixels for item in batch]))
        self._events.put(Scored(batch, scores))

    def _make_rows(self, scored: Scored) -> None:
        batch, scores = scored.batch, scored.scores
        self._sketcher.add(scores)
        maps: Iterable[Floats | None] = (
            repeat(None, len(batch)) if scores.heat is None else scores.heat
        )
        for item, logit, heat in zip(batch, scores.logits.tolist(), maps, strict=True):
            decoded = item.decoded
            row = self._judge.score(item.task.source, decoded.facts, logit, decoded.provenance)
            self._keep(item, row, heat)
            self._put(item.task, row)

    def _keep(self, item: Scorable, row: ResultRow, heat: Floats | None) -> None:
        if heat is None and item.decoded.thumbnail is None:
            return
        rank, kept = rank_of(row, self._judge.decision), item.task.chunk.evidence
        if kept.wants(rank):
            kept.add(rank, evidence_of(row.image, item.decoded, heat))

    def _put(self, task: Task, row: ResultRow) -> None:
        task.chunk.put(task.place, row)
        self._rows += 1
        self._room.release()
        self._commit_if_ready(task.chunk)

    def _commit_if_ready(self, chunk: OpenChunk) -> None:
        if not chunk.ready:
            return
        # A commit that lags behind holds a chunk's rows; wait rather than pile them up.
        if len(self._commits) > COMMITTERS:
            wait(self._commits, return_when=FIRST_COMPLETED)
        evidence, rows = chunk.evidence.take(), chunk.take_rows()
        future = self._committers.submit(self._commit, chunk.name, evidence, rows)
        self._commits[future] = chunk

    def _commit(self, name: str, evidence: list[Evidence], rows: list[ResultRow]) -> Counts:
        keep_evidence(self._s3, self._layout.evidence(name), evidence)
        return commit(self._s3, self._layout.chunk(name), rows)

    def _collect_commits(self) -> None:
        for future in [future for future in self._commits if future.done()]:
            chunk = self._commits.pop(future)
            self._done[chunk.name] = future.result()
            chunk.committed = True
            if chunk.next is not None:
                self._commit_if_ready(chunk.next)

    def _say_progress(self) -> None:
        now = time.monotonic()
        if now - self._said < self._settings.progress_seconds:
            return
        self._said = now
        rate = self._rows / (now - self._started)
        log.info("progress", rows=self._rows, chunks=len(self._done), images_per_second=rate)
