"""Vision towers from the Hugging Face hub, where one is reached."""

import re
import urllib.error
import urllib.request
from pathlib import Path

from huggingface_hub import constants, hf_hub_download, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RemoteEntryNotFoundError

from detector.package import sha256_of
from training.checkpoint import (
    CONFIG_FILE,
    PROCESSOR_FILE,
    TENSORS_FILE,
    read_config,
    read_tensors,
)
from training.vision import Family, VisionWeights, WeightsError

SOURCE = "hub:"
# By how a repository's name begins.
LICENCES = {
    "openai/": "MIT",
    "laion/": "MIT",
    "google/": "Apache-2.0",
    "facebook/dinov3": "DINOv3 License",
    "facebook/metaclip": "CC-BY-NC-4.0",
    "timm/vit_pe_core": "Apache-2.0",
}
# A hub that is there answers well within; the library itself tries for half a minute, or longer
# where packets vanish.
REACH_SECONDS = 5.0
# The hub's cache has a folder for each commit below this one.
SNAPSHOTS = "snapshots"
COMMIT = re.compile(r"[0-9a-f]{40}")


def reached(repository: str, file: str = CONFIG_FILE, revision: str = "main") -> bool:
    """Tell within seconds whether the hub answers for a file, with whatever answer.

    Honours ``HF_HUB_OFFLINE``, ``HF_ENDPOINT`` and the proxy settings.
    """
    if constants.HF_HUB_OFFLINE:
        return False
    url = hf_hub_url(repository, file, revision=revision)
    try:
        request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - the hub's own address
        with urllib.request.urlopen(request, timeout=REACH_SECONDS):  # noqa: S310
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False


def fetch(repository: str, file: str, revision: str, cache: Path) -> Path:
    """Return a file of a hub repository, downloading it on first use.

    Raises
    ------
    WeightsError
        If it is neither in the cache nor to be had; within seconds where no hub is reached.
    """
    folder = cache / "hub"
    kept = try_to_load_from_cache(repository, file, folder, revision)
    if isinstance(kept, str) and COMMIT.fullmatch(revision):
        return Path(kept)
    offline = not reached(repository, file, revision)
    try:
        path = hf_hub_download(
            repository, file, revision=revision, cache_dir=folder, local_files_only=offline
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise WeightsError(
            f"could not get {file} of {repository} from the model hub: {error}. Check the name and "
            "the network (HF_HUB_OFFLINE, HF_ENDPOINT, HTTPS_PROXY), bring the model as an s3:// "
            "or local folder, or use the encoder that comes from the package registry: wheel"
        ) from error
    return Path(path)


def fetch_processor(repository: str, revision: str, cache: Path) -> Path | None:
    """Return the file that says how images are resized; nothing where the model has none."""
    kept = try_to_load_from_cache(repository, PROCESSOR_FILE, cache / "hub", revision)
    if kept is not None and not isinstance(kept, str):
        return None  # the cache remembers that there is none
    try:
        return fetch(repository, PROCESSOR_FILE, revision, cache)
    except WeightsError as error:
        if isinstance(error.__cause__, RemoteEntryNotFoundError):
            return None
        raise


def load(repository: str, cache: Path, revision: str = "main") -> VisionWeights:
    """Return a vision tower of the hub, for example ``openai/clip-vit-large-patch14``.

    Its ``revision`` is the commit, so that a record names what can be had again.
    """
    document = fetch(repository, CONFIG_FILE, revision, cache)
    if document.parent.parent.name == SNAPSHOTS:
        # All files of one commit, even if another comes in between.
        revision = document.parent.name
    config = read_config(document)
    if config.family in {Family.SIGLIP, Family.DINOV3}:
        config = read_config(document, fetch_processor(repository, revision, cache))
    tensors = fetch(repository, TENSORS_FILE, revision, cache)
    return VisionWeights(
        config=config,
        state=read_tensors(tensors, config),
        name=repository,
        source=f"{SOURCE}{repository}",
        sha256=sha256_of(tensors),
        revision=revision,
        licence=next((v for k, v in LICENCES.items() if repository.startswith(k)), ""),
    )
