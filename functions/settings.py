"""The one way a function reads its environment."""

import os
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError


class SettingsError(RuntimeError):
    """A setting is missing or has a value that is not allowed."""


class Settings(BaseModel):
    """Settings of one function; field ``results_bucket`` is the variable ``RESULTS_BUCKET``."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read every field from the environment.

        Raises
        ------
        SettingsError
            If a variable is missing or its value is refused; names each of them.
        """
        source = os.environ if environ is None else environ
        names = {name.upper(): name for name in cls.model_fields}
        try:
            return cls.model_validate({n: source[v] for v, n in names.items() if v in source})
        except ValidationError as error:
            wrong = "; ".join(
                f"{str(part['loc'][0]).upper()}: {part['msg']}" for part in error.errors()
            )
            raise SettingsError(
                f"the function's environment is wrong: {wrong}. Deploy template.yaml again."
            ) from error
