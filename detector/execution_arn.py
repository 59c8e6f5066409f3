"""How an execution is named in full."""


def execution_arn(machine: str, name: str) -> str:
    """Return the ARN of an execution by its state machine's ARN and its name.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
    """
    return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
