"""What can go wrong with the local stack; each message says what to do."""

from pathlib import Path


class LocalError(RuntimeError):
    """The local stack could not do what was asked."""


class PortBusyError(LocalError):
    """Another program listens where the emulator should."""

    def __init__(self, port: int, owner: str | None) -> None:
        who = f"by {owner}" if owner else "by another program"
        super().__init__(
            f"port {port} is taken {who}: stop it, or choose another port with --port "
            f"(for example --port {port + 1})"
        )


class ToolMissingError(LocalError):
    """A program that the local stack needs is not installed."""

    def __init__(self, tool: str, remedy: str) -> None:
        super().__init__(f"{tool} is needed but was not found: {remedy}")


class PythonUnsupportedError(LocalError):
    """The emulator is not known to work on this Python."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"the local stack needs Python 3.11, this is {found}: make the virtual environment "
            "with python3.11 (make setup PYTHON=python3.11)"
        )


class InstallError(LocalError):
    """The tools of the local stack could not be installed."""

    def __init__(self, what: str, output: str) -> None:
        super().__init__(
            f"installing {what} failed; check that a package registry can be reached "
            f"(UV_DEFAULT_INDEX or PIP_INDEX_URL names another one):\n{output.strip()}"
        )


class ImageUnusableError(LocalError):
    """Jobs shall run in an image of this machine, and cannot."""

    def __init__(self, image: str, why: str) -> None:
        super().__init__(f"jobs cannot run in {image}: {why}")


class EmulatorDiedError(LocalError):
    """The emulator ended or did not become ready."""

    def __init__(self, why: str, log: Path, tail: str) -> None:
        super().__init__(f"the emulator {why}; its log is {log}, and ends with:\n{tail}")


class UnsupportedTypesError(LocalError):
    """The template has resource types that the emulator can neither make nor ignore."""

    def __init__(self, types: dict[str, list[str]]) -> None:
        listed = "\n".join(f"  {name}: {', '.join(ids)}" for name, ids in sorted(types.items()))
        super().__init__(
            "the template has resource types that the local stack does not know:\n"
            f"{listed}\n"
            "make them in local/emulator, or, where recording is enough, add them to RECORDED in "
            "local/resource_types.py"
        )


class SamError(LocalError):
    """``sam build`` or ``sam deploy`` failed."""

    def __init__(self, step: str, output: str) -> None:
        super().__init__(f"sam {step} failed:\n{output.strip()}")


class NotDeployedError(LocalError):
    """The emulator runs but the stack is not on it."""

    def __init__(self, stack: str) -> None:
        super().__init__(f"stack {stack} is not deployed: run `aidetect local up`")
