"""``aidetect redrive``: gives upload events that failed another try."""

from typing import TYPE_CHECKING

from aidetect.console import guarded, out
from aidetect.options import DEFAULT_STACK, Stack, Where
from aidetect.outputs import OutputsError
from aidetect.resolve import resolve
from aidetect.target import NoStackError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def _arn_and_depth(sqs: "SQSClient", url: str) -> tuple[str, int]:
    attributes = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["QueueArn", "ApproximateNumberOfMessages"]
    )["Attributes"]
    return attributes["QueueArn"], int(attributes["ApproximateNumberOfMessages"])


@guarded(NoStackError, OutputsError)
def redrive(where: Where = None, stack: Stack = DEFAULT_STACK) -> None:
    """Move the upload events in the dead-letter queue back to the arrivals queue.

    An event lands there when intake failed on it several times. Mend the cause first: the log group
    of the intake function names it.
    """
    target = resolve(where, stack)
    source, depth = _arn_and_depth(target.sqs, target.outputs.ArrivalsDlqUrl)
    if not depth:
        out.print("The dead-letter queue is empty: nothing to redrive.")
        return
    destination, _ = _arn_and_depth(target.sqs, target.outputs.ArrivalsQueueUrl)
    target.sqs.start_message_move_task(SourceArn=source, DestinationArn=destination)
    out.print(f"Moving about {depth} upload events back to the arrivals queue.")
