"""EC2's resource types that LocalStack lacks."""

from localstack.services.cloudformation.resource_provider import ResourceRequest

from .cfn_provider import Model, default_name, resource_type


def _launch_template(request: ResourceRequest, model: Model) -> None:
    model.setdefault("LaunchTemplateName", default_name(request))
    template = request.aws_client_factory.ec2.create_launch_template(
        LaunchTemplateName=model["LaunchTemplateName"],
        LaunchTemplateData=model["LaunchTemplateData"],
    )["LaunchTemplate"]
    model.update(
        LaunchTemplateId=template["LaunchTemplateId"],
        LatestVersionNumber="1",
        DefaultVersionNumber="1",
    )


LaunchTemplate = resource_type(
    "AWS::EC2::LaunchTemplate",
    _launch_template,
    "LaunchTemplateId",
    ["LaunchTemplateId", "LatestVersionNumber", "DefaultVersionNumber"],
)
