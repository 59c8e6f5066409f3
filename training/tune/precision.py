"""Device and numbers: where it runs, and in which precision the forward pass is computed."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import torch

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": None}


def default_device() -> torch.device:
    """Return the first GPU, or the CPU where there is none."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@dataclass(frozen=True)
class Precision:
    """``dtype`` of autocast; None computes in float32. Weights are float32 always."""

    device: torch.device
    dtype: torch.dtype | None

    @property
    def name(self) -> str:
        """Name, as the settings have it."""
        return next(name for name, dtype in DTYPES.items() if dtype is self.dtype)

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context of a forward pass."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not None)

    def scaler(self) -> torch.amp.GradScaler:
        """Return the loss scaler: fp16 needs one, others pass through."""
        return torch.amp.GradScaler(self.device.type, enabled=self.dtype is torch.float16)


def choose_precision(wanted: str, device: torch.device) -> Precision:
    """Return the precision that the settings ask for.

    ``auto``: float32 on a CPU; on a GPU bf16 where it is native (compute capability 8.0 and up),
    else fp16.
    """
    if wanted == "auto":
        if device.type == "cpu":
            wanted = "fp32"
        else:
            native = torch.cuda.get_device_capability(device) >= (8, 0)
            wanted = "bf16" if native else "fp16"
    return Precision(device, DTYPES[wanted])


@contextmanager
def repeatable(device: torch.device) -> Iterator[None]:
    """Compute the same bits every time on a CPU; on a GPU use its tensor cores for float32.

    On a GPU sums may run in another order from run to run: resuming is exact in which images are
    learnt from and in every number kept, not to the last bit of what follows.
    """
    strict = torch.are_deterministic_algorithms_enabled()
    matmul = torch.get_float32_matmul_precision()
    torch.use_deterministic_algorithms(device.type == "cpu")
    torch.set_float32_matmul_precision("highest" if device.type == "cpu" else "high")
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(strict)
        torch.set_float32_matmul_precision(matmul)
