"""What a batch will cost: by honest inputs, and as the documentation says."""

import re
from pathlib import Path

import pytest
import yaml

from detector.costs import estimate as module
from detector.costs.estimate import Arrival, Job, break_even, on_gpus, on_lambda
from detector.costs.machines import MACHINES, machines_of
from detector.costs.throughput import encoder_of, throughput

ROOT = Path(__file__).resolve().parents[4]
MILLION = Job(
    1_000_000, 300_000, encoder_of("ViT-L/14"), MACHINES["g6.xlarge"], arrival=Arrival.PREFIX
)


def test_a_million_images_cost_about_a_dollar() -> None:
    found = on_gpus(MILLION)
    assert 0.5 < found.dollars <= 1.20
    assert found.machines == 8
    # Nothing of it was measured, and every line says so.
    assert all(item.estimate and item.source.startswith("https://") for item in found.items)


def test_upload_events_are_paid_for_by_who_drops() -> None:
    dropped = on_gpus(MILLION._replace(arrival=Arrival.DROPPED))
    archives = on_gpus(MILLION._replace(arrival=Arrival.ARCHIVES))
    # 1.2 requests an image, 0.40 a million.
    assert dropped.dollars - on_gpus(MILLION).dollars == pytest.approx(0.48)
    assert archives.dollars < on_gpus(MILLION).dollars - 0.39


def test_the_slower_half_binds() -> None:
    small = throughput(MACHINES["g6.xlarge"], encoder_of("ViT-B/32"), 300_000)
    assert (small.images, small.bound_by) == (410.0, "decoding")
    large = throughput(MACHINES["g4dn.2xlarge"], encoder_of("openai/clip-vit-large-patch14"), 3e5)
    assert large.bound_by == "the GPU"


def test_on_demand_costs_more() -> None:
    assert on_gpus(MILLION._replace(spot=False)).dollars > on_gpus(MILLION).dollars


def test_lambda_is_for_few() -> None:
    job = MILLION._replace(encoder=encoder_of("ViT-B/16"))
    even = break_even(job)
    at = (job._replace(images=even), job._replace(images=even - 1))
    assert on_gpus(at[0]).dollars <= on_lambda(at[0]).dollars
    assert on_gpus(at[1]).dollars > on_lambda(at[1]).dollars
    # The template's default is well on the side where Lambda is cheaper and sooner.
    few = job._replace(images=32)
    assert on_lambda(few).dollars < on_gpus(few).dollars / 10
    assert on_lambda(few).seconds < 10


def test_what_is_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match="p5"):
        machines_of(["p5"])
    with pytest.raises(ValueError, match="ViT-B/32"):
        encoder_of("resnet")
    assert next(m.name for m in machines_of(["g6", "g6.xlarge"])) == "g6.xlarge"
    assert len(machines_of(["g6", "g6.xlarge"])) == 8


def defaults() -> dict[str, str]:
    text = (ROOT / "template.yaml").read_text()
    block = text[text.index("\nParameters:\n") : text.index("\nConditions:\n")]
    document = yaml.safe_load(re.sub(r"!\w+", "", block))["Parameters"]
    return {name: str(parameter.get("Default")) for name, parameter in document.items()}


def test_defaults_are_those_of_the_template() -> None:
    found = defaults()
    assert found["ImagesPerShard"] == str(module.IMAGES_PER_SHARD)
    assert found["ChunkSize"] == str(module.CHUNK)
    assert found["MaxvCpus"] == str(module.MAX_VCPUS)
    assert set(found["SpotInstanceTypes"].split(",")) <= set(MACHINES)
