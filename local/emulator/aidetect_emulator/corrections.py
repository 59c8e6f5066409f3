"""Small corrections to LocalStack 4.9.2, each with its reason."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache, wraps
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

import localstack.services.s3.notifications as s3_notifications
import localstack.services.stepfunctions.asl.component.common.path.result_path as asl_result_path
import localstack.services.stepfunctions.asl.jsonata.jsonata as asl_jsonata
import localstack.services.stepfunctions.asl.utils.json_path as asl_json_path
import twisted.web.http as twisted_http
import yaml
from jsonata.jsonata import Jsonata  # type: ignore[import-not-found]
from localstack import config
from localstack.aws.api.stepfunctions import ExecutionStatus
from localstack.services.cloudformation import provider_utils
from localstack.services.cloudformation.engine.v2.change_set_model import Nothing, is_nothing
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import (
    ChangeSetModelPreproc,
    PreprocEntityDelta,
)
from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor
from localstack.services.cloudwatch.resource_providers.aws_cloudwatch_alarm import (
    CloudWatchAlarmProvider,
)
from localstack.services.s3.provider import S3Provider
from localstack.services.stepfunctions.backend.execution import Execution
from localstack.services.stepfunctions.resource_providers import (
    aws_stepfunctions_statemachine as state_machine_type,
)


def encode_key(key: str) -> str:
    """Encode a key as S3 does in notifications to SQS: a space becomes a plus sign."""
    return quote_plus(key, safe="/")


def _plain_event_key(original: Any) -> Any:
    """Give EventBridge the key as it is; LocalStack encodes it, S3 does not."""

    def payload(context: Any, config_id: Any = None) -> Any:
        entry = original(context, config_id)
        detail = json.loads(entry["Detail"])
        detail["object"]["key"] = unquote_plus(detail["object"]["key"])
        entry["Detail"] = json.dumps(detail)
        return entry

    return payload


def _evaluate_jsonata(expression: str) -> Any:
    try:
        return Jsonata(expression).evaluate(None)
    except Exception as error:
        raise asl_jsonata.JSONataException("UNKNOWN", str(error)) from error


def _literal_variables(original: Any) -> Any:
    """Let ``${!name}`` in Fn::Sub stand for the text ``${name}``; LocalStack looks it up."""

    def resolve(visitor: Any, logical_id: str) -> Any:
        if logical_id.startswith("!"):
            literal = f"${{{logical_id[1:]}}}"
            return PreprocEntityDelta(before=literal, after=literal)
        return original(visitor, logical_id)

    return resolve


def _unread_when_left_out(original: Any) -> Any:
    """Leave a resource or an output unread when its condition leaves it out.

    LocalStack reads them all the same, and finds that what they refer to is left out as well.
    """

    def visit(visitor: Any, *nodes: Any, **named: Any) -> Any:
        (node,) = (*nodes, *named.values())
        if not is_nothing(node.condition_reference):
            made = visitor._resolve_resource_condition_reference(node.condition_reference)
            if made.after is False and (is_nothing(made.before) or made.before is False):
                return PreprocEntityDelta(before=Nothing, after=Nothing)
        return original(visitor, node)

    return visit


def _yaml_definition(original: Any) -> Any:
    """Take a state machine's definition in YAML too, as CloudFormation does."""

    def get_definition(provider: Any, model: Any, s3_client: Any) -> Any:
        text = original(provider, model, s3_client)
        if not text or text.lstrip().startswith("{"):
            return text
        return json.dumps(yaml.safe_load(text))

    return get_definition


def _textual_substitutions(original: Any) -> Any:
    """Let numbers be filled into a definition, whose substitutions LocalStack wants to be texts.

    It has made numbers of all texts that look like one.
    """

    def apply(definition: str, substitutions: Mapping[str, Any]) -> Any:
        return original(definition, {name: str(value) for name, value in substitutions.items()})

    return apply


