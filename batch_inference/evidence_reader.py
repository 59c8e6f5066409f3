"""Reads the evidence of a batch from S3, a chunk at a time."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from batch_inference import log
from batch_inference.evidence_parquet import MAX_BYTES, EvidenceError, read_evidence
from batch_inference.ledger import list_keys
from batch_inference.s3_error import FAILURES
from detector.evidence import Evidence
from detector.layout import BatchLayout
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def chunk_evidence(s3: "S3Client", where: S3Uri) -> dict[str, Evidence]:
    """Return the evidence of one chunk by image; none where its object is missing or no good.

    Evidence is optional, so whatever is wrong with it is a warning in the log.
    """
    try:
        answer = s3.get_object(Bucket=where.bucket, Key=where.key)
        with answer["Body"] as body:
            if answer["ContentLength"] > MAX_BYTES:
                raise EvidenceError(f"{answer['ContentLength']} bytes, more than a scorer writes")
            return read_evidence(body.read())
    except (*FAILURES, EvidenceError) as error:
        log.warning("no evidence", object=str(where), error=str(error))
        return {}


def batch_evidence(
    s3: "S3Client", layout: BatchLayout
) -> Iterator[tuple[str, dict[str, Evidence]]]:
    """Yield each chunk's name and evidence by image, in the order of the names.

    Holds one chunk at a time, however large the batch.
    """
    prefix = layout.evidences.key
    for key in list_keys(s3, layout.evidences, ""):
        file = PurePosixPath(key.removeprefix(prefix)).name
        name = file.removeprefix("part-").removesuffix(".parquet")
        if layout.evidence(name).key == key:
            yield name, chunk_evidence(s3, layout.evidence(name))
