"""How many vCPUs the account may run at a time.

Quotas are by account and region, in vCPUs, and those for GPU machines are 0 in new accounts:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-limits.html
"""

from typing import Any

from botocore.exceptions import ClientError

from aidetect.doctor.check import Check, Result, failed, ok, warning
from aidetect.doctor.place import Place
from aidetect.explanation import code_of

# "All G and VT Spot Instance Requests", "Running On-Demand G and VT instances", "All Standard
# (A, C, D, H, I, M, R, T, Z) Spot Instance Requests".
GPU_SPOT, GPU_ON_DEMAND, STANDARD_SPOT = "L-3819A6DF", "L-DB2E81BA", "L-34B43A08"
NEEDS = (
    "servicequotas:GetServiceQuota",
    "servicequotas:GetAWSDefaultServiceQuota",
    "cloudformation:DescribeStacks",
)
NO_LOCAL = "jobs are processes of this machine"


def read(quotas: Any, code: str) -> int:
    """Return a quota's vCPUs: the account's own, else what AWS gives everybody."""
    asked = {"ServiceCode": "ec2", "QuotaCode": code}
    try:
        found = quotas.get_service_quota(**asked)
    except ClientError as error:
        if code_of(error) != "NoSuchResourceException":
            raise
        found = quotas.get_aws_default_service_quota(**asked)
    return int(found["Quota"]["Value"])


def ask_for(service: str, code: str, value: int) -> str:
    """Return what to do where a quota is too small."""
    return (
        "ask for more, which takes minutes to days: aws service-quotas "
        f"request-service-quota-increase --service-code {service} --quota-code {code} "
        f"--desired-value {value}"
    )


def look_at_gpus(place: Place) -> Result:
    """Hold the spot quota of GPU machines against the fleet's size and against one job's."""
    quotas = place.client("service-quotas")
    most, job = (int(place.parameters[name]) for name in ("MaxvCpus", "JobVcpus"))
    spot = read(quotas, GPU_SPOT)
    found = f"{spot} vCPUs of GPU spot machines; the fleet grows to {most} (MaxvCpus)"
    if spot < job:
        on_demand = read(quotas, GPU_ON_DEMAND)
        return failed(
            f"{found}, and one job needs {job}. On demand there are {on_demand}, which the fleet "
            "does not use: larger batches wait for ever",
            ask_for("ec2", GPU_SPOT, most),
        )
    if spot < most:
        return warning(found, ask_for("ec2", GPU_SPOT, most))
    return ok(found)


def look_at_cpus(place: Place) -> Result:
    """Hold the spot quota of machines without GPU against the fleet that training prepares on."""
    most, job = (int(place.parameters[name]) for name in ("CpuMaxvCpus", "PreparationVcpus"))
    spot = read(place.client("service-quotas"), STANDARD_SPOT)
    found = f"{spot} vCPUs of other spot machines; the fleet grows to {most} (CpuMaxvCpus)"
    if spot < job:
        return warning(
            f"{found}, and one job needs {job}: training waits for ever",
            ask_for("ec2", STANDARD_SPOT, most),
        )
    return ok(found) if spot >= most else warning(found, ask_for("ec2", STANDARD_SPOT, most))


GPU = Check(
    "GPU quota",
    "May the account run as many GPU vCPUs on spot as `MaxvCpus`?",
    look_at_gpus,
    needs=NEEDS,
    after=("region",),
    no_local=NO_LOCAL,
)
CPU = Check(
    "CPU quota",
    "May it run as many others as `CpuMaxvCpus`, which prepare data for training?",
    look_at_cpus,
    needs=NEEDS,
    after=("region",),
    no_local=NO_LOCAL,
)
