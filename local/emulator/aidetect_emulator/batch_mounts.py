"""A Batch container's volumes of type host: folders of the machine, seen under other names.

https://docs.aws.amazon.com/batch/latest/APIReference/API_Volume.html
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def own_volumes(scratch: Path, job: str) -> Path:
    """Give the folder of a job's own volumes, which go with its container."""
    return scratch / "volumes" / job.replace(":", "-")


def mounts(container: Mapping[str, Any], scratch: Path, job: str) -> dict[str, str]:
    """Give the folder for each path at which the container mounts one.

    Jobs that name the same folder of the host share it, as those on one machine do; a volume
    without a folder is the job's own. Other types of volume are not known here.
    """
    places = {}
    for volume in container.get("volumes") or []:
        source = (volume.get("host") or {}).get("sourcePath")
        own = own_volumes(scratch, job) / volume["name"]
        places[volume["name"]] = scratch / "host" / source.strip("/") if source else own
    return {
        point["containerPath"].rstrip("/"): str(places[point["sourceVolume"]])
        for point in container.get("mountPoints") or []
        if point["sourceVolume"] in places
    }
