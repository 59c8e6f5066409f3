"""``aidetect doctor``: whether everything is there that scoring needs."""

from typing import Annotated

import typer

from aidetect.console import emit, guarded, out
from aidetect.doctor.checks import BEFORE, CHECKS
from aidetect.doctor.document import Diagnosis
from aidetect.doctor.examine import examine
from aidetect.doctor.place import place
from aidetect.doctor.view import diagnosis_view
from aidetect.examples import examples
from aidetect.exit_code import ExitCode
from aidetect.options import DEFAULT_STACK, Json, Stack, Where

EXAMPLES = examples(
    ("aidetect doctor", "everything"),
    ("aidetect doctor --before-deploy --on aws", "what can be known before there is a stack"),
    ("aidetect doctor --json --on aws --stack aidetect-prod", "for a program"),
)


@guarded()
def doctor(
    before: Annotated[
        bool,
        typer.Option("--before-deploy", help="Only what can be checked before there is a stack."),
    ] = False,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Check that everything is there that scoring needs, and say what to do where it is not.

    Versions, credentials, region, GPU machines and quotas; then the stack, its detector, fleets and
    images, who hears of alarms, and the dead-letter queue. Changes nothing. A check that this
    identity may not make is a warning that names the permission. Ends with exit code 1 where a
    check failed.
    """
    diagnosis = examine(place(where, stack), BEFORE if before else CHECKS)
    _tell(diagnosis, as_json)
    if not diagnosis.healthy:
        raise typer.Exit(ExitCode.FAILED)


def _tell(diagnosis: Diagnosis, as_json: bool) -> None:
    if as_json:
        emit({**diagnosis.model_dump(mode="json"), "healthy": diagnosis.healthy})
    else:
        out.print(diagnosis_view(diagnosis))
