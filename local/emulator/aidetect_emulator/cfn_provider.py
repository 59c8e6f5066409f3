"""How a CloudFormation resource type is added to LocalStack."""

from collections.abc import Callable, Sequence
from typing import Any

from localstack.services.cloudformation.provider_utils import generate_default_name
from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceRequest,
)

Model = dict[str, Any]
Create = Callable[[ResourceRequest, Model], None]


def default_name(request: ResourceRequest) -> str:
    """Give the name of a resource that the template does not name."""
    name: str = generate_default_name(
        stack_name=request.stack_name, logical_resource_id=request.logical_resource_id
    )
    return name


def lower_keys(value: Any, keep: Sequence[str] = ("Parameters", "Tags", "Options")) -> Any:
    """Turn CloudFormation's ``PascalCase`` keys into the API's ``camelCase``.

    What lies under a key in ``keep`` is the user's, and stays as it is.
    """
    if isinstance(value, dict):
        return {
            k[:1].lower() + k[1:]: (v if k in keep else lower_keys(v, keep))
            for k, v in value.items()
        }
    return [lower_keys(v, keep) for v in value] if isinstance(value, list) else value


def resource_type(
    name: str, create: Create, identifier: str, attributes: Sequence[str] = ()
) -> type[CloudFormationResourceProviderPlugin]:
    """Make the plugin of a resource type.

    Parameters
    ----------
    name : str
        Such as ``AWS::Batch::JobQueue``.
    create : callable
        Makes the resource through its service's API and completes the model in place.
    identifier : str
        The property that ``Ref`` gives.
    attributes : sequence of str
        The properties that ``GetAtt`` gives.
    """

    class Provider(ResourceProvider):  # type: ignore[misc]
        TYPE = name
        SCHEMA = {  # noqa: RUF012  (LocalStack reads it from the class)
            "typeName": name,
            "primaryIdentifier": [f"/properties/{identifier}"],
            "readOnlyProperties": [f"/properties/{a}" for a in attributes],
            "properties": {p: {"type": "string"} for p in {identifier, *attributes}},
        }

        def create(self, request: ResourceRequest) -> ProgressEvent:
            model = dict(request.desired_state)
            create(request, model)
            return _success(model)

        def update(self, request: ResourceRequest) -> ProgressEvent:
            return _success({**request.previous_state, **request.desired_state})

        def delete(self, request: ResourceRequest) -> ProgressEvent:  # noqa: ARG002
            return _success({})

        def read(self, request: ResourceRequest) -> ProgressEvent:
            return _success(request.desired_state)

    class Plugin(CloudFormationResourceProviderPlugin):  # type: ignore[misc]
        def __init__(self) -> None:
            self.factory: type[ResourceProvider] | None = None

        def load(self) -> None:
            self.factory = Provider

    Plugin.name = name
    return Plugin


def _success(model: Model) -> ProgressEvent:
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model, custom_context={})
