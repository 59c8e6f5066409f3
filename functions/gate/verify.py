"""Whether a released detector is whole: every byte is read, nothing is taken on trust."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from detector.contract import ContractError
from detector.layout import detector_prefix
from detector.package import DESCRIPTION_FILE, READ_BLOCK, DetectorPackage, Graph, PackageFile
from detector.plan import DetectorRef
from detector.uri import S3Uri
from functions.gate.findings import Findings
from functions.stored import in_short, is_missing, load

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def verify_package(ref: DetectorRef, *, s3: "S3Client") -> Findings:
    """Read a detector's package and hold every file against its description.

    Raises
    ------
    botocore.exceptions.ClientError
        If S3 refuses for another reason than that there is no such object.
    """
    prefix = detector_prefix(ref.bucket, ref.name, ref.version)
    try:
        package = load(DetectorPackage, prefix.join(DESCRIPTION_FILE), s3=s3)
    except ContractError as error:
        return Findings(against=(f"the package is not usable: {in_short(error)}",))
    against = [
        *_misnamed(package, ref),
        *_lacking(package),
        *(why for file in package.files if (why := _fault(prefix.join(file.file), file, s3))),
    ]
    read = sum(file.bytes for file in package.files)
    return Findings(tuple(against), numbers={"package/bytes": float(read)})


def _misnamed(package: DetectorPackage, ref: DetectorRef) -> Iterator[str]:
    said = f"{package.name}@{package.version}"
    if said != str(ref):
        yield f"the package at {ref} says that it is {said}: start a new run"


def _lacking(package: DetectorPackage) -> Iterator[str]:
    """Tell of the lanes that could not score with it: batch_inference/engine.py."""
    if Graph.INT8 not in package.graphs:
        yield "the package has no int8 graph, with which small batches are scored: start a new run"
    if not {Graph.FP16, Graph.FP32} & set(package.graphs):
        yield "the package has neither an fp16 nor an fp32 graph for GPUs: start a new run"


def _fault(where: S3Uri, file: PackageFile, s3: "S3Client") -> str | None:
    digest, size = hashlib.sha256(), 0
    try:
        with closing(s3.get_object(Bucket=where.bucket, Key=where.key)["Body"]) as body:
            for block in body.iter_chunks(READ_BLOCK):
                digest.update(block)
                size += len(block)
    except ClientError as error:
        if not is_missing(error):
            raise
        return f"{where} is missing from the package"
    if size != file.bytes:
        return f"{where} has {size} bytes, but detector.json says {file.bytes}"
    if digest.hexdigest() != file.sha256:
        return f"{where} was altered: its SHA-256 is not the one that detector.json says"
    return None
