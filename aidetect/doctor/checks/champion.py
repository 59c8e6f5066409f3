"""The detector in use."""

from aidetect.doctor.check import Check, Result, failed, ok
from aidetect.doctor.place import Place
from detector.champion import read_champion
from detector.layout import detector_prefix

REMEDY = "aidetect detector publish"


def look(place: Place) -> Result:
    """Tell which it is, and whether its package is there."""
    outputs = place.outputs
    found = read_champion(
        ssm=place.client("ssm"), parameter=outputs.ChampionParameter, bucket=outputs.ModelsBucket
    )
    if found is None:
        return failed("no detector is in use, so nothing can be scored", REMEDY)
    package = detector_prefix(found.bucket, found.name, found.version)
    listed = place.client("s3").list_objects_v2(
        Bucket=package.bucket, Prefix=package.key, MaxKeys=1
    )
    if not listed.get("KeyCount"):
        return failed(
            f"{found} is in use, but its package is gone from {found.bucket}",
            f"`aidetect rollback`, or {REMEDY}",
        )
    return ok(f"{found} is in use")


CHECK = Check(
    "champion",
    "Is a detector in use, and its package there?",
    look,
    needs=("ssm:GetParameter", "s3:ListBucket"),
    after=("stack",),
)
