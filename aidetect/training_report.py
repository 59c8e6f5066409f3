"""What a run leaves for people: its evaluation and its page."""

from pathlib import Path

from aidetect.target import Target
from detector.evaluation import Report
from detector.layout import RunLayout


def read_report(target: Target, run: str) -> Report:
    """Return the evaluation of a run's detector on its test sources.

    Raises
    ------
    detector.contract.ContractError
        If it is of another version.
    """
    where = RunLayout(target.outputs.TrainingBucket, run).evaluation
    with target.s3.get_object(Bucket=where.bucket, Key=where.key)["Body"] as body:
        return Report.parse(body.read(), where=str(where))


def save_page(target: Target, run: str, path: Path) -> None:
    """Save a run's report page."""
    where = RunLayout(target.outputs.TrainingBucket, run).report
    path.parent.mkdir(parents=True, exist_ok=True)
    target.s3.download_file(where.bucket, where.key, str(path))
