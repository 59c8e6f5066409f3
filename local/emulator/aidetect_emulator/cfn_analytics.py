"""Resource types of Glue and Athena that LocalStack lacks.

The catalogue and the workgroup exist and can be read through the API; no query engine is behind it.
"""

from typing import Any

from localstack.services.cloudformation.resource_provider import ResourceRequest

from .cfn_provider import Model, default_name, resource_type


def _texts(value: Any) -> Any:
    """Turn what YAML read as numbers or booleans into the strings a Parameters map holds."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return {k: _texts(v) for k, v in value.items()}
    return str(value)


def _database(request: ResourceRequest, model: Model) -> None:
    wanted = dict(model["DatabaseInput"])
    wanted.setdefault("Name", default_name(request).lower())
    wanted["Parameters"] = _texts(wanted.get("Parameters", {}))
    request.aws_client_factory.glue.create_database(DatabaseInput=wanted)
    model["DatabaseName"] = wanted["Name"]


def _table(request: ResourceRequest, model: Model) -> None:
    wanted = dict(model["TableInput"])
    wanted.setdefault("Name", default_name(request).lower())
    wanted["Parameters"] = _texts(wanted.get("Parameters", {}))
    request.aws_client_factory.glue.create_table(
        DatabaseName=model["DatabaseName"], TableInput=wanted
    )
    model["TableName"] = wanted["Name"]


def _work_group(request: ResourceRequest, model: Model) -> None:
    model.setdefault("Name", default_name(request))
    wanted: dict[str, Any] = {"Name": model["Name"]}
    if model.get("WorkGroupConfiguration"):
        wanted["Configuration"] = _typed(model["WorkGroupConfiguration"])
    if model.get("Description"):
        wanted["Description"] = model["Description"]
    request.aws_client_factory.athena.create_work_group(**wanted)


def _typed(configuration: dict[str, Any]) -> dict[str, Any]:
    typed = dict(configuration)
    for name in ("EnforceWorkGroupConfiguration", "PublishCloudWatchMetricsEnabled"):
        if name in typed:
            typed[name] = str(typed[name]).lower() == "true"
    if "BytesScannedCutoffPerQuery" in typed:
        typed["BytesScannedCutoffPerQuery"] = int(typed["BytesScannedCutoffPerQuery"])
    return typed


def _named_query(request: ResourceRequest, model: Model) -> None:
    model.setdefault("Name", default_name(request))
    answer = request.aws_client_factory.athena.create_named_query(
        Name=model["Name"],
        Database=model["Database"],
        QueryString=model["QueryString"],
        Description=model.get("Description", ""),
        WorkGroup=model.get("WorkGroup", "primary"),
    )
    model["NamedQueryId"] = answer["NamedQueryId"]


Database = resource_type("AWS::Glue::Database", _database, "DatabaseName")
Table = resource_type("AWS::Glue::Table", _table, "TableName")
WorkGroup = resource_type("AWS::Athena::WorkGroup", _work_group, "Name")
NamedQuery = resource_type(
    "AWS::Athena::NamedQuery", _named_query, "NamedQueryId", ["NamedQueryId"]
)
