"""What the verdicts of a detector are worth, in sentences, from what its package says of itself."""

from detector.package import DetectorPackage

# The copy of the images that is nearest to what people upload: see training/degrade.py.
_COPIES = {
    "web": "as websites recompress them",
    "clean": "as they were found",
    "hard": "small and hard compressed",
}
NOT_PROOF = "A verdict is evidence, not proof: do not act against a person on it alone."
UNKNOWN = "This detector's package does not say how well it does on sources it never saw."


def limits_of(package: DetectorPackage | None) -> tuple[str, ...]:
    """Return the sentences; without a package only that nothing is known.

    Figures are those of ``metrics``, as :mod:`training.fitting` writes them: shares at the fixed
    threshold, means over sources that the detector did not learn from.
    """
    metrics = package.metrics if package else {}
    for variant, words in _COPIES.items():
        real = metrics.get(f"held_out.{variant}.real_right")
        found = metrics.get(f"held_out.{variant}.ai_right")
        if real is None or found is None:
            continue
        told = [
            f"Of real photographs from sources it never saw, {1 - real:.0%} were called ai; "
            f"of AI images from such sources, {found:.0%} were found (images {words})."
        ]
        worst = metrics.get(f"held_out.{variant}.worst_source_real_called_ai")
        if worst is not None:
            told.append(f"At the worst of those sources it accused {worst:.0%} of the photographs.")
        return (*told, NOT_PROOF)
    return (UNKNOWN, NOT_PROOF)
