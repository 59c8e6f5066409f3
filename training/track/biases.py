"""Metrics to Weights & Biases: online where there is a key, else into a folder to be sent later.

The client is kept to itself: it writes only into the given folder, prints nothing, watches neither
the machine nor the code, and its service process ends with the run.
"""

import logging
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from training.storage import Storage
from training.track.guard import Tell

if TYPE_CHECKING:
    from wandb import Run

Mode = Literal["online", "offline"]

# Seconds; a stopped job has two minutes in all, and its checkpoint comes first.
START_TIMEOUT = 30.0
FINISH_TIMEOUT = 20.0
_FOLDERS = ("DIR", "CACHE_DIR", "CONFIG_DIR", "DATA_DIR", "ARTIFACT_DIR")


@contextmanager
def _contained(folder: Path) -> Iterator[None]:
    """Set the environment so that the client and its service write into one folder only."""
    wanted = {f"WANDB_{name}": str(folder / name.lower()) for name in _FOLDERS}
    wanted |= {"WANDB_ERROR_REPORTING": "false", "WANDB_SILENT": "true"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Biases:
    """One run of Weights & Biases.

    Parameters
    ----------
    files
        Where the folder of an offline run goes, as a tar.
    folder
        Where the client may write.
    run, project, group
        The run's name, which is also its id, so that a later attempt goes on with it; the project;
        what runs are grouped by.
    config
        Settings of the run, as shown there.
    key
        The key; without it the run stays offline.
    server
        Address of the server; W&B's own by default.
    start_timeout
        Seconds to wait for the server at the start.

    Raises
    ------
    ImportError
        If wandb is not installed.
    wandb.errors.Error
        If the server cannot be reached or does not take the key.
    """

    def __init__(
        self,
        files: Storage,
        folder: Path,
        *,
        run: str,
        project: str,
        group: str,
        config: Mapping[str, object],
        key: str = "",
        server: str = "",
        entity: str = "",
        start_timeout: float = START_TIMEOUT,
    ) -> None:
        self.files, self.folder = files, folder
        self.mode: Mode = "online" if key else "offline"
        folder.mkdir(parents=True, exist_ok=True)
        with _contained(folder):
            self._run = _start(
                folder,
                mode=self.mode,
                run=run,
                project=project,
                group=group,
                config=config,
                key=key,
                server=server,
                entity=entity,
                timeout=start_timeout,
            )

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Hand on to the client, which sends it from a process of its own."""
        self._run.log({name: float(value) for name, value in metrics.items()}, step=step)

    def finish(self, summary: Mapping[str, float]) -> None:
        """Close the run; a run without final numbers counts as failed.

        Where it is offline, or not all could be sent in time, its folder is kept in the storage.
        """
        import wandb

        keep = self.mode == "offline"
        try:
            self._run.summary.update({name: float(value) for name, value in summary.items()})
            self._run.finish(exit_code=0 if summary else 1)
        except TimeoutError:
            keep = True
        finally:
            wandb.teardown(exit_code=0 if summary else 1)
        if keep:
            self._keep()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _keep(self) -> None:
        for run in sorted((self.folder / "wandb").glob("*run-*")):
            packed = self.folder / f"{run.name}.tar"
            with tarfile.open(packed, "w") as tar:
                tar.add(run, run.name)
            self.files.upload(packed.name, packed)


def _start(
    folder: Path,
    *,
    mode: Mode,
    run: str,
    project: str,
    group: str,
    config: Mapping[str, object],
    key: str,
    server: str,
    entity: str,
    timeout: float,
) -> "Run":
    import wandb

    logging.getLogger("wandb").propagate = False
    settings = wandb.Settings(
        mode=mode,
        silent=True,
        console="off",
        disable_git=True,
        disable_code=True,
        save_code=False,
        sagemaker_disable=True,
        symlink=False,
        x_disable_stats=True,
        x_disable_meta=True,
        x_disable_machine_info=True,
        x_save_requirements=False,
        init_timeout=timeout,
        finish_timeout=FINISH_TIMEOUT,
        finish_timeout_raises=True,
        credentials_file=str(folder / "credentials.json"),
        **({"api_key": key} if key else {}),
        **({"base_url": server} if server else {}),
    )
    try:
        return wandb.init(
            id=run,
            name=run,
            project=project,
            group=group,
            entity=entity or None,
            config=dict(config),
            dir=str(folder),
            resume="allow" if mode == "online" else None,
            settings=settings,
        )
    except BaseException:
        # Its service has been started by then.
        wandb.teardown(exit_code=1)
        raise


def open_biases(
    files: Storage,
    folder: Path,
    *,
    run: str,
    detector: str,
    config: Mapping[str, object],
    key: str,
    environ: Mapping[str, str],
    tell: Tell,
    start_timeout: float = START_TIMEOUT,
) -> Biases:
    """Open a run, offline where online does not work.

    Raises
    ------
    ImportError
        If wandb is not installed.
    """

    def start(with_key: str) -> Biases:
        return Biases(
            files,
            folder,
            run=run,
            project=environ.get("WANDB_PROJECT") or "aidetect",
            entity=environ.get("WANDB_ENTITY", ""),
            group=detector,
            config=config,
            key=with_key,
            server=environ.get("WANDB_BASE_URL", ""),
            start_timeout=start_timeout,
        )

    if not key:
        return start("")
    try:
        return start(key)
    except ImportError:
        raise
    except Exception as error:  # noqa: BLE001 - the client raises many kinds; offline always works
        reason = str(error).replace(key, "***")[:300]
        tell(f"Weights & Biases cannot be reached ({reason}); its run is kept offline")
        shutil.rmtree(folder, ignore_errors=True)
        return start("")