def _encoded_start(original: Any) -> Any:
    """Compare where a listing is to start with keys in the same encoding.

    LocalStack holds encoded keys, where ``=`` is ``%3D``, against it as it was given: keys below
    ``run_date=…`` then all come before it, and none is listed.
    """

    @wraps(original)
    def list_objects_v2(provider: Any, context: Any, *given: Any, **named: Any) -> Any:
        if named.get("encoding_type") and named.get("start_after"):
            named["start_after"] = quote(named["start_after"])
        return original(provider, context, *given, **named)

    return list_objects_v2


def _running_from_the_first(original: Any) -> Any:
    """Let an execution run as soon as it can be seen.

    LocalStack lists it a moment before it has a status, so without one.
    """

    @wraps(original)
    def init(execution: Any, *given: Any, **named: Any) -> None:
        original(execution, *given, **named)
        execution.exec_status = ExecutionStatus.RUNNING

    return init


def _numeric_threshold(original: Any) -> Any:
    """Take an alarm's threshold from a parameter: LocalStack passes its text on."""

    def create(provider: Any, request: Any) -> Any:
        model = request.desired_state
        for name in ("Threshold", "Period", "EvaluationPeriods", "DatapointsToAlarm"):
            if isinstance(model.get(name), str):
                model[name] = float(model[name]) if name == "Threshold" else int(model[name])
        return original(provider, request)

    return create


# Of the state machines' paths and the clients' content types, which are some hundred.
PARSED = 1024


def _parse_once() -> None:
    """Parse each path of a state machine and each content type once, not in every call.

    jsonpath-ng builds its grammar's tables anew for each path and twisted an e-mail message for
    each header; a sixth of the emulator's processor time went there while images were uploaded.
    """
    for module in (asl_json_path, asl_result_path):
        module.parse = lru_cache(PARSED)(module.parse)
    twisted_http._parseContentType = lru_cache(PARSED)(twisted_http._parseContentType)


def stable_name(stack_name: str, logical_resource_id: str) -> str:
    """Name a resource that the template does not name: the same in every deployment.

    AWS appends random letters. The emulator forgets its resources when it stops, so objects that
    name their bucket would name one that never comes back.
    """
    digest = hashlib.sha256(f"{stack_name}/{logical_resource_id}".encode()).hexdigest()[:8]
    logical = logical_resource_id[:24]
    return f"{stack_name[: 63 - 2 - len(digest) - len(logical)]}-{logical}-{digest}"


def install() -> None:
    """Apply them all."""
    _parse_once()
    # JSONata without Java.
    asl_jsonata._eval_jsonata = _evaluate_jsonata
    # LocalStack polls resources that take time every five seconds.
    ResourceProviderExecutor.deploy_loop.__defaults__ = (config.CFN_PER_RESOURCE_TIMEOUT, 0.1)
    ChangeSetModelPreproc._resolve_reference = _literal_variables(
        ChangeSetModelPreproc._resolve_reference
    )
    for part in ("visit_node_resource", "visit_node_output"):
        setattr(
            ChangeSetModelPreproc, part, _unread_when_left_out(getattr(ChangeSetModelPreproc, part))
        )
    machine = state_machine_type.StepFunctionsStateMachineProvider
    machine._get_definition = _yaml_definition(machine._get_definition)
    state_machine_type._apply_substitutions = _textual_substitutions(
        state_machine_type._apply_substitutions
    )
    S3Provider.list_objects_v2 = _encoded_start(S3Provider.list_objects_v2)
    Execution.__init__ = _running_from_the_first(Execution.__init__)
    CloudWatchAlarmProvider.create = _numeric_threshold(CloudWatchAlarmProvider.create)
    s3_notifications.quote = encode_key
    notifier = s3_notifications.EventBridgeNotifier
    notifier._get_event_payload = staticmethod(_plain_event_key(notifier._get_event_payload))
    provider_utils.generate_default_name.__code__ = _stable_code().__code__


def _stable_code() -> Any:
    # The providers import the function by name, so its code is replaced, not the name's binding;
    # the code sees the globals of its new home and must bring its own.
    def generate_default_name(stack_name: str, logical_resource_id: str) -> str:
        import importlib

        named = importlib.import_module("aidetect_emulator.corrections").stable_name
        return str(named(stack_name, logical_resource_id))

    return generate_default_name
