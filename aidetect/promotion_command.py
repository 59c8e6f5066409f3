"""``aidetect promote`` and ``aidetect rollback``: say which detector is in use, for the record."""

from typing import Annotated

import typer

from aidetect.completion import complete_detector
from aidetect.console import emit, fail, guarded, out
from aidetect.examples import examples
from aidetect.gates import gate_of
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.resolve import resolve
from aidetect.target import Target
from aidetect.who import who
from detector.plan import DetectorRef
from detector.promotion import Promotion, PromotionLog

PROMOTE_EXAMPLES = examples(
    ("aidetect promote clip-lora@2026.11.25-10cb57c9", "one that passed its gate"),
    (
        'aidetect promote clip-lora@2026.11.25-10cb57c9 --reason "the test set was mislabelled"',
        "overrules the gate, on the record",
    ),
)
ROLLBACK_EXAMPLES = examples(
    ("aidetect rollback", "the detector before this one, from the next batch on"),
    ('aidetect rollback --reason "accuses product shots"', "and says why, for the record"),
)

Reason = Annotated[
    str,
    typer.Option("--reason", help="Why, for the record. Overrides the gate where it refused."),
]


def log_of(target: Target) -> PromotionLog:
    """Return the promotion log of a stack."""
    outputs = target.outputs
    return PromotionLog(target.s3, target.ssm, outputs.ModelsBucket, outputs.ChampionParameter)


def _told(done: Promotion, target: Target, *, as_json: bool) -> None:
    if as_json:
        emit(done.model_dump(mode="json"))
        return
    before = (
        f", and no longer {done.previous}" if done.previous not in (None, done.detector) else ""
    )
    out.print(
        f"{done.detector} is the champion on the {target.label}{before} (entry {done.number}). "
        "Batches that run keep the detector they began with.",
        markup=False,
    )


def _leave_of_the_gate(target: Target, ref: DetectorRef) -> str:
    """Return the reason for a promotion that the gate allows; leave where it does not."""
    decision = gate_of(target.s3, target.outputs.TrainingBucket, ref)
    if decision is None or not decision.passed:
        said = "\n".join(f"- {r}" for r in decision.reasons) if decision else "- it never saw it"
        fail(
            f"{ref} did not pass the gate:\n{said}\nTo see both side by side: aidetect detector "
            f"compare champion {ref}\nTo promote it all the same, say why, which is recorded: "
            f"aidetect promote {ref} --reason …"
        )
    return f"passed the gate of run {decision.run}"


@guarded()
def promote(
    detector: Annotated[
        str,
        typer.Argument(
            metavar="NAME@VERSION",
            help="A released detector; `aidetect detector list` names them.",
            autocompletion=complete_detector,
        ),
    ],
    reason: Reason = "",
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Make a released detector the champion, from the next batch on.

    Without a reason, only one that passed its training run's gate.
    """
    target = resolve(where, stack)
    ref = DetectorRef.parse(detector, bucket=target.outputs.ModelsBucket)
    if not reason:
        reason = _leave_of_the_gate(target, ref)
    _told(log_of(target).promote(ref, by=who(target), reason=reason), target, as_json=as_json)


@guarded()
def rollback(
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")] = "",
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Return to the detector that was the champion before the present one."""
    target = resolve(where, stack)
    _told(log_of(target).rollback(by=who(target), reason=reason), target, as_json=as_json)
