"""Shadow mode: a challenger scores a share of the live batches beside the champion, unseen.

What is asked lies in one SSM parameter; what was found in one document for each batch.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field

from detector.contract import Contract
from detector.layout import SHADOW_PREFIX
from detector.uri import S3Uri
from detector.verdict import Verdict

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

FINDINGS_PREFIX = f"{SHADOW_PREFIX}findings/"
# A larger batch is not scored again, whatever the share: it would double a large bill at once.
MOST_ROWS = 100_000
_UNIT = 1 << 32


class ShadowRequest(Contract):
    """What the parameter holds: the challenger, and the share of batches that it scores too."""

    SCHEMA: ClassVar[str] = "aidetect.shadow-request/1"

    detector: str
    share: float = Field(gt=0, le=1)

    def picks(self, batch: str) -> bool:
        """Tell whether a batch is in the sample: by the hash of its name, so always alike."""
        digest = hashlib.sha256(f"{self.detector}/{batch}".encode()).digest()
        return int.from_bytes(digest[:4], "big") < self.share * _UNIT

    def batch_name(self, batch: str) -> str:
        """Name the shadow of a batch, so that it is scored once however often it is announced."""
        digest = hashlib.sha256(f"{self.detector}/{batch}".encode()).hexdigest()
        return f"shadow-{digest[:32]}"


def read_request(ssm: "SSMClient", parameter: str) -> ShadowRequest | None:
    """Return what is asked, or None where no challenger runs.

    Raises
    ------
    detector.contract.ContractError
        If the parameter holds something else.
    """
    try:
        value = ssm.get_parameter(Name=parameter)["Parameter"].get("Value", "")
    except ssm.exceptions.ParameterNotFound:
        return None
    return ShadowRequest.parse(value, where=f"parameter {parameter}")


class ShadowFinding(Contract):
    """How far a challenger agrees with the champion on one batch.

    ``images`` have a verdict of both. ``agree``: equal verdicts. ``only_champion_ai`` and
    ``only_challenger_ai``: called ai by that one alone. ``difference``: mean absolute difference of
    probabilities. ``one_error``: images that one of them has an error row for, counted apart.
    """

    SCHEMA: ClassVar[str] = "aidetect.shadow-finding/1"

    batch: str
    shadow: str
    champion: str
    challenger: str
    at: str
    images: int
    agree: int
    only_champion_ai: int
    only_challenger_ai: int
    difference: float
    one_error: int = 0

    @classmethod
    def of(
        cls,
        ours: Mapping[tuple[int, str | None], tuple[Verdict, float | None]],
        theirs: Iterable[tuple[tuple[int, str | None], Verdict, float | None]],
        /,
        **names: str,
    ) -> Self:
        """Compare the champion's rows with the challenger's, by entry and member.

        ``names`` are the fields that are text.
        """
        images = agree = only_champion = only_challenger = one_error = 0
        apart = 0.0
        for place, new, high in theirs:
            old, low = ours.get(place, (Verdict.ERROR, None))
            if low is None or high is None:
                one_error += (low is None) != (high is None)
                continue
            images += 1
            agree += old is new
            only_champion += old is Verdict.AI and new is not Verdict.AI
            only_challenger += new is Verdict.AI and old is not Verdict.AI
            apart += abs(high - low)
        return cls.model_validate(
            {
                **names,
                "images": images,
                "agree": agree,
                "only_champion_ai": only_champion,
                "only_challenger_ai": only_challenger,
                "difference": apart / images if images else 0.0,
                "one_error": one_error,
            }
        )


def finding_uri(bucket: str, challenger: str, shadow: str) -> S3Uri:
    """Where the finding on a batch lies in the results bucket."""
    return S3Uri(bucket, f"{FINDINGS_PREFIX}{challenger}/{shadow}.json")
