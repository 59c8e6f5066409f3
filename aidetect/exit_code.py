"""How a command ends, as a number that scripts may rely on."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command. Part of the contract: add, never renumber."""

    OK = 0
    FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    UNFINISHED = 4
    DEFECT = 70  # EX_SOFTWARE of sysexits.h
    INTERRUPTED = 130  # 128 + SIGINT, as shells have it

    @property
    def meaning(self) -> str:
        """What it says, for people."""
        return MEANINGS[self]


MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "done",
    ExitCode.FAILED: "it failed, or what was asked for is not there; the message says what to do",
    ExitCode.USAGE: "the command line is wrong",
    ExitCode.INCOMPLETE: "scored, but some images could not be (rows with reason not_scored)",
    ExitCode.UNFINISHED: "not finished within --timeout; the work goes on",
    ExitCode.DEFECT: "a defect of this program; the message says where its report is",
    ExitCode.INTERRUPTED: "Ctrl-C; the message says what goes on",
}
