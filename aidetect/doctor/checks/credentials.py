"""Who asks."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from aidetect.doctor.check import Check, Result, failed, ok
from aidetect.doctor.place import Place
from aidetect.explanation import explain

REMEDY = "set AWS_PROFILE to a profile that works: `aws sts get-caller-identity` says who you are"
# STS answers in every region, also while none is chosen.
ANYWHERE = "us-east-1"


def look(place: Place) -> Result:
    """Ask AWS who this is; anybody may."""
    try:
        session: Any = place.session
        sts = session.client(
            "sts", endpoint_url=place.endpoint, region_name=session.region_name or ANYWHERE
        )
        found = sts.get_caller_identity()
    except (ClientError, BotoCoreError) as error:
        return failed(explain(error), REMEDY)
    return ok(f"account {found['Account']}, {found['Arn']}")


CHECK = Check("credentials", "Does AWS accept the credentials?", look)
