"""Settings of the gate."""

from pydantic import Field

from functions.settings import Settings


class GateSettings(Settings):
    """Where runs and detectors lie, and what is asked of a challenger; see template.yaml."""

    training_bucket: str
    models_bucket: str
    champion_parameter: str
    gate_real_floor: float = Field(ge=0, le=1)
    gate_tolerance: float = Field(ge=0, le=1)
    gate_margin: float = Field(ge=0, le=1)
