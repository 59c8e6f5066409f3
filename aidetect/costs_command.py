"""``aidetect costs``: what scoring costs, and how to stop it."""

from aidetect.console import emit, guarded, out
from aidetect.costs import actual_command, cheapest_command, estimate_command
from aidetect.costs.fleets import DISABLED, ENABLED, turn
from aidetect.examples import examples
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.program import Program
from aidetect.resolve import resolve

app = Program(help="What scoring costs, and how to stop it.", no_args_is_help=True)

STOP_EXAMPLES = examples(
    ("aidetect costs stop", "no more machines are started; nothing is lost"),
    ("aidetect costs stop --on aws --json", "for a program"),
)
RESUME_EXAMPLES = examples(
    ("aidetect costs resume", "what waited goes on"),
    ("aidetect costs resume --on aws --json", "for a program"),
)


@guarded()
def stop(where: Where = None, stack: Stack = DEFAULT_STACK, as_json: Json = False) -> None:
    """Have no more machines started, as the hard limits do by themselves.

    Jobs that run go on to their end. Batches and training runs that need a machine wait, and lose
    nothing. Small batches are still scored, on Lambda.
    """
    turn(resolve(where, stack), DISABLED)
    if as_json:
        emit({"stopped": True})
    else:
        out.print("No more machines are started. To go on: aidetect costs resume")


@guarded()
def resume(where: Where = None, stack: Stack = DEFAULT_STACK, as_json: Json = False) -> None:
    """Let machines be started again, after `costs stop` or a hard limit; what waited goes on.

    A limit that is exceeded still does not stop it again by itself: alarms act when they go off,
    and this one has. Raise the limit, or look at `aidetect costs actual`.
    """
    turn(resolve(where, stack), ENABLED)
    if as_json:
        emit({"stopped": False})
    else:
        out.print("Machines may be started again; what waited goes on.")


app.command(epilog=estimate_command.ESTIMATE_EXAMPLES)(estimate_command.estimate)
app.command(epilog=actual_command.ACTUAL_EXAMPLES)(actual_command.actual)
app.command(epilog=cheapest_command.CHEAPEST_EXAMPLES)(cheapest_command.cheapest)
app.command(epilog=STOP_EXAMPLES)(stop)
app.command(epilog=RESUME_EXAMPLES)(resume)
