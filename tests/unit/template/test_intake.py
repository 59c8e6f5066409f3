from detector.layout import INTAKE_PREFIX
from tests.unit.template.document import resources, template


def test_bucket_tells_the_queue_of_the_intake_prefix_only() -> None:
    bucket = resources("AWS::S3::Bucket")["IntakeBucket"]["Properties"]
    (told,) = bucket["NotificationConfiguration"]["QueueConfigurations"]
    assert told["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": INTAKE_PREFIX}]
    assert told["Queue"] == {"Fn::GetAtt": ["ArrivalsQueue", "Arn"]}


def test_queue_takes_messages_from_that_bucket_only() -> None:
    policy = resources("AWS::SQS::QueuePolicy")["ArrivalsQueuePolicy"]
    allow, deny = policy["Properties"]["PolicyDocument"]["Statement"]
    name = resources("AWS::S3::Bucket")["IntakeBucket"]["Properties"]["BucketName"]["Fn::Sub"]
    source = allow["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::Sub"]
    assert source.endswith(f":::{name}")
    assert allow["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert deny["Effect"] == "Deny"


def test_messages_stay_hidden_long_enough_and_poison_is_set_aside() -> None:
    queue = resources("AWS::SQS::Queue")["ArrivalsQueue"]["Properties"]
    function = resources("AWS::Serverless::Function")["IntakeFunction"]["Properties"]
    window = template()["Parameters"]["BatchingWindowSeconds"]["MaxValue"]
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"] + window
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["ArrivalsDlq", "Arn"]}
    event = function["Events"]["Arrivals"]["Properties"]
    assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_only_the_queue_is_gathered_from() -> None:
    events = {
        name: [event["Type"] for event in function["Properties"]["Events"].values()]
        for name, function in resources("AWS::Serverless::Function").items()
        if "Events" in function["Properties"]
    }
    assert events == {
        "IntakeFunction": ["SQS"],
        "PulseFunction": ["Schedule"],
        "ShadowFunction": ["EventBridgeRule"],
        "StopFunction": ["SNS"],
        "TellFunction": ["EventBridgeRule"],
        "WatchFunction": ["Schedule"],
    }
