"""All that is known of a detector: its package's documents, without its graphs."""

from dataclasses import dataclass
from pathlib import Path

from detector.evaluation import Label, Report, SourceResult
from detector.package import DetectorPackage, PackageFile, check_file, load_package
from training.details import Details


@dataclass(frozen=True)
class Dossier:
    """A detector, its model card (Markdown), and how it was judged, as far as its package says.

    ``test`` is the evaluation on its own run's test, whose images chose nothing; ``held_out`` the
    one that it was calibrated on, by heads that had not seen a source; ``details`` are the curves
    of :attr:`judged`.
    """

    package: DetectorPackage
    card: str
    held_out: Report | None = None
    test: Report | None = None
    details: Details | None = None

    @property
    def name(self) -> str:
        """Name and version."""
        return f"{self.package.name}@{self.package.version}"

    @property
    def judged(self) -> Report | None:
        """The evaluation to go by."""
        return self.test or self.held_out

    @property
    def lacking(self) -> tuple[str, ...]:
        """What a page would show and the package does not have, and how to have it."""
        found = []
        again = "train or build it again with this version"
        if self.judged is None:
            found.append(f"The package has no evaluation, so no figure can be shown; {again}.")
        elif self.details is None:
            found.append(
                "The package has no curves, so ROC, precision and recall, reliability and the "
                f"distribution of probabilities are missing; {again}."
            )
        if self.judged is not None and self.judged.ladder is None:
            found.append(
                "It was not judged on the ladder of degradations when it was made; "
                "make evaluate DATA=folder does that on images of your own."
            )
        return tuple(found)

    def figures(self) -> dict[tuple[str, Label, str], SourceResult]:
        """Return its figures by source, class and kind of copy, each fair.

        On a source of its test it was measured as released; on one that it learnt from, the figure
        is of a head that had not seen it (docs/decisions/006).
        """
        return {
            (s.source, s.label, v.variant): s
            for report in (self.held_out, self.test)
            if report
            for v in report.variants
            for s in v.sources
        }


def read_dossier(folder: Path) -> Dossier:
    """Read a detector package's documents from a folder, each checked; its graphs may be missing.

    Raises
    ------
    detector.package.PackageError
        If a document is missing or altered.
    detector.contract.ContractError
        If one is not valid.
    """
    package = load_package(folder)
    return Dossier(
        package=package,
        card=check_file(folder, package.model_card).read_text(encoding="utf-8", errors="replace"),
        held_out=_report(folder, package.evaluation),
        test=_report(folder, package.test),
        details=_details(folder, package.details),
    )


def _report(folder: Path, file: PackageFile | None) -> Report | None:
    if file is None:
        return None
    path = check_file(folder, file)
    return Report.parse(path.read_bytes(), where=str(path))


def _details(folder: Path, file: PackageFile | None) -> Details | None:
    if file is None:
        return None
    path = check_file(folder, file)
    return Details.parse(path.read_bytes(), where=str(path))
