"""``aidetect redrive``: gives what was given up another try."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aidetect.console import emit, guarded, out
from aidetect.examples import examples
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.resolve import resolve
from aidetect.table import printable
from aidetect.unclosed import start_again, unclosed

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

EXAMPLES = examples(
    ("aidetect redrive", "gives what failed another try"),
    (
        "aidetect redrive --on aws --json",
        "for a program: how many events were moved, which batches go on",
    ),
)


def _arn_and_depth(sqs: "SQSClient", url: str) -> tuple[str, int]:
    attributes = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["QueueArn", "ApproximateNumberOfMessages"]
    )["Attributes"]
    return attributes["QueueArn"], int(attributes["ApproximateNumberOfMessages"])


@guarded()
def redrive(where: Where = None, stack: Stack = DEFAULT_STACK, as_json: Json = False) -> None:
    """Give what was given up another try: upload events, and batches that ended halfway.

    An event lands in the dead-letter queue when intake failed on it several times: it goes back to
    the arrivals queue. A batch that could not be planned or closed, or was stopped by hand, goes on
    with what is committed. Mend the cause first: `aidetect status` and the logs name it.
    """
    target = resolve(where, stack)
    source, depth = _arn_and_depth(target.sqs, target.outputs.ArrivalsDlqUrl)
    if depth:
        destination, _ = _arn_and_depth(target.sqs, target.outputs.ArrivalsQueueUrl)
        target.sqs.start_message_move_task(SourceArn=source, DestinationArn=destination)
    batches = list(unclosed(target))
    for found in batches:
        start_again(target, found, datetime.now(UTC))
    if as_json:
        emit({"events": depth, "batches": [found.batch for found in batches]})
        return
    if not depth and not batches:
        out.print("The dead-letter queue is empty and every batch is closed: nothing to redrive.")
    if depth:
        out.print(f"Moving about {depth} upload events back to the arrivals queue.")
    for found in batches:
        why = printable(found.why)
        out.print(f"Batch {found.batch} goes on. It had ended so: {why}", markup=False)
