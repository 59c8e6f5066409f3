"""AWS services that moto implements and localstack-core does not offer."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from localstack.aws.api import handler
from localstack.aws.spec import load_service
from localstack.services.moto import MotoFallbackDispatcher
from localstack.services.plugins import Service, aws_provider

Operation = Callable[[Any, Any, Any], Any]


def moto_service(name: str, own: Mapping[str, Operation] | None = None) -> Service:
    """Make a service whose operations moto answers, but for our ``own``."""
    operations: dict[str, Any] = {"service": name}
    for operation in load_service(name).operation_names:
        attribute = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()

        def unimplemented(self: Any, context: Any, request: Any) -> None:
            raise NotImplementedError

        answer: Any = (own or {}).get(operation, unimplemented)
        answer.__name__ = attribute
        operations[attribute] = handler(operation, expand=False)(answer)
        operations[attribute].__name__ = attribute
    provider = type(f"{name.title()}Provider", (), operations)()
    return Service.for_provider(provider, dispatch_table_factory=MotoFallbackDispatcher)


athena = aws_provider(api="athena")(lambda: moto_service("athena"))
batch = aws_provider(api="batch")(lambda: moto_service("batch"))
budgets = aws_provider(api="budgets")(lambda: moto_service("budgets"))
glue = aws_provider(api="glue")(lambda: moto_service("glue"))
