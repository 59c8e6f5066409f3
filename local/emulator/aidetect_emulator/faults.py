"""Faults on demand: what AWS's services do on a bad day, as long as a file asks for it.

Only calls with a role's credentials fail, so that whoever asked for the faults can go on looking.
"""

import random
from collections.abc import Callable
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.handlers import (
    run_custom_response_handlers,
    serve_custom_service_request_handlers,
)
from localstack.aws.protocol.serializer import create_serializer

from .fault_file import CallFault, Faults, current
from .iam_guard import ROLE_KEYS, access_key


class FaultyServices:
    """Handlers of LocalStack that refuse calls before they are served, or lose their answers."""

    def __init__(
        self, read: Callable[[], Faults], chance: Callable[[], float] = random.random
    ) -> None:
        self._read = read
        self._chance = chance

    def refuse(self, _chain: Any, context: RequestContext, _response: Any) -> None:
        """Refuse a call, by chance."""
        fault = self._drawn(context, answer_lost=False)
        if fault is not None:
            raise _error(fault)

    def lose(self, _chain: Any, context: RequestContext, response: Any) -> None:
        """Lose the answer to a call that was served, by chance."""
        fault = None
        if response.status_code < 300:
            fault = self._drawn(context, answer_lost=True)
        if fault is None:
            return
        # In the service's own words: LocalStack's Step Functions cannot do without a request id.
        error = _error(fault)
        serializer = create_serializer(context.service, context.protocol)
        response.update_from(
            serializer.serialize_error_to_response(
                error, context.operation, context.request.headers, context.request_id
            )
        )

    def _drawn(self, context: RequestContext, *, answer_lost: bool) -> CallFault | None:
        calls = self._read().calls
        if not calls or context.operation is None or context.service is None:
            return None
        if not access_key(context).startswith(ROLE_KEYS):
            return None
        for fault in calls:
            if (
                fault.answer_lost == answer_lost
                and fault.meets(context.service.service_name, context.operation.name)
                and self._chance() < fault.share
            ):
                return fault
        return None


def _error(fault: CallFault) -> CommonServiceException:
    return CommonServiceException(fault.code, "asked for by faults.json", status_code=fault.status)


def install() -> None:
    """Put the faults behind the guard: what is denied fails anyway."""
    services = FaultyServices(current)
    serve_custom_service_request_handlers.append(services.refuse)
    run_custom_response_handlers.append(services.lose)
