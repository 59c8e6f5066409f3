"""A loop as PyTorch's tutorials have it: a DataLoader with workers, transforms, a linear head."""

from pathlib import Path

import torch
from PIL import Image
from stopwatch import milliseconds, read_job, start, stop, tell
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2
from transformers import CLIPVisionModelWithProjection

BATCH = 8
WORKERS = 2
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
PREPARE = v2.Compose(
    [
        v2.Resize(224, interpolation=v2.InterpolationMode.BICUBIC),
        v2.CenterCrop(224),
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(MEAN, STD),
    ]
)


def decode(path: Path) -> Image.Image:
    """Return the image as RGB."""
    with Image.open(path) as image:
        return image.convert("RGB")


class Photographs(Dataset):
    """Files as the tower takes them."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        return PREPARE(decode(self._paths[index]))


def main() -> None:
    """Score everything, and tell."""
    job = read_job()
    torch.set_num_threads(job.threads)
    tower = CLIPVisionModelWithProjection.from_pretrained(job.models / "clip").eval()
    head = torch.nn.Linear(tower.config.projection_dim, 1)

    @torch.inference_mode()
    def run(batch: torch.Tensor) -> list[float]:
        return head(tower(pixel_values=batch).image_embeds)[:, 0].tolist()

    run(torch.stack([PREPARE(decode(path)) for path in job.warm_up]))
    logits: list[float] = []
    begun = start()
    for batch in DataLoader(Photographs(job.photographs), BATCH, num_workers=WORKERS):
        logits += run(batch)
    seconds = stop(begun)
    count = len(job.sample)
    images = [decode(path) for path in job.sample]
    stacked = torch.stack([PREPARE(image) for image in images]).split(BATCH)
    tell(
        images=len(logits),
        seconds=seconds,
        stages={
            "decode": milliseconds(lambda: [decode(path) for path in job.sample], count),
            "prepare": milliseconds(lambda: [PREPARE(image) for image in images], count),
            "infer": milliseconds(lambda: [run(one) for one in stacked], count),
        },
        packages=("torch", "torchvision", "transformers", "pillow"),
        settings=f"float32, batches of {BATCH}, {WORKERS} loader workers, {job.threads} threads",
    )


main()
