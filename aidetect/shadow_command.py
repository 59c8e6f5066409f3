"""``aidetect shadow``: a challenger scores some live batches beside the champion, unseen."""

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from aidetect.completion import complete_detector
from aidetect.console import emit, fail, guarded, out
from aidetect.examples import examples
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.resolve import resolve
from detector.layout import detector_prefix
from detector.package import DESCRIPTION_FILE
from detector.plan import DetectorRef
from detector.shadow import FINDINGS_PREFIX, ShadowFinding, ShadowRequest, read_request

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from aidetect.target import Target

app = typer.Typer(
    help="Shadow mode: a challenger scores some live batches beside the champion, unseen.",
    no_args_is_help=True,
)


def parameter_of(target: "Target") -> str:
    """Return the name of the parameter that says which challenger runs."""
    return f"/{target.stack}/shadow"


@app.command(
    epilog=examples(
        ("aidetect shadow start clip-lora@2026.11.25-10cb57c9", "of every twentieth batch"),
        ("aidetect shadow start clip-lora@2026.11.25-10cb57c9 --share 0.5", "of every second"),
    )
)
@guarded()
def start(
    detector: Annotated[
        str,
        typer.Argument(
            metavar="NAME@VERSION",
            help="A released detector; `aidetect detector list` names them.",
            autocompletion=complete_detector,
        ),
    ],
    share: Annotated[
        float, typer.Option(min=0.001, max=1.0, help="Share of the batches; costs as much more.")
    ] = 0.05,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Let a challenger score a share of the batches from now on, beside the champion.

    Nobody is told of its verdicts, and no result changes. It takes the place of another challenger.
    """
    target = resolve(where, stack)
    bucket = target.outputs.ModelsBucket
    ref = DetectorRef.parse(detector, bucket=bucket)
    described = detector_prefix(bucket, ref.name, ref.version).join(DESCRIPTION_FILE)
    try:
        target.s3.head_object(Bucket=bucket, Key=described.key)
    except target.s3.exceptions.ClientError:
        fail(f"{ref} is not released on the {target.label}; `aidetect detector list` names those")
    asked = ShadowRequest(detector=str(ref), share=share)
    target.ssm.put_parameter(
        Name=parameter_of(target), Value=asked.dumps(), Type="String", Overwrite=True
    )
    if as_json:
        emit(asked.model_dump(mode="json"))
        return
    out.print(f"{ref} scores {share:.1%} of the batches in the shadow from now on", markup=False)


@app.command(
    epilog=examples(
        ("aidetect shadow stop", "no batch has a shadow from now on"),
        ("aidetect shadow stop --on aws", "not the local stack, where one runs"),
    )
)
@guarded()
def stop(where: Where = None, stack: Stack = DEFAULT_STACK, as_json: Json = False) -> None:
    """Let no challenger score any longer. What was found stays."""
    target = resolve(where, stack)
    try:
        target.ssm.delete_parameter(Name=parameter_of(target))
    except target.ssm.exceptions.ParameterNotFound:
        ran = False
    else:
        ran = True
    if as_json:
        emit({"stopped": ran})
    else:
        out.print("no challenger runs in the shadow" + (" any longer" if ran else ""))


@app.command(
    epilog=examples(
        ("aidetect shadow show", "how far challengers agree with the champion"),
        ("aidetect shadow show --json", "for a program, batch by batch"),
    )
)
@guarded()
def show(where: Where = None, stack: Stack = DEFAULT_STACK, as_json: Json = False) -> None:
    """Show which challenger runs, and how far challengers agreed with the champion."""
    target = resolve(where, stack)
    asked = read_request(target.ssm, parameter_of(target))
    found = _findings(target.s3, target.outputs.ResultsBucket)
    if as_json:
        emit(
            {
                "running": asked and asked.model_dump(mode="json"),
                "findings": [one.model_dump(mode="json") for one in found],
            }
        )
        return
    if asked is None:
        out.print("No challenger runs in the shadow.")
    else:
        out.print(f"{asked.detector} scores {asked.share:.1%} of the batches.", markup=False)
    if found:
        _show(found)


def _findings(s3: "S3Client", bucket: str) -> list[ShadowFinding]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=FINDINGS_PREFIX)
    found = []
    for page in pages:
        for item in page.get("Contents", []):
            with s3.get_object(Bucket=bucket, Key=item["Key"])["Body"] as body:
                found.append(ShadowFinding.parse(body.read(), where=item["Key"]))
    return sorted(found, key=lambda one: one.at)


def _show(found: list[ShadowFinding]) -> None:
    groups = defaultdict[tuple[str, str], list[ShadowFinding]](list)
    for one in found:
        groups[one.challenger, one.champion].append(one)
    shown = Table(
        "Challenger",
        "Champion",
        "Batches",
        "Images",
        "Agree",
        "Only champion: ai",
        "Only challenger: ai",
        "Apart",
    )
    for (challenger, champion), each in sorted(groups.items()):
        images = sum(one.images for one in each)
        apart = sum(one.difference * one.images for one in each)
        shown.add_row(
            challenger,
            champion,
            f"{len(each):,}",
            f"{images:,}",
            f"{sum(one.agree for one in each) / images:.1%}" if images else "-",
            f"{sum(one.only_champion_ai for one in each):,}",
            f"{sum(one.only_challenger_ai for one in each):,}",
            f"{apart / images:.3f}" if images else "-",
        )
    out.print(shown)
