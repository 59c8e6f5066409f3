"""Credentials of a role for a job, from the emulator's own STS: so the role's policies bind it."""

from .batch_clients import client
from .batch_environment import Credentials


def assume(role: str, session: str, region: str) -> Credentials:
    """Give temporary credentials of a role, as the service does that runs the job."""
    sts = client("sts", region)
    given = sts.assume_role(RoleArn=role, RoleSessionName=session)["Credentials"]
    return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
