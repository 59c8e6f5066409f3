"""A container's results on their way to S3, each folder as one tar.gz.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html
"""

import tarfile
import tempfile
from pathlib import Path
from typing import Any

from .sagemaker_channel import split_uri
from .sagemaker_job import TrainingJob


def output_uri(job: TrainingJob, name: str) -> str:
    """Give the place of an artifact."""
    base = str(job.request["OutputDataConfig"]["S3OutputPath"]).rstrip("/")
    return f"{base}/{job.name}/output/{name}"


def upload_folder(s3: Any, folder: Path, uri: str) -> bool:
    """Upload a folder's files as a tar.gz; nothing where it is empty."""
    if not any(p.is_file() for p in folder.rglob("*")):
        return False
    bucket, key = split_uri(uri)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        archive = Path(scratch, "archive.tar.gz")
        with tarfile.open(archive, "w:gz") as tar:
            for path in sorted(folder.iterdir()):
                tar.add(path, arcname=path.name)
        s3.upload_file(str(archive), bucket, key)
    return True
