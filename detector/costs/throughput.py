"""How many images a machine scores in a second: what its processors decode or its GPU computes."""

from typing import NamedTuple

from detector.costs.machines import Machine

# One-megapixel JPEGs that four processors fetch, decode and make rows of in a second. Measured on
# two, of a machine that is none of EC2's: 157 of 1.31 megapixels (benchmarks/feed.json).
DECODED_BY_FOUR = 410.0
# Bytes of a JPEG of one megapixel, as cameras and the web make them (2.4 bits a pixel).
MEGAPIXEL_BYTES = 300_000
# The share of a GPU's dense peak that a transformer's matrix products reach; 0.4 to 0.6 is usual.
REACHED = 0.45


class Encoder(NamedTuple):
    """A vision tower and its work for an image, in GFLOP (two for a multiply-add)."""

    name: str
    gflop: float


# Of 224 x 224 pixels; https://arxiv.org/abs/2103.00020 has the shapes.
ENCODERS = {
    "clip-vit-base-patch32": Encoder("clip-vit-base-patch32", 8.8),
    "clip-vit-base-patch16": Encoder("clip-vit-base-patch16", 35.0),
    "clip-vit-large-patch14": Encoder("clip-vit-large-patch14", 162.0),
}
SHORT = {"ViT-B/32": "clip-vit-base-patch32", "ViT-B/16": "clip-vit-base-patch16"}
SHORT["ViT-L/14"] = "clip-vit-large-patch14"


def encoder_of(name: str) -> Encoder:
    """Return an encoder by its name or its short name.

    Raises
    ------
    ValueError
        If its work is not known here.
    """
    found = ENCODERS.get(SHORT.get(name, name.rpartition("/")[2] or name))
    if found is None:
        raise ValueError(f"{name} is not among {', '.join([*SHORT, *ENCODERS])}")
    return found


class Throughput(NamedTuple):
    """Images a second that each half would do alone."""

    decoded: float
    computed: float

    @property
    def images(self) -> float:
        """The slower of the two binds."""
        return min(self.decoded, self.computed)

    @property
    def bound_by(self) -> str:
        """Which of the two that is."""
        return "decoding" if self.decoded <= self.computed else "the GPU"


def throughput(machine: Machine, encoder: Encoder, size: float) -> Throughput:
    """Return what a machine does with JPEGs of ``size`` bytes, with all of its GPUs."""
    megapixels = size / MEGAPIXEL_BYTES
    return Throughput(
        decoded=DECODED_BY_FOUR * machine.vcpus / 4 / megapixels,
        computed=machine.gpus * machine.gpu.tflops * 1000 * REACHED / encoder.gflop,
    )
