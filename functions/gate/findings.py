"""What looking at a challenger brought up."""

import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Findings:
    """Reasons against the challenger, none where all is well; what speaks for it; the numbers."""

    against: tuple[str, ...] = ()
    favour: tuple[str, ...] = ()
    numbers: dict[str, float] = field(default_factory=dict)

    def __add__(self, other: "Findings") -> "Findings":
        return Findings(
            self.against + other.against,
            self.favour + other.favour,
            {**self.numbers, **other.numbers},
        )

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against the challenger."""
        return not self.against

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is refused; or, where it is not, why it passed."""
        return self.against or self.favour

    @property
    def sound_numbers(self) -> dict[str, float]:
        """The numbers that JSON can hold."""
        return {name: value for name, value in self.numbers.items() if math.isfinite(value)}
