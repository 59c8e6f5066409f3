"""Which resource types of the template the local stack makes, records, or refuses."""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from local.errors import SamError, UnsupportedTypesError
from local.toolchain import Toolchain

# Deployed as a record only: nothing in the local stack depends on what they do. Why:
RECORDED = {
    # Who may pull the job's image; jobs here are processes of the checkout.
    "AWS::ECR::RepositoryPolicy",
    # Builds images; `make image` does here.
    "AWS::CodeBuild::Project",
    # Spending actions: nothing here costs anything.
    "AWS::Budgets::BudgetsAction",
}
# SAM turns these into plain types before the deployment.
TRANSFORMED = "AWS::Serverless::"


def unsupported(used: Mapping[str, list[str]], supported: Iterable[str]) -> dict[str, list[str]]:
    """Give the types that are neither made nor recorded, with the logical ids that have them."""
    known = {*supported, *RECORDED}
    return {
        name: ids
        for name, ids in used.items()
        if name not in known and not name.startswith((TRANSFORMED, "Custom::"))
    }


def check(template: Path, tools: Toolchain) -> None:
    """Hold the template's types against what the emulator makes.

    Raises
    ------
    UnsupportedTypesError
        When the template has a type that the local stack does not know.
    SamError
        When the template cannot be read.
    """
    done = subprocess.run(
        [str(tools.emulator_python), "-m", "aidetect_emulator.types_list", str(template)],
        check=False,
        env={**os.environ, "PYTHONPATH": str(tools.plugin)},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise SamError("template", done.stderr)
    found = json.loads(done.stdout)
    refused = unsupported(found["used"], found["supported"])
    if refused:
        raise UnsupportedTypesError(refused)
