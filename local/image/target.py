"""The targets of the Dockerfile, and what each is built with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A target of the Dockerfile.

    Attributes
    ----------
    name : str
        The Dockerfile's name for it.
    extra : str
        Extras of ``pyproject.toml`` for a machine with a GPU, with commas between them.
    small : str
        Those that do without CUDA and torch, to try the image on any machine.
    tag : str
        The tag under which the stack's jobs look for it.
    """

    name: str
    extra: str
    small: str
    tag: str

    def image(self, extra: str) -> str:
        """Give the image's name on this machine: ``aidetect-scorer:gpu``."""
        return f"aidetect-{self.name}:{extra.replace(',', '-')}"


TARGETS = {
    target.name: target
    for target in (
        Target("scorer", "gpu", "cpu", "latest"),
        Target("trainer", "trainer", "cpu,fitting", "trainer"),
        Target("sagemaker", "trainer", "cpu,fitting", "sagemaker"),
    )
}
