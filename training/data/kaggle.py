"""Finds the images of a Kaggle dataset, fetched by kagglehub into its cache."""

from collections.abc import Mapping
from pathlib import Path

from detector.evaluation import Label
from training.data.extra import extra
from training.data.folder import find_folder
from training.data.found import Found
from training.data.place import DatasetError


def find_kaggle(
    handle: str, *, folders: Mapping[str, Label] | None = None, label: Label | None = None
) -> Found:
    """Fetch ``owner/slug[/versions/N]``, once, and find its images.

    Parameters
    ----------
    folders, label
        As for :func:`training.data.folder.find_folder`.

    Raises
    ------
    DatasetError
        If it cannot be fetched.
    MissingPackageError
        If kagglehub is not installed.
    """
    kagglehub = extra("kagglehub", f"kaggle:{handle}")
    faults = (OSError, ValueError, kagglehub.exceptions.CredentialError)
    try:
        folder = Path(kagglehub.dataset_download(handle))
    except faults as error:
        raise DatasetError(
            f"kaggle:{handle} cannot be fetched ({error}); check its name, accept its terms on "
            "kaggle.com, and set KAGGLE_API_TOKEN or ~/.kaggle/kaggle.json"
        ) from error
    return find_folder(folder, folders=dict(folders) if folders else None, label=label)
