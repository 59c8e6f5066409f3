"""Whether the packages are there that only tuning needs."""

import importlib.util

from training.tune.errors import NotInstalledError

PACKAGES = ("torch", "transformers", "peft")


def require_packages() -> None:
    """Make sure that tuning can start.

    Raises
    ------
    NotInstalledError
        If a package is missing; says how to install it.
    """
    if missing := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
        raise NotInstalledError(
            f"the recipes layernorm and lora need {', '.join(missing)}, which this environment "
            "does not have; run `make setup-tune`, or take recipe: probe, which needs no torch"
        )
