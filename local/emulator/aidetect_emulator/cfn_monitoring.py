"""Resource types of CloudWatch, Logs and Budgets that LocalStack lacks."""

from localstack.services.cloudformation.resource_provider import ResourceRequest

from .cfn_provider import Model, default_name, lower_keys, resource_type


def _dashboard(request: ResourceRequest, model: Model) -> None:
    model.setdefault("DashboardName", default_name(request))
    request.aws_client_factory.cloudwatch.put_dashboard(
        DashboardName=model["DashboardName"], DashboardBody=model["DashboardBody"]
    )


def _budget(request: ResourceRequest, model: Model) -> None:
    budget = dict(model["Budget"])
    budget.setdefault("BudgetName", default_name(request))
    if "BudgetLimit" in budget:
        budget["BudgetLimit"] = {k: str(v) for k, v in budget["BudgetLimit"].items()}
    request.aws_client_factory.budgets.create_budget(AccountId=request.account_id, Budget=budget)
    model["Id"] = budget["BudgetName"]


def _metric_filter(request: ResourceRequest, model: Model) -> None:
    model.setdefault("FilterName", default_name(request))
    request.aws_client_factory.logs.put_metric_filter(
        logGroupName=model["LogGroupName"],
        filterName=model["FilterName"],
        filterPattern=model["FilterPattern"],
        metricTransformations=lower_keys(model["MetricTransformations"]),
    )


Dashboard = resource_type("AWS::CloudWatch::Dashboard", _dashboard, "DashboardName")
Budget = resource_type("AWS::Budgets::Budget", _budget, "Id", ["Id"])
MetricFilter = resource_type("AWS::Logs::MetricFilter", _metric_filter, "FilterName")
