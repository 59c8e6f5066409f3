"""Deciding on a challenger: values in, findings out."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from detector.evaluation import Label, Report
from detector.plan import DetectorRef
from detector.training_run import Comparison, SourceComparison
from functions.gate.findings import Findings

# The copies that detectors are judged by: training/degrade.py.
JUDGED = ("clean", "web", "hard")
# Shares that differ by less are the same: means of the same numbers may differ in their last bits.
ROUNDING = 1e-9
# The AUC of a coin.
CHANCE = 0.5
NAMES = {Label.REAL: "real photographs", Label.AI: "AI images"}


def how_to_override(challenger: DetectorRef) -> str:
    """Say how a person promotes a detector that the gate refused."""
    return f"to promote it all the same: aidetect promote {challenger} --reason …"


@dataclass(frozen=True)
class Challenger:
    """A trained detector: as it was released, and ``name@version`` as it was evaluated before.

    Its release adds ``-`` and digits of the package's content to the version.
    """

    ref: DetectorRef
    trained: str

    @property
    def is_release(self) -> bool:
        """Whether what was released goes by the name and version of what was trained."""
        return str(self.ref) == self.trained or str(self.ref).startswith(f"{self.trained}-")


@dataclass(frozen=True)
class Bounds:
    """How close is close enough: shares of images.

    ``tolerance`` is how much worse on real photographs is borne, ``margin`` how much better on
    balance is asked for: two detectors that are the same may differ by a borderline image.
    """

    tolerance: float
    margin: float


def judge_floor(evaluation: Report, challenger: Challenger, *, floor: float) -> Findings:
    """Hold the challenger's accuracy on real photographs of unseen sources against the floor."""
    if evaluation.detector != challenger.trained:
        why = (
            f"the evaluation is of {evaluation.detector}, not of {challenger.trained}: "
            "start a new run"
        )
        return Findings(against=(why,))
    found = {v.variant: v.real_right.value for v in evaluation.variants}
    against: list[str] = []
    for variant in JUDGED:
        if variant not in found:
            against.append(f"the evaluation says nothing of {variant} copies")
        # Not "<": what is no number must not pass.
        elif not found[variant] >= floor - ROUNDING:
            against.append(
                f"leaves {found[variant]:.3f} of the real photographs unaccused in {variant} "
                f"copies, less than the floor of {floor:.3f}"
            )
    # A detector that accuses nobody passes any floor on real photographs.
    against += [
        f"tells the classes apart no better than chance in {v.variant} copies: AUC {v.auc}"
        for v in evaluation.variants
        if v.variant in JUDGED and not v.auc.low > CHANCE
    ]
    judged = {name: value for name, value in found.items() if name in JUDGED}
    shares = ", ".join(f"{value:.3f} ({name})" for name, value in judged.items())
    return Findings(
        against=tuple(against),
        favour=(f"leaves {shares} of the real photographs unaccused; the floor is {floor:.3f}",),
        numbers={
            "floor": floor,
            **{f"real_right/{name}": value for name, value in judged.items()},
        },
    )


def judge_against(
    champion: DetectorRef, comparison: Comparison, challenger: Challenger, bounds: Bounds
) -> Findings:
    """Hold the challenger against the champion, on the same images of the same sources.

    Accuracies are means over sources and kinds of copies, so that each source has the same say.
    """
    pair = (comparison.challenger, comparison.champion)
    if pair != (challenger.trained, str(champion)):
        why = (
            f"the comparison is of {pair[0]} with {pair[1] or 'no champion'}, not of "
            f"{challenger.trained} with {champion}: start a new run"
        )
        return Findings(against=(why,))
    rows = {label: [r for r in comparison.rows if _counts(r, label)] for label in Label}
    if lacking := [NAMES[label] for label in Label if not rows[label]]:
        left = f" ({len(comparison.left_out)} sources were left out)" if comparison.left_out else ""
        why = (
            f"there are no {' and no '.join(lacking)} on which it can be compared fairly with the "
            f"champion {champion}{left}: add a test source that neither has learnt from, or, "
            f"{how_to_override(challenger.ref)}"
        )
        return Findings(against=(why,))
    real, champion_real = _means(rows[Label.REAL])
    ai, champion_ai = _means(rows[Label.AI])
    balanced, champion_balanced = (real + ai) / 2, (champion_real + champion_ai) / 2
    against: list[str] = []
    if not real >= champion_real - bounds.tolerance - ROUNDING:
        against.append(
            f"leaves {real:.3f} of the real photographs unaccused where the champion {champion} "
            f"leaves {champion_real:.3f}; at most {bounds.tolerance:.3f} less is tolerated"
        )
    if not balanced > champion_balanced + bounds.margin + ROUNDING:
        against.append(
            f"balanced accuracy is {balanced:.4f}, not above the {champion_balanced:.4f} of the "
            f"champion {champion} by more than {bounds.margin:.3f}"
        )
    return Findings(
        against=tuple(against),
        favour=(
            f"balanced accuracy is {balanced:.3f}, the champion {champion} has "
            f"{champion_balanced:.3f}; real photographs {real:.3f} to {champion_real:.3f}",
        ),
        numbers={
            "tolerance": bounds.tolerance,
            "margin": bounds.margin,
            "challenger/real": real,
            "champion/real": champion_real,
            "challenger/ai": ai,
            "champion/ai": champion_ai,
            "challenger/balanced": balanced,
            "champion/balanced": champion_balanced,
            "rows/real": float(len(rows[Label.REAL])),
            "rows/ai": float(len(rows[Label.AI])),
        },
    )


def judge_present(
    pinned: DetectorRef | None, present: DetectorRef | None, challenger: DetectorRef
) -> Findings:
    """See that the champion is still the one that the run set out to beat."""
    if present in (pinned, challenger):
        return Findings()
    why = (
        f"the champion is {present or 'none'} by now, and the run was measured against "
        f"{pinned or 'none'}: train anew, or, {how_to_override(challenger)}"
    )
    return Findings(against=(why,))


def _counts(row: SourceComparison, label: Label) -> bool:
    return row.label == label.value and row.images > 0 and row.variant in JUDGED


def _means(rows: Iterable[SourceComparison]) -> tuple[float, float]:
    pairs = [(row.challenger_right, row.champion_right) for row in rows]
    return fmean(pair[0] for pair in pairs), fmean(pair[1] for pair in pairs)
