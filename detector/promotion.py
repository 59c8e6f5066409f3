"""The promotion log: which detector was made champion, when, by whom, why; and how to go back.

The log is a row of numbered objects in the models bucket, each written once. It says who the
champion is; the SSM parameter repeats it for whoever scores. So a call that ended between the two
is put right by the next one, and two at a time cannot both be the next entry.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from botocore.exceptions import ClientError
from pydantic import Field

from detector.champion import read_champion, write_champion
from detector.contract import Contract
from detector.layout import detector_prefix
from detector.once import put_once
from detector.package import DESCRIPTION_FILE, DetectorPackage
from detector.plan import DetectorRef
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

PROMOTIONS_PREFIX = "promotions/"
_KEY = re.compile(PROMOTIONS_PREFIX + r"(\d{6})\.json")
# Each lost race means that somebody else promoted meanwhile, which people do a few times a day.
TRIES = 5
_MISSING = frozenset({"NoSuchKey", "404", "NotFound"})


class PromotionError(RuntimeError):
    """The champion cannot be changed as asked; the message says what to do."""


class Action(StrEnum):
    """How the champion was changed."""

    PROMOTE = "promote"
    ROLLBACK = "rollback"


class Promotion(Contract):
    """``promotions/000001.json``. ``run`` is the training run whose gate was passed, else empty."""

    SCHEMA: ClassVar[str] = "aidetect.promotion/1"

    number: int = Field(ge=1)
    action: Action
    detector: DetectorRef
    previous: DetectorRef | None = None
    by: str
    reason: str
    run: str = ""
    at: str


def line_of_succession(entries: list[Promotion]) -> list[DetectorRef]:
    """Return the champions that a rollback would go through, the present one last.

    A promotion puts a detector on top; a rollback takes the top away. So going back twice goes two
    detectors back, and what was rolled back is not returned to.
    """
    line: list[DetectorRef] = []
    for entry in entries:
        if not line and entry.previous is not None:
            line.append(entry.previous)  # a champion from before the log
        if entry.action is Action.PROMOTE:
            if line[-1:] != [entry.detector]:
                line.append(entry.detector)
        elif len(line) > 1:
            line.pop()
    return line


@dataclass(frozen=True)
class PromotionLog:
    """The log of one stack and the pointer that follows it.

    Attributes
    ----------
    s3, ssm
        Clients.
    bucket
        The models bucket.
    parameter
        Name of the SSM parameter that names the champion.
    """

    s3: "S3Client"
    ssm: "SSMClient"
    bucket: str
    parameter: str

    def history(self) -> list[Promotion]:
        """Return every entry, oldest first.

        Raises
        ------
        detector.contract.ContractError
            If an entry is damaged.
        """
        return [self._read(key) for key in self._keys()]

    def promote(self, ref: DetectorRef, *, by: str, reason: str, run: str = "") -> Promotion:
        """Make a detector the one in use, from the next batch on.

        Promoting the champion again changes nothing, and neither does a run that was promoted
        before, even if another detector has taken over since.

        Raises
        ------
        PromotionError
            If the detector is not whole, or others kept promoting meanwhile.
        """
        self.released(ref)
        for _ in range(TRIES):
            entries = self.history()
            before = [e for e in entries if run and e.run == run]
            present = [e for e in entries[-1:] if e.detector == ref]
            done: Promotion | None = next(iter(before + present), None)
            done = done or self._append(Action.PROMOTE, ref, entries, by=by, reason=reason, run=run)
            if done:
                self._follow()
                return done
        raise PromotionError(f"{ref} was not promoted: others kept promoting; try again")

    def rollback(self, *, by: str, reason: str) -> Promotion:
        """Return to the detector that was in use before the present one.

        Two at a time go back once: whoever comes second finds it done.

        Raises
        ------
        PromotionError
            If there is none before it, it is gone, or somebody promoted another meanwhile.
        """
        entries = self.history()
        line = line_of_succession(entries)
        if len(line) < 2:
            raise PromotionError(
                "there is no detector before the present one to roll back to; promote another "
                "with `aidetect promote NAME@VERSION --reason …`"
            )
        target = line[-2]
        self.released(target)
        done = self._append(Action.ROLLBACK, target, entries, by=by, reason=reason)
        if done is None:
            done = self.history()[len(entries)]
            if done.action is not Action.ROLLBACK:
                raise PromotionError(
                    f"not rolled back: {done.by} promoted {done.detector} just now; see "
                    "`aidetect detector history` and decide again"
                )
        self._follow()
        return done

    def released(self, ref: DetectorRef) -> DetectorPackage:
        """Return the description of a released detector.

        Raises
        ------
        PromotionError
            If it was never, or not wholly, published: then nothing could be scored with it.
        detector.contract.ContractError
            If the description is damaged or of another version of this system.
        """
        where = detector_prefix(self.bucket, ref.name, ref.version).join(DESCRIPTION_FILE)
        try:
            body = self.s3.get_object(Bucket=where.bucket, Key=where.key)["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _MISSING:
                raise
            raise PromotionError(
                f"{ref} is not published in {self.bucket}: there is no {where}. "
                "`aidetect detector list` shows what is"
            ) from error
        return DetectorPackage.parse(body, where=str(where))

    def _append(
        self,
        action: Action,
        ref: DetectorRef,
        entries: list[Promotion],
        *,
        by: str,
        reason: str,
        run: str = "",
    ) -> Promotion | None:
        """Write the next entry; None if somebody else did."""
        last = entries[-1] if entries else None
        entry = Promotion(
            number=last.number + 1 if last else 1,
            action=action,
            detector=ref,
            previous=last.detector if last else self._pointer(),
            by=by,
            reason=reason,
            run=run,
            at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        where = S3Uri(self.bucket, f"{PROMOTIONS_PREFIX}{entry.number:06d}.json")
        body = entry.dumps().encode()
        wrote = put_once(self.s3, where, body, content_type="application/json")
        return entry if wrote else None

    def _follow(self) -> None:
        """Make the pointer name the log's last entry.

        Looked at again afterwards: else of two at a time, the earlier could write the pointer last.
        """
        for _ in range(TRIES):
            last = self._last()
            if self._pointer() != last.detector:
                write_champion(last.detector, ssm=self.ssm, parameter=self.parameter)
            if self._last().number == last.number:
                return
        raise PromotionError("the champion keeps changing; see `aidetect detector history`")

    def _last(self) -> Promotion:
        return self._read(self._keys()[-1])

    def _keys(self) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=PROMOTIONS_PREFIX
        )
        keys = [o["Key"] for page in pages for o in page.get("Contents", [])]
        return sorted(key for key in keys if _KEY.fullmatch(key))

    def _pointer(self) -> DetectorRef | None:
        return read_champion(ssm=self.ssm, parameter=self.parameter, bucket=self.bucket)

    def _read(self, key: str) -> Promotion:
        with self.s3.get_object(Bucket=self.bucket, Key=key)["Body"] as body:
            return Promotion.parse(body.read(), where=f"s3://{self.bucket}/{key}")
