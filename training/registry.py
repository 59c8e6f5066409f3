"""The registry of released detectors in S3. A version is written once and never changed.

Which of them is in use: :mod:`detector.promotion`.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from detector.champion import read_champion
from detector.layout import detector_prefix
from detector.once import WriteConflictError, put_once
from detector.package import (
    DESCRIPTION_FILE,
    DetectorPackage,
    PackageError,
    PackageFile,
    check_file,
    load_package,
    sha256_of,
)
from detector.plan import DetectorRef
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

HASH_KEY = "sha256"


class RegistryError(RuntimeError):
    """The registry refuses, or does not have what is asked."""


def publish(folder: Path, *, s3: "S3Client", bucket: str) -> DetectorRef:
    """Publish a detector package; ``detector.json`` last, so that what is described is whole.

    Publishing the same content again changes nothing.

    Raises
    ------
    RegistryError
        If other content was published under this version.
    detector.package.PackageError
        If the folder is not a whole, unaltered package.
    """
    package = load_package(folder)
    ref = DetectorRef(bucket=bucket, name=package.name, version=package.version)
    prefix = detector_prefix(bucket, ref.name, ref.version)
    for file in package.files:
        _publish_file(check_file(folder, file), prefix.join(file.file), file.sha256, ref, s3)
    description = folder / DESCRIPTION_FILE
    _publish_file(description, prefix.join(DESCRIPTION_FILE), sha256_of(description), ref, s3)
    return ref


def _publish_file(path: Path, target: S3Uri, sha256: str, ref: DetectorRef, s3: "S3Client") -> None:
    """Write an object unless the same is there already."""
    if _published_hash(target, s3) == sha256:
        return  # spares sending hundreds of megabytes only to be refused
    try:
        with path.open("rb") as body:
            written = put_once(s3, target, body, metadata={HASH_KEY: sha256})
    except WriteConflictError as error:
        raise RegistryError(f"{ref} is being published by someone else; try again") from error
    if not written and _published_hash(target, s3) != sha256:
        raise RegistryError(
            f"{ref} was published before with another {path.name}; a version is never "
            "changed: give the new detector a new version"
        )


def _published_hash(target: S3Uri, s3: "S3Client") -> str | None:
    try:
        found = s3.head_object(Bucket=target.bucket, Key=target.key)
    except ClientError as error:
        # 403 is what S3 says of a missing key to one who may not list the bucket.
        if error.response.get("Error", {}).get("Code") in {"404", "403", "NoSuchKey"}:
            return None
        raise
    return found["Metadata"].get(HASH_KEY)


def champion(*, ssm: "SSMClient", parameter: str, bucket: str) -> DetectorRef:
    """Return the detector in use.

    Raises
    ------
    RegistryError
        If none was promoted yet.
    ContractError
        If the pointer is damaged.
    """
    found = read_champion(ssm=ssm, parameter=parameter, bucket=bucket)
    if found is None:
        raise RegistryError("no detector is published yet: run aidetect detector publish")
    return found


def released(ref: DetectorRef, *, s3: "S3Client") -> DetectorPackage:
    """Return the description of a released detector.

    Raises
    ------
    RegistryError
        If this version was never, or not wholly, published.
    """
    where = detector_prefix(ref.bucket, ref.name, ref.version).join(DESCRIPTION_FILE)
    try:
        body = s3.get_object(Bucket=where.bucket, Key=where.key)["Body"].read()
    except s3.exceptions.NoSuchKey as error:
        raise RegistryError(f"{ref} is not published in {ref.bucket}") from error
    return DetectorPackage.parse(body, where=str(where))


def fetch(
    ref: DetectorRef,
    into: Path,
    *,
    s3: "S3Client",
    files: Callable[[DetectorPackage], Iterable[PackageFile]] = lambda package: package.files,
) -> Path:
    """Bring a released detector, or some of its files, to a folder; what is there stays.

    Parameters
    ----------
    into
        The folder; made where it is not there.
    files
        Which of the package's files; all by default.

    Raises
    ------
    RegistryError
        If this version was never, or not wholly, published.
    detector.package.PackageError
        If a file is not what ``detector.json`` says.
    """
    package = released(ref, s3=s3)
    prefix = detector_prefix(ref.bucket, ref.name, ref.version)
    into.mkdir(parents=True, exist_ok=True)
    for file in files(package):
        try:
            check_file(into, file)
        except PackageError:
            where = prefix.join(file.file)
            s3.download_file(where.bucket, where.key, str(into / file.file))
            check_file(into, file)
    where = prefix.join(DESCRIPTION_FILE)
    s3.download_file(where.bucket, where.key, str(into / DESCRIPTION_FILE))
    return into
