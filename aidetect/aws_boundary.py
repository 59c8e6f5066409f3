"""Where AWS's errors become ours, for programs."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from aidetect.errors import AwsError
from aidetect.explanation import explain


@contextmanager
def aws_errors() -> Iterator[None]:
    """Raise :class:`AwsError`, which says what to do, for what AWS refuses.

    Raises
    ------
    AwsError
        For any error of AWS or its client; the original is its cause.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise AwsError(explain(error)) from error
