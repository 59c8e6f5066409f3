"""The region."""

from aidetect.doctor.check import Check, Result, failed, ok
from aidetect.doctor.place import Place


def look(place: Place) -> Result:
    """Tell which it is."""
    chosen = place.session.region_name
    if chosen is None:
        return failed("no region is chosen", "set AWS_REGION to where the stack is, or is to be")
    return ok(chosen)


CHECK = Check("region", "Is a region chosen?", look, after=("credentials",))
