"""Entry point of the pulse function: a tick in, metrics out."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from detector.metric import tell
from functions.aws import states_client
from functions.logger import logger
from functions.pulse.settings import PulseSettings
from functions.pulse.under_way import look

read_settings = cache(PulseSettings.read)


@logger.inject_lambda_context(clear_state=True)
def handler(_event: dict[str, Any], _context: LambdaContext) -> None:
    """Tell how many batches are under way and how long the oldest has been."""
    machine = read_settings().state_machine_arn
    tell(*look(machine, states=states_client(), now=datetime.now(UTC)).metrics())
