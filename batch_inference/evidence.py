"""Of which images of a chunk evidence is kept: few, the most telling, the same whoever chooses."""

import heapq
import math
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import blake2b
from typing import NamedTuple

from batch_inference import log
from batch_inference.decoding import Decoded
from batch_inference.heat import Floats, pack_heat
from batch_inference.thumbnail import encode_thumbnail
from detector.evidence import MIN_PER_CHUNK, Evidence, Heat, per_chunk
from detector.plan import BatchPlan
from detector.row import ResultRow
from detector.verdict import Decision, Verdict


class Tier(IntEnum):
    """A kind of image, by how much a person can learn from looking at it."""

    UNSURE = 0
    AI = 1
    REST = 2


# How many of each tier are taken in turn, as long as it has any. Without turns a large batch, which
# keeps five images of a thousand, would show nothing but unsure ones.
TURN = {Tier.UNSURE: 3, Tier.AI: 1, Tier.REST: 1}


class Rank(NamedTuple):
    """How telling an image is within its tier; low ones are kept.

    Depends on the image alone, so that every attempt keeps the same, in whatever order they come.
    """

    tier: Tier
    # Claims before none: what a file says of itself is worth comparing with its verdict.
    silent: bool
    # From the threshold, for unsure ones.
    distance: float
    # For the rest of the order: as good as random, and always the same.
    lot: int


def rank_of(row: ResultRow, decision: Decision) -> Rank:
    """Return how telling a row's image is."""
    lot = int.from_bytes(blake2b(row.image.encode("utf-8", "replace"), digest_size=8).digest())
    silent = row.provenance is None
    if row.verdict is Verdict.UNSURE and row.probability is not None:
        return Rank(Tier.UNSURE, silent, abs(row.probability - decision.threshold), lot)
    tier = Tier.AI if row.verdict is Verdict.AI else Tier.REST
    return Rank(tier, silent, 0.0, lot)


def most_of_chunk(plan: BatchPlan) -> int:
    """Return of how many images of a chunk of objects evidence is kept."""
    return per_chunk(plan.entries, plan.chunk_size, plan.evidence_images)


def most_of_part(plan: BatchPlan, sequence: int) -> int:
    """Return of how many images of an archive's chunk number ``sequence`` evidence is kept.

    An archive is one entry of the manifest, whatever it holds. It has one entry's share of what is
    kept, used up from its first chunk on; the chunks after that show a few images each.
    """
    if plan.evidence_images <= 0:
        return 0
    share = math.ceil(plan.evidence_images / max(1, plan.entries))
    return min(plan.chunk_size, max(MIN_PER_CHUNK, share - sequence * plan.chunk_size))


@dataclass(frozen=True, slots=True, order=True)
class _Kept:
    # Negated, so that the heap's first is what is given up next.
    order: tuple[int, float, int]
    evidence: Evidence = field(compare=False)


class Selection:
    """Evidence of at most ``most`` images of a chunk, while their rows come in.

    Holds up to ``most`` of each tier, since only the end shows how many there are of each. Ask
    :meth:`wants` before making evidence: of a large batch most is never made.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._tiers: dict[Tier, list[_Kept]] = {tier: [] for tier in Tier}

    def wants(self, rank: Rank) -> bool:
        """Tell whether an image of this rank would be kept, for now."""
        kept = self._tiers[rank.tier]
        return len(kept) < self._most or (self._most > 0 and _order(rank) > kept[0].order)

    def add(self, rank: Rank, evidence: Evidence) -> None:
        """Keep evidence, in place of the least telling of its tier where there is no room."""
        kept, item = self._tiers[rank.tier], _Kept(_order(rank), evidence)
        if len(kept) < self._most:
            heapq.heappush(kept, item)
        elif kept:
            heapq.heappushpop(kept, item)

    def take(self) -> list[Evidence]:
        """Return what is kept in the end, in the images' order, and let go of it."""
        # Sorted by order, the most telling of each tier is last.
        tiers = {
            tier: sorted(kept, key=lambda item: item.order) for tier, kept in self._tiers.items()
        }
        self._tiers = {tier: [] for tier in Tier}
        taken: list[Evidence] = []
        while any(tiers.values()) and len(taken) < self._most:
            for tier, turn in TURN.items():
                count = min(turn, self._most - len(taken), len(tiers[tier]))
                taken += [tiers[tier].pop().evidence for _ in range(count)]
        return sorted(taken, key=lambda evidence: evidence.image)


def _order(rank: Rank) -> tuple[int, float, int]:
    return -int(rank.silent), -rank.distance, -rank.lot


def evidence_of(image: str, decoded: Decoded, heat: Floats | None) -> Evidence:
    """Return what is kept of one image.

    Parameters
    ----------
    image
        Its name in results.
    decoded
        Its outcome, with a thumbnail or without.
    heat
        Its heat map, [side, side] logits, where the graph gives one.
    """
    small = decoded.thumbnail
    return Evidence(
        image,
        None if small is None else encode_thumbnail(small),
        None if heat is None else _packed(heat),
        decoded.crop,
    )


def _packed(heat: Floats) -> Heat | None:
    try:
        return pack_heat(heat)
    except ValueError as error:
        # The graph's fault, and no reason to lose the verdict that came with it.
        log.warning("heat map not kept", error=str(error))
        return None
