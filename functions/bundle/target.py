"""Which Python a bundle is for: that of Lambda, or the one at hand for the local stack."""

import os
import sys
import sysconfig
from dataclasses import dataclass

# The Runtime of template.yaml, held to it by a test. Not python3.11, which Lambda runs on Amazon
# Linux 2: its glibc 2.26 is too old for the wheels of onnxruntime. From 3.12 on it is Amazon
# Linux 2023 with glibc 2.34. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
LAMBDA_PYTHON = "3.13"
LAMBDA_PLATFORM = "x86_64-manylinux_2_28"
VARIABLE = "BUNDLE_TARGET"


@dataclass(frozen=True)
class Target:
    """A Python version such as ``3.13`` and the platform in uv's words, none for this machine's."""

    python: str
    platform: str | None

    @property
    def tag(self) -> str:
        """A name for the target, part of the cache's key."""
        return f"{self.python}-{self.platform or sysconfig.get_platform()}"

    def arguments(self) -> list[str]:
        """Return the target as options of ``uv pip install``."""
        platform = ["--python-platform", self.platform] if self.platform else []
        return ["--python-version", self.python, *platform]

    def pip_arguments(self) -> list[str]:
        """Return the target as options of ``pip install``."""
        if not self.platform:
            return []
        machine, _, system = self.platform.partition("-")
        # pip takes exact tags only, so the older ones that the platform also runs are listed.
        tags = [f"{system}_{machine}", f"manylinux_2_27_{machine}", f"manylinux2014_{machine}"]
        platforms = [word for tag in tags for word in ("--platform", tag)]
        return ["--python-version", self.python, "--implementation", "cp", *platforms]


class TargetError(ValueError):
    """The environment asks for a target that does not exist."""


def chosen() -> Target:
    """Return the target that the environment variable ``BUNDLE_TARGET`` asks for.

    Raises
    ------
    TargetError
        If it is neither ``lambda`` (the default) nor ``here``.
    """
    choice = os.environ.get(VARIABLE, "lambda")
    if choice == "lambda":
        return Target(LAMBDA_PYTHON, LAMBDA_PLATFORM)
    if choice == "here":
        return Target(f"{sys.version_info.major}.{sys.version_info.minor}", None)
    raise TargetError(f"{VARIABLE} is {choice!r}; it must be 'lambda' or 'here'")
