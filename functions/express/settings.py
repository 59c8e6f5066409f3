"""Settings of express."""

from pathlib import Path

from detector.package import Graph
from functions.settings import Settings


class ExpressSettings(Settings):
    """Where detector packages are kept, and which graph runs."""

    detector_cache: Path
    graph: Graph
