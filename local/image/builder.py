"""The container tool of this machine: buildah, docker or podman, with one Dockerfile for all."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local.image.errors import CommandFailedError, NoBuilderError
from local.image.target import Target
from local.paths import CHECKOUT

# buildah needs no daemon. docker before podman: who has both chose docker by hand.
TOOLS = ("buildah", "docker", "podman")
PLATFORM = "linux/amd64"


def find(named: str = "") -> "Builder":
    """Give the tool that was named, else the first that works.

    Raises
    ------
    NoBuilderError
        When there is none.
    """
    if named:
        if not shutil.which(named):
            raise NoBuilderError(f"{named} is not on PATH")
        return Builder(named)
    for tool in TOOLS:
        if shutil.which(tool) and _works(tool):
            return Builder(tool)
    raise NoBuilderError


def _works(tool: str) -> bool:
    """Say whether a tool can be used: docker's command line is often there without its daemon."""
    if tool != "docker":
        return True
    return subprocess.run([tool, "info"], check=False, capture_output=True).returncode == 0


def _environ() -> dict[str, str]:
    # Works without a runtime, control groups and a user namespace: in containers and VMs too.
    return {"BUILDAH_ISOLATION": "chroot", **os.environ}


@dataclass(frozen=True)
class Builder:
    """A container tool, by the path or name of its program."""

    program: str

    @property
    def name(self) -> str:
        """Which tool it is."""
        return os.path.basename(self.program)  # noqa: PTH119

    def build_command(
        self, target: Target, extra: str, revision: str, base: str = "", *, pull: bool = True
    ) -> list[str]:
        """Give the command that builds a target, run in the checkout.

        Parameters
        ----------
        target, extra, revision
            What is built, with which extras, and the label that tells builds apart.
        base : str
            The Python base; empty for the Dockerfile's own.
        pull : bool
            Whether the base may be fetched.
        """
        arguments = {"EXTRA": extra, "REVISION": revision}
        if base:
            arguments["PYTHON_BASE"] = base
        return [
            *(self.program, "build", "--platform", PLATFORM),
            # The others keep layers without being told.
            *(("--layers",) if self.name == "buildah" else ()),
            *(() if pull else ("--pull-never",)),
            *("--target", target.name, "--tag", target.image(extra)),
            *(word for k, v in arguments.items() for word in ("--build-arg", f"{k}={v}")),
            ".",
        ]

    def run(self, *words: str, stdin: str | None = None) -> None:
        """Run the tool, its output shown.

        Raises
        ------
        CommandFailedError
            When it fails.
        """
        command = [self.program, *words]
        self.call(command, stdin=stdin)

    def call(self, command: Sequence[str], stdin: str | None = None) -> None:
        """Run a whole command in the checkout, its output shown.

        Raises
        ------
        CommandFailedError
            When it fails.
        """
        done = subprocess.run(
            command, check=False, cwd=CHECKOUT, env=_environ(), input=stdin, text=True
        )
        if done.returncode != 0:
            raise CommandFailedError(list(command), done.returncode)

    def ask(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        """Run the tool and give what it printed, without the line's end.

        Raises
        ------
        CommandFailedError
            When it fails.
        """
        command = [self.program, *words]
        done = subprocess.run(
            command,
            check=False,
            cwd=CHECKOUT,
            env={**_environ(), **(env or {})},
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise CommandFailedError(command, done.returncode, done.stderr)
        return done.stdout.rstrip("\n")

    def has(self, image: str) -> bool:
        """Say whether an image is on this machine."""
        try:
            self.ask("inspect", *(("--type", "image") if self.name != "docker" else ()), image)
        except CommandFailedError:
            return False
        return True
