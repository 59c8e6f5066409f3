"""AWS services that moto implements and localstack-core does not offer."""

import re
from typing import Any

from localstack.aws.api import handler
from localstack.aws.spec import load_service
from localstack.services.moto import MotoFallbackDispatcher
from localstack.services.plugins import Service, aws_provider


def moto_service(name: str) -> Service:
    """Make a service all of whose operations moto answers."""
    operations: dict[str, Any] = {"service": name}
    for operation in load_service(name).operation_names:
        attribute = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()

        def unimplemented(self: Any, context: Any, request: Any) -> None:
            raise NotImplementedError

        unimplemented.__name__ = attribute
        operations[attribute] = handler(operation, expand=False)(unimplemented)
        operations[attribute].__name__ = attribute
    provider = type(f"{name.title()}Provider", (), operations)()
    return Service.for_provider(provider, dispatch_table_factory=MotoFallbackDispatcher)


athena = aws_provider(api="athena")(lambda: moto_service("athena"))
batch = aws_provider(api="batch")(lambda: moto_service("batch"))
budgets = aws_provider(api="budgets")(lambda: moto_service("budgets"))
glue = aws_provider(api="glue")(lambda: moto_service("glue"))
