"""What can go wrong with the jobs' images; each message says what to do."""

from local.errors import LocalError

INSTALL = "apt-get install --no-install-recommends buildah debootstrap"


class ImageError(LocalError):
    """An image could not be built or measured."""


class NoBuilderError(ImageError):
    """No container tool is there that works."""

    def __init__(self, why: str = "") -> None:
        told = f" ({why})" if why else ""
        super().__init__(
            f"buildah, docker or podman is needed to build an image, and none works here{told}. "
            f"On Debian and Ubuntu: {INSTALL}"
        )


class BuilderNotFitError(ImageError):
    """Another container tool is needed for this."""

    def __init__(self, what: str, tools: str, found: str) -> None:
        super().__init__(f"{what} needs {tools}, and this is {found}. {INSTALL}")


class CommandFailedError(ImageError):
    """A container tool failed."""

    def __init__(self, command: list[str], code: int, output: str = "") -> None:
        shown = f":\n{output.strip()}" if output.strip() else "; what it said stands above"
        super().__init__(f"{' '.join(command[:2])} ended with status {code}{shown}")
