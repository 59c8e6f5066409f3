"""CreateTrainingJob as botocore knows it: a request is held against its shape."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator


@cache
def request_shape() -> Shape:
    model = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
    shape = model.operation_model("CreateTrainingJob").input_shape
    assert shape is not None
    return shape


def request_errors(request: Mapping[str, Any]) -> str:
    """Say what is wrong with a request; empty where nothing is."""
    return str(ParamValidator().validate(request, request_shape()).generate_report())
