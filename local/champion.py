"""Makes sure that a detector is there to score with."""

from typing import TYPE_CHECKING

from detector.champion import read_champion
from detector.promotion import PromotionLog
from local.progress import Progress

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient


def ensure_champion(
    *, s3: "S3Client", ssm: "SSMClient", bucket: str, parameter: str, progress: Progress
) -> str:
    """Publish the embedded detector and make it champion, where there is none yet.

    Returns
    -------
    str
        The champion, as ``name@version``.
    """
    champion = read_champion(ssm=ssm, parameter=parameter, bucket=bucket)
    if champion is not None:
        return str(champion)
    # Imported here: it brings onnx, which a stack that has its champion does not need.
    from training import embedded, registry

    progress("Building the embedded detector")
    folder = embedded.build(progress=progress)
    progress("Publishing the embedded detector")
    reference = registry.publish(folder, s3=s3, bucket=bucket)
    log = PromotionLog(s3, ssm, bucket, parameter)
    log.promote(reference, by="local stack", reason="first start")
    return str(reference)
