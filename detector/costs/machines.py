"""GPU machines that the fleet may be given, their prices and what they can do.

Pulling a container image from ECR of the same region costs nothing, so it is not among the prices:
https://aws.amazon.com/ecr/pricing/
"""

from typing import NamedTuple

from detector.costs.prices import ON_DEMAND_PAGE, SPOT_PAGE, Price


class Gpu(NamedTuple):
    """A GPU: memory in GiB and dense fp16 TFLOPS, with the maker's page."""

    name: str
    memory: int
    tflops: float
    source: str


T4 = Gpu("T4", 16, 65, "https://www.nvidia.com/en-us/data-center/tesla-t4/")
A10G = Gpu("A10G", 24, 70, "https://aws.amazon.com/ec2/instance-types/g5/")
L4 = Gpu("L4", 24, 121, "https://www.nvidia.com/en-us/data-center/l4/")


class Machine(NamedTuple):
    """An instance type.

    ``on_demand`` is the list price an hour, ``spot`` what spot typically asks for. Spot prices move
    by the hour and by zone, so a bill by them is an estimate; ``aidetect costs cheapest`` asks for
    those of today.
    """

    name: str
    vcpus: int
    memory: int
    gpu: Gpu
    gpus: int
    on_demand: float
    spot: float
    spot_source: str = SPOT_PAGE

    @property
    def spot_price(self) -> Price:
        """The price of an hour on spot."""
        return Price(self.spot, "hour", self.spot_source)

    def at(self, hour: Price) -> "Machine":
        """Return the machine at another price of an hour on spot."""
        return self._replace(spot=hour.dollars, spot_source=hour.source)

    @property
    def on_demand_price(self) -> Price:
        """The price of an hour on demand."""
        return Price(self.on_demand, "hour", ON_DEMAND_PAGE)


# Spot: an assumption of four tenths of the list price where no better is known.
_MACHINES = (
    Machine("g4dn.xlarge", 4, 16, T4, 1, 0.526, 0.21),
    Machine("g4dn.2xlarge", 8, 32, T4, 1, 0.752, 0.30),
    Machine("g4dn.4xlarge", 16, 64, T4, 1, 1.204, 0.48),
    Machine("g4dn.8xlarge", 32, 128, T4, 1, 2.176, 0.87),
    Machine("g4dn.16xlarge", 64, 256, T4, 1, 4.352, 1.74),
    Machine("g4dn.12xlarge", 48, 192, T4, 4, 3.912, 1.56),
    Machine("g5.xlarge", 4, 16, A10G, 1, 1.006, 0.40),
    Machine("g5.2xlarge", 8, 32, A10G, 1, 1.212, 0.48),
    Machine("g5.4xlarge", 16, 64, A10G, 1, 1.624, 0.65),
    Machine("g5.8xlarge", 32, 128, A10G, 1, 2.448, 0.98),
    Machine("g5.16xlarge", 64, 256, A10G, 1, 4.096, 1.64),
    Machine("g5.12xlarge", 48, 192, A10G, 4, 5.672, 2.27),
    Machine("g5.24xlarge", 96, 384, A10G, 4, 8.144, 3.26),
    Machine("g5.48xlarge", 192, 768, A10G, 8, 16.288, 6.52),
    Machine("g6.xlarge", 4, 16, L4, 1, 0.8048, 0.30),
    Machine("g6.2xlarge", 8, 32, L4, 1, 0.9776, 0.39),
    Machine("g6.4xlarge", 16, 64, L4, 1, 1.3232, 0.53),
    Machine("g6.8xlarge", 32, 128, L4, 1, 2.0144, 0.81),
    Machine("g6.16xlarge", 64, 256, L4, 1, 3.3968, 1.36),
    Machine("g6.12xlarge", 48, 192, L4, 4, 4.6016, 1.84),
    Machine("g6.24xlarge", 96, 384, L4, 4, 6.6752, 2.67),
    Machine("g6.48xlarge", 192, 768, L4, 8, 13.3504, 5.34),
)
MACHINES = {machine.name: machine for machine in _MACHINES}
# What a batch is reckoned by while nobody knows what it ran on: the dearest small one of the
# defaults but for g5, so that a surprise is rather a pleasant one.
ASSUMED = "g6.xlarge"


def machines_of(names: list[str]) -> list[Machine]:
    """Return the machines of a list of types and families, as the template takes it.

    Raises
    ------
    ValueError
        If one is neither a type nor a family known here.
    """
    found = []
    for name in names:
        own = [m for m in _MACHINES if name in (m.name, m.name.partition(".")[0])]
        if not own:
            raise ValueError(f"{name} is no GPU instance type known here: {', '.join(MACHINES)}")
        found += own
    return list(dict.fromkeys(found))
