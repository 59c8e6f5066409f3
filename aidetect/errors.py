"""What can go wrong between a caller and a stack; each message says what to do."""

from typing import ClassVar

from aidetect.exit_code import ExitCode


class AidetectError(Exception):
    """The command or the client could not do what was asked."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED


class AwsError(AidetectError, RuntimeError):
    """AWS, or the local stack, refused or could not be reached."""


class StillGoingError(AidetectError, TimeoutError):
    """The wait ran out; nothing was cancelled, and the message says how to look again."""

    exit_code = ExitCode.UNFINISHED


class InterruptedWork(KeyboardInterrupt):
    """Ctrl-C where work goes on without us; its text says what goes on."""
