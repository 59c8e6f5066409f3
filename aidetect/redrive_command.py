"""``aidetect redrive``: gives upload events that failed another try."""

from typing import TYPE_CHECKING

from aidetect.console import emit, guarded, out
from aidetect.examples import examples
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.resolve import resolve

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

EXAMPLES = examples(
    ("aidetect redrive", "gives what failed another try"),
    ("aidetect redrive --on aws --json", "for a program: how many events were moved"),
)


def _arn_and_depth(sqs: "SQSClient", url: str) -> tuple[str, int]:
    attributes = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["QueueArn", "ApproximateNumberOfMessages"]
    )["Attributes"]
    return attributes["QueueArn"], int(attributes["ApproximateNumberOfMessages"])


@guarded()
def redrive(where: Where = None, stack: Stack = DEFAULT_STACK, as_json: Json = False) -> None:
    """Move the upload events in the dead-letter queue back to the arrivals queue.

    An event lands there when intake failed on it several times. Mend the cause first: the log group
    of the intake function names it.
    """
    target = resolve(where, stack)
    source, depth = _arn_and_depth(target.sqs, target.outputs.ArrivalsDlqUrl)
    if depth:
        destination, _ = _arn_and_depth(target.sqs, target.outputs.ArrivalsQueueUrl)
        target.sqs.start_message_move_task(SourceArn=source, DestinationArn=destination)
    if as_json:
        emit({"events": depth})
    elif not depth:
        out.print("The dead-letter queue is empty: nothing to redrive.")
    else:
        out.print(f"Moving about {depth} upload events back to the arrivals queue.")
