"""The one logger of the functions: structured, with the batch in every line once it is known."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast

from aws_lambda_powertools import Logger

Handler = TypeVar("Handler", bound=Callable[..., Any])
# What the states of both state machines give a function to work on, by name.
SUBJECTS = ("batch", "run", "execution")


def subjects(event: object) -> dict[str, str]:
    """Return what an event says that it is about; nothing where it is of another kind."""
    if not isinstance(event, Mapping):
        return {}
    found = ((name, event.get(name)) for name in SUBJECTS)
    return {name: value for name, value in found if isinstance(value, str)}


class FunctionLogger(Logger):
    """Names the batch or run from the first line on, and in the line of a failure too.

    The runtime reports an error that leaves the handler by itself, but by its request alone.
    """

    def inject_lambda_context(  # type: ignore[override]
        self, *, clear_state: bool = True
    ) -> Callable[[Handler], Handler]:
        """Decorate a handler."""

        def decorate(handler: Handler) -> Handler:
            @wraps(handler)
            def logged(event: Any, context: Any) -> Any:
                self.append_keys(**subjects(event))
                try:
                    return handler(event, context)
                except Exception:
                    self.exception("failed")
                    raise

            inject = Logger.inject_lambda_context
            return cast("Handler", inject(self, logged, clear_state=clear_state))

        return decorate


logger = FunctionLogger()
