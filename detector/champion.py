"""The champion: one SSM parameter that names the detector in use.

Promotion makes and moves it (:mod:`detector.promotion`); the template does not own it, since
CloudFormation would set it back to the template's value whenever it updates the resource.
"""

from typing import TYPE_CHECKING

from detector.plan import DetectorRef

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

NONE = "none"


def read_champion(*, ssm: "SSMClient", parameter: str, bucket: str) -> DetectorRef | None:
    """Return the detector in use, or None while none was promoted.

    Parameters
    ----------
    parameter
        Name of the SSM parameter; absent, or ``none``, until the first promotion.
    bucket
        The models bucket.

    Raises
    ------
    detector.contract.ContractError
        If the parameter holds something else than ``name@version``.
    """
    try:
        value = ssm.get_parameter(Name=parameter)["Parameter"].get("Value", NONE)
    except ssm.exceptions.ParameterNotFound:
        return None
    if value == NONE:
        return None
    return DetectorRef.parse(value, bucket=bucket, where=f"parameter {parameter}")


def write_champion(ref: DetectorRef, *, ssm: "SSMClient", parameter: str) -> None:
    """Name the detector in use. Only :mod:`detector.promotion` does, so that its log is true."""
    ssm.put_parameter(Name=parameter, Value=str(ref), Type="String", Overwrite=True)
