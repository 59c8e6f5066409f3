"""Settings of plan."""

from pydantic import Field

from functions.settings import Settings


class PlanSettings(Settings):
    """Where things lie, and how work is divided; described at template.yaml's parameters."""

    results_bucket: str
    models_bucket: str
    champion_parameter: str
    express_max_images: int = Field(ge=0)
    images_per_shard: int = Field(ge=1)
    chunk_size: int = Field(ge=1)
    max_image_bytes: int = Field(ge=1)
    max_image_pixels: int = Field(ge=1)
    evidence_images: int = Field(ge=0)
