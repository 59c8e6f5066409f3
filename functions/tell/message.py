"""What people are told of a failed run: what failed, why, and how to go on."""

from dataclasses import dataclass

from detector.training_run import StageFailure
from functions.tell.ended import EndedExecution

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
MAX_SUBJECT = 100
MAX_WHY = 4000
WORDS = {"TIMED_OUT": "timed out", "ABORTED": "was stopped"}


@dataclass(frozen=True)
class Message:
    """A notification."""

    subject: str
    text: str


def compose(ended: EndedExecution, failure: StageFailure | None, *, begun: bool) -> Message:
    """Return the notification of an execution that did not succeed.

    Parameters
    ----------
    ended
        The execution.
    failure
        What the stage itself said, if it could.
    begun
        Whether there is a run to go on with.
    """
    stage = _stage(ended, failure, begun=begun)
    what = f"{WORDS.get(ended.status, 'failed')}{f' in stage {stage}' if stage else ''}"
    error = failure.error if failure else ended.error
    why = failure.message if failure else ended.why
    lines = [
        f"Training run {ended.run} {what}.",
        "",
        *([f"Error: {error}"] if error else []),
        *([f"Why: {why[:MAX_WHY]}"] if why else []),
        *([f"Said at {failure.failed_at}"] if failure else []),
        "",
        _advice(ended, begun=begun),
        f"Execution: {ended.arn}",
    ]
    subject = f"Training run {ended.run} {what}"
    return Message(
        _ascii(subject)[:MAX_SUBJECT],
        ("\n".join(lines) + "\n").encode("utf-8", "replace").decode(),
    )


def _ascii(subject: str) -> str:
    """Return one line of what SNS takes for a subject: ASCII without control characters."""
    shown = "".join(char if char.isprintable() else "?" for char in subject)
    return shown.encode("ascii", "replace").decode()


def _stage(ended: EndedExecution, failure: StageFailure | None, *, begun: bool) -> str:
    """Return the stage that failed: as it says itself, else by its job's name, else unknown."""
    if failure:
        return failure.stage.value
    if not begun:
        return "begin"
    if ended.job.startswith(f"{ended.run}-"):
        return "train"  # a SageMaker job is named after its run
    return ended.job.partition("-")[0] if ended.job.endswith(f"-{ended.run}") else ""


def _advice(ended: EndedExecution, *, begun: bool) -> str:
    if not begun:
        return "Nothing was started for it. Put its input right and start it again: aidetect train"
    return (
        "Put that right, then go on where it ended: "
        f"aidetect train --resume {ended.run}\nFinished stages are not done again."
    )
