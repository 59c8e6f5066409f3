"""The promotion log: one row of entries, whoever writes them; and the pointer that follows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from detector.champion import read_champion, write_champion
from detector.contract import ContractError
from detector.layout import detector_prefix
from detector.package import DESCRIPTION_FILE
from detector.plan import DetectorRef
from detector.promotion import Action, Promotion, PromotionError, PromotionLog
from tests.unit.detector.documents import DOCUMENTS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET, PARAMETER = "models", "/stack/champion"


def ref(version: str) -> DetectorRef:
    return DetectorRef(bucket=BUCKET, name="clip", version=version)


def release(s3: "S3Client", *versions: str) -> None:
    for version in versions:
        where = detector_prefix(BUCKET, "clip", version).join(DESCRIPTION_FILE)
        body = DOCUMENTS["detector"].dumps().encode()
        s3.put_object(Bucket=where.bucket, Key=where.key, Body=body)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[PromotionLog]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        release(s3, "1", "2", "3")
        yield PromotionLog(s3, boto3.client("ssm", region_name="us-east-1"), BUCKET, PARAMETER)


def champion(log: PromotionLog) -> str:
    return str(read_champion(ssm=log.ssm, parameter=PARAMETER, bucket=BUCKET))


def promote(log: PromotionLog, *versions: str) -> None:
    for version in versions:
        log.promote(ref(version), by="ada", reason=f"is {version}")


def versions(log: PromotionLog) -> list[str]:
    return [entry.detector.version for entry in log.history()]


def test_every_promotion_is_kept_with_who_and_why(log: PromotionLog) -> None:
    assert log.history() == []
    promote(log, "1")
    log.promote(ref("2"), by="run", reason="passed the gate", run="train-1")
    first, second = log.history()
    assert (first.number, first.previous, first.by, first.reason) == (1, None, "ada", "is 1")
    assert (second.number, second.previous, second.run) == (2, ref("1"), "train-1")
    assert second.action is Action.PROMOTE
    assert second.at.endswith("+00:00")
    assert champion(log) == "clip@2"
    keys = [o["Key"] for o in log.s3.list_objects_v2(Bucket=BUCKET, Prefix="promo")["Contents"]]
    assert keys == ["promotions/000001.json", "promotions/000002.json"]


def test_what_is_not_published_is_not_promoted(log: PromotionLog) -> None:
    with pytest.raises(PromotionError, match=r"clip@9 is not published .*aidetect detector list"):
        promote(log, "9")
    where = detector_prefix(BUCKET, "clip", "8").join(DESCRIPTION_FILE)
    log.s3.put_object(Bucket=BUCKET, Key=where.key, Body=b'{"schema": "aidetect.detector/7"}')
    with pytest.raises(ContractError, match=r"not a valid aidetect\.detector/1"):
        promote(log, "8")
    assert (log.history(), champion(log)) == ([], "None")


def test_promoting_the_champion_again_changes_nothing(log: PromotionLog) -> None:
    promote(log, "1", "1")
    assert versions(log) == ["1"]


def test_a_run_is_promoted_once_even_after_a_rollback(log: PromotionLog) -> None:
    promote(log, "1")
    first = log.promote(ref("2"), by="x", reason="gate", run="r")
    log.rollback(by="ada", reason="accuses too many")
    assert log.promote(ref("2"), by="x", reason="gate", run="r") == first
    assert champion(log) == "clip@1"
    assert len(log.history()) == 3


def test_a_crash_before_the_pointer_moved_is_healed_by_the_next_call(
    log: PromotionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(log, "1")

    def crash(*_args: object, **_named: object) -> None:
        raise RuntimeError("the function was killed")

    with monkeypatch.context() as patch:
        patch.setattr("detector.promotion.write_champion", crash)
        with pytest.raises(RuntimeError, match="killed"):
            log.promote(ref("2"), by="x", reason="gate", run="r")
    assert champion(log) == "clip@1"
    log.promote(ref("2"), by="x", reason="gate", run="r")
    assert champion(log) == "clip@2"
    assert versions(log) == ["1", "2"]


def test_rolling_back_goes_one_further_each_time(log: PromotionLog) -> None:
    promote(log, "1", "2", "3")
    back = log.rollback(by="ada", reason="wrong")
    assert (back.action, back.detector, back.previous) == (Action.ROLLBACK, ref("2"), ref("3"))
    assert champion(log) == "clip@2"
    assert log.rollback(by="ada", reason="worse").detector == ref("1")
    with pytest.raises(PromotionError, match="no detector before the present one"):
        log.rollback(by="ada", reason="?")
    assert champion(log) == "clip@1"
    promote(log, "3")
    assert log.rollback(by="ada", reason="again").detector == ref("1")


def test_the_champion_of_before_the_log_can_be_returned_to(log: PromotionLog) -> None:
    write_champion(ref("1"), ssm=log.ssm, parameter=PARAMETER)
    promote(log, "2")
    assert log.history()[0].previous == ref("1")
    assert log.rollback(by="ada", reason="wrong").detector == ref("1")
    assert champion(log) == "clip@1"


def test_putting_the_present_champion_on_record_gives_nothing_to_return_to(
    log: PromotionLog,
) -> None:
    write_champion(ref("1"), ssm=log.ssm, parameter=PARAMETER)
    promote(log, "1")
    with pytest.raises(PromotionError, match="no detector before"):
        log.rollback(by="ada", reason="?")


def test_a_detector_that_is_gone_is_not_returned_to(log: PromotionLog) -> None:
    promote(log, "1", "2")
    log.s3.delete_object(Bucket=BUCKET, Key=f"models/clip/1/{DESCRIPTION_FILE}")
    with pytest.raises(PromotionError, match="clip@1 is not published"):
        log.rollback(by="ada", reason="wrong")
    assert champion(log) == "clip@2"


class Rival:
    """Writes an entry of its own just before ours, so that ours is too late."""

    def __init__(self, log: PromotionLog, monkeypatch: pytest.MonkeyPatch, times: int = 1) -> None:
        self.log, self.times = log, times
        self.put = log.s3.put_object
        monkeypatch.setattr(log.s3, "put_object", self.put_object)
        self.entry: dict[str, object] = {}

    def put_object(self, **asked: object) -> object:
        if self.times and str(asked["Key"]).startswith("promotions/"):
            self.times -= 1
            ours = Promotion.parse(bytes(asked["Body"]))  # type: ignore[call-overload]
            theirs = ours.model_copy(update={"by": "rival", "run": "", **self.entry})
            self.put(Bucket=BUCKET, Key=str(asked["Key"]), Body=theirs.dumps().encode())
        return self.put(**asked)  # type: ignore[arg-type]


def test_two_promotions_at_a_time_are_two_entries(
    log: PromotionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(log, "1")
    Rival(log, monkeypatch).entry = {"detector": ref("3")}
    mine = log.promote(ref("2"), by="ada", reason="mine")
    assert (mine.number, mine.previous) == (3, ref("3"))
    assert versions(log) == ["1", "3", "2"]
    assert champion(log) == "clip@2"


def test_trying_again_has_an_end(log: PromotionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    promote(log, "1")
    Rival(log, monkeypatch, times=99).entry = {"detector": ref("3")}
    with pytest.raises(PromotionError, match="others kept promoting"):
        log.promote(ref("2"), by="ada", reason="mine")


def test_two_rollbacks_at_a_time_go_back_once(
    log: PromotionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(log, "1", "2", "3")
    Rival(log, monkeypatch)
    done = log.rollback(by="ada", reason="wrong")
    assert (done.by, done.detector) == ("rival", ref("2"))
    assert champion(log) == "clip@2"
    assert len(log.history()) == 4


def test_a_rollback_does_not_undo_what_was_promoted_meanwhile(
    log: PromotionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(log, "1", "2")
    Rival(log, monkeypatch).entry = {"action": Action.PROMOTE, "detector": ref("3")}
    with pytest.raises(PromotionError, match=r"rival promoted clip@3 just now"):
        log.rollback(by="ada", reason="wrong")
    assert versions(log) == ["1", "2", "3"]


def test_the_pointer_ends_at_the_last_entry_when_another_writes_meanwhile(
    log: PromotionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def slow(to: DetectorRef, **named: object) -> None:
        # While we are about to write our entry's detector, somebody promotes the next.
        written.append(to.version)
        if written == ["1"]:
            body = Promotion(
                number=2, action=Action.PROMOTE, detector=ref("3"), by="x", reason="", at=""
            )
            log.s3.put_object(
                Bucket=BUCKET, Key="promotions/000002.json", Body=body.dumps().encode()
            )
        write_champion(to, ssm=log.ssm, parameter=PARAMETER)

    monkeypatch.setattr("detector.promotion.write_champion", slow)
    log.promote(ref("1"), by="ada", reason="mine")
    assert written == ["1", "3"]
    assert champion(log) == "clip@3"


def test_other_objects_beside_the_log_are_left_alone(log: PromotionLog) -> None:
    log.s3.put_object(Bucket=BUCKET, Key="promotions/notes.txt", Body=b"x")
    promote(log, "1")
    assert versions(log) == ["1"]
