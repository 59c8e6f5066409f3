"""The comparison as a page."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.throughput.contender import CONTENDERS, OURS, Contender
from benchmarks.throughput.outcome import Outcome, Spread, ratios, runs_of
from benchmarks.throughput.photograph import Mix

HEAD = """# Throughput

{images} photographs, {megapixels} megapixels and {kilobytes:.0f} KB on average ({formats}), made by
`benchmarks/throughput/photograph.py` from those that open packages ship. {rounds} rounds; in each,
every contender ran once in a fresh process, one after the other; models were loaded and warm when
the clock started. Median, and least to most. *Ours is faster*: our rate over theirs in the same
round.

Machine: {machine}.
"""


def render(document: dict[str, Any]) -> str:
    """Return Markdown of a results file's content."""
    outcomes = [Outcome.read(one) for one in document["runs"]]
    mix = Mix(**document["photographs"])
    formats = ", ".join(f"{count} {name}" for name, count in sorted(mix.formats.items()))
    head = HEAD.format(
        rounds=len({one.round for one in outcomes}),
        formats=formats,
        machine=_machine(document["machine"]),
        **{key: value for key, value in asdict(mix).items() if key != "formats"},
    )
    parts = [
        head,
        "| contender | images a second | ours is faster | processor ms an image | peak MB "
        "| settings |",
        "|---|---|---|---|---|---|",
        *(_row(one, outcomes) for one in CONTENDERS),
        "",
        *_efficiency(outcomes),
        *_stages(outcomes),
        "## Who they are",
        "",
        *_who(outcomes),
        "",
        f"Command: `{document['command']}`.",
    ]
    return "\n".join(parts) + "\n"


def _machine(machine: dict[str, Any]) -> str:
    features = ", ".join(machine["features"])
    return (
        f"{machine['processor']} ({features}), {machine['processors']} processors, "
        f"{machine['memory_gb']} GB, {machine['system']}, Python {machine['python']}"
    )


def _row(contender: Contender, outcomes: Sequence[Outcome]) -> str:
    runs = runs_of(outcomes, contender.name)
    if not runs:
        failures = [one.failure for one in outcomes if one.contender == contender.name]
        why = failures[-1] if failures else "not asked for"
        return f"| {contender.name} | not measured: {why.replace('|', ' ')} | | | | |"
    faster = ratios(outcomes, OURS.name, contender.name)
    told = f"{Spread.of(faster)} times" if faster and contender is not OURS else ""
    peak = max(one.peak_mb for one in runs)
    spent = Spread.of(one.found["processor_ms_all"] for one in runs)
    return (
        f"| {contender.name} | {Spread.of(one.rate for one in runs)} | {told} | {spent} "
        f"| {peak:.0f} | {runs[-1].found['settings']} |"
    )


def efficiencies(outcomes: Sequence[Outcome]) -> list[float]:
    """Return, of each round, the job's rate over that of its graph by itself."""
    return [one.rate / one.found["model_only"] for one in runs_of(outcomes, OURS.name)]


def _efficiency(outcomes: Sequence[Outcome]) -> Iterator[str]:
    runs = runs_of(outcomes, OURS.name)
    if not runs:
        return
    share = Spread.of(100 * value for value in efficiencies(outcomes))
    rate = Spread.of(one.found["model_only"] for one in runs)
    yield (
        f"**End to end, our job runs at {share}% of its graph's own rate**, {rate} images a second "
        "when fed from memory with the same threads, before and after the job in the same process."
    )
    spent: dict[str, list[float]] = {}
    for one in runs:
        for part, value in one.found["processor_ms"].items():
            spent.setdefault(part, []).append(value)
    told = ", ".join(f"{part} {Spread.of(values)}" for part, values in spent.items())
    yield f"Processor milliseconds an image meanwhile: {told}."
    yield ""


def _stages(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "## Stage by stage"
    yield ""
    yield "Wall milliseconds an image of a stage by itself, one image (or batch) at a time."
    yield ""
    yield "| contender | stages |"
    yield "|---|---|"
    for contender in CONTENDERS:
        stages: dict[str, list[float]] = {}
        for one in runs_of(outcomes, contender.name):
            for name, value in one.found["stages_ms"].items():
                stages.setdefault(name, []).append(value)
        if stages:
            told = "; ".join(f"{name} {Spread.of(values)}" for name, values in stages.items())
            yield f"| {contender.name} | {told} |"
    yield ""


def _who(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for contender in CONTENDERS:
        runs = runs_of(outcomes, contender.name)
        known = runs[-1].found["versions"].items() if runs else ()
        versions = ", ".join(f"{package} {version}" for package, version in known)
        yield f"- **{contender.name}**: {contender.about}. {versions}"
