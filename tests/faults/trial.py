"""One trial: a drop, a fault, and afterwards every promise held against what lies there."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from aidetect.execution import describe, summary
from aidetect.follow import DropFollower, FollowTimeoutError, Progress, wait
from aidetect.status.executions import list_runs
from aidetect.status.waiting import arrivals
from aidetect.verification.verify import verify
from tests.faults.scene import Dropped, Scene

PATIENCE = 240.0


@dataclass(frozen=True)
class Trial:
    """What came of one trial.

    ``lost`` images have no row, ``doubled`` more than one, ``unscored`` a row that says why there
    is no verdict. ``broken`` names promises of batches that were not kept; ``stuck`` what still ran
    or waited at the end. ``seconds`` from the drop until every image had its row.
    """

    fault: str
    images: int
    lost: int
    doubled: int
    unscored: int
    broken: tuple[str, ...]
    stuck: tuple[str, ...]
    seconds: float

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.doubled or self.unscored or self.broken or self.stuck)

    def record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def follow(scene: Scene, dropped: Dropped) -> Progress:
    """Wait until every image of a drop has its row, as long as anybody would."""
    follower = DropFollower(scene.stack.target, dropped.prefix, dropped.keys, dropped.since)
    last = Progress(len(dropped.keys))

    def remember(progress: Progress) -> None:
        nonlocal last
        last = progress

    try:
        return wait(follower.poll, timeout=PATIENCE, show=remember)
    except FollowTimeoutError:
        return last


def stuck(scene: Scene) -> Iterator[str]:
    """Name what still runs or waits, once it had the time to end."""
    target, outputs = scene.stack.target, scene.stack.target.outputs
    end = time.monotonic() + 60
    while time.monotonic() < end:
        told = arrivals(target, datetime.now(UTC))
        waiting = told.waiting + told.in_flight
        running = [
            run.name for run in list_runs(target.sfn, outputs.ScoringStateMachineArn, "RUNNING")
        ]
        if not waiting and not running:
            return
        time.sleep(0.5)
    yield f"{waiting} messages wait"
    yield from (f"execution {name} runs" for name in running)


def followed(scene: Scene, dropped: Dropped) -> dict[str, str]:
    """Return the drop's batches by their executions, and how each ended."""
    target = scene.stack.target
    found = follow(scene, dropped).batches
    return {e.batch: describe(target.sfn, e.arn)[1] or e.status for e in found}


def hold(
    scene: Scene,
    fault: str,
    dropped: Dropped,
    seconds: float,
    batches: Callable[[Scene, Dropped], Mapping[str, str]] = followed,
) -> Trial:
    """Hold a drop against the promises. ``batches`` finds its batches, and how they ended."""
    left = tuple(stuck(scene))
    rows, broken = Counter[str](), []
    unscored, target = 0, scene.stack.target
    champion = target.ssm.get_parameter(Name=target.outputs.ChampionParameter)["Parameter"]["Value"]
    # Only now: a second telling that came late would have made a second batch by this time.
    for batch, end in batches(scene, dropped).items():
        closed = summary(target.s3, target.outputs.ResultsBucket, batch)
        if closed is None:
            broken.append(f"{batch}: not closed: {end}")
            continue
        checked = verify(target, closed)
        broken += [f"{batch}: {c.promise}" for c in checked.checks if not c.kept]
        if checked.detector != champion:
            broken.append(f"{batch}: by {checked.detector}, not {champion}")
        for row in scene.stack.rows(batch):
            if row["key"] in dropped.keys:
                rows[row["key"]] += 1
                unscored += row["verdict"] == "error"
    return Trial(
        fault=fault,
        images=len(dropped.keys),
        lost=len(dropped.keys - rows.keys()),
        doubled=sum(number > 1 for number in rows.values()),
        unscored=unscored,
        broken=tuple(broken),
        stuck=left,
        seconds=round(seconds, 1),
    )
