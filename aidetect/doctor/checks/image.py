"""The container images that the jobs run."""

import re
from functools import partial
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from aidetect.doctor.check import Check, Result, failed, ok, skipped, warning
from aidetect.doctor.place import Place
from aidetect.explanation import code_of

_URI = re.compile(
    r"(?P<registry>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/"
    r"(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?"
)
_ABSENT = frozenset({"ImageNotFoundException", "RepositoryNotFoundException"})
MIB = 2**20


class EcrImage(NamedTuple):
    """An image in ECR; the tag counts where there is no digest."""

    registry: str
    region: str
    repository: str
    tag: str
    digest: str | None

    @property
    def id(self) -> dict[str, str]:
        """What ECR knows it by."""
        return {"imageDigest": self.digest} if self.digest else {"imageTag": self.tag}


def read(uri: str) -> EcrImage | None:
    """Take an image's URI apart; None where it is not in ECR."""
    found = _URI.fullmatch(uri)
    if not found:
        return None
    return EcrImage(
        found["registry"],
        found["region"],
        found["repository"],
        found["tag"] or "latest",
        found["digest"],
    )


def _named(place: Place, job: str) -> str | None:
    """Return the image that the newest revision of a job definition names."""
    pages = place.client("batch").get_paginator("describe_job_definitions")
    found: list[Any] = [
        one
        for page in pages.paginate(jobDefinitionName=f"{place.stack}-{job}", status="ACTIVE")
        for one in page["jobDefinitions"]
    ]
    newest = max(found, key=lambda one: one["revision"], default=None)
    return str(newest["containerProperties"]["image"]) if newest else None


def look(place: Place, job: str) -> Result:
    """Look for the image in the registry."""
    uri = _named(place, job)
    # Training can wait; without the scorer's larger batches fail.
    lacking = failed if job == "scorer" else warning
    if uri is None:
        return lacking(f"no job definition {place.stack}-{job}", "deploy the stack again")
    image = read(uri)
    if image is None:
        return skipped(f"{uri} is not in ECR, and cannot be looked for")
    ecr = place.session.client("ecr", region_name=image.region, endpoint_url=place.endpoint)
    asked: Any = {"registryId": image.registry, "repositoryName": image.repository}
    try:
        found = ecr.describe_images(**asked, imageIds=[image.id])["imageDetails"][0]
    except ClientError as error:
        if code_of(error) in _ABSENT:
            return lacking(f"{uri} is not there", _push(job, place.stack))
        raise
    pushed = f"{found['imagePushedAt']:%Y-%m-%d}"
    return ok(f"{uri}, {found['imageSizeInBytes'] / MIB:,.0f} MiB, pushed {pushed}")


def _push(job: str, stack: str) -> str:
    here = "make image-push" if job == "scorer" else "make image-push TARGET=trainer"
    there = f"aidetect image build --on aws --target {job}"
    return f"{here} STACK={stack}, or without a container tool: {there} --stack {stack}"


NEEDS = ("ecr:DescribeImages", "batch:DescribeJobDefinitions")
NO_LOCAL = "jobs are processes of the checkout"
SCORER = Check(
    "scorer's image",
    "Is the image there that jobs score with?",
    partial(look, job="scorer"),
    needs=NEEDS,
    after=("stack",),
    no_local=NO_LOCAL,
)
TRAINER = Check(
    "trainer's image",
    "Is the image there that jobs train with?",
    partial(look, job="trainer"),
    needs=NEEDS,
    after=("stack",),
    no_local=NO_LOCAL,
)
