"""The notebook runs from top to bottom on a made sample, and says what it is to say.

Takes half a minute on two cores, most of it the encoder. It needs the embedded detector, so the
encoder's weights from the cache or the package registry.
"""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from aidetect.samples import write_samples
from training.data.sample import write_sample

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "exploratory_analysis.ipynb"
IMAGES = 48


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Point the kernel to a sample, and keep it from the settings of whoever runs the tests."""
    base = tmp_path_factory.mktemp("notebook")
    write_sample(base / "set", write_samples(base / "photographs"), images=IMAGES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIDETECT_DATASET", str(base / "set"))
        patch.setenv("OMP_NUM_THREADS", "2")
        for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(base / name.lower()))
        patch.setenv("MPLCONFIGDIR", str(base / "matplotlib"))
        yield


@pytest.fixture(scope="module")
def executed(environment: None) -> NotebookNode:
    notebook = read()
    # The kernel "python3" is this interpreter's own: nothing is installed for it.
    client = NotebookClient(
        notebook,
        timeout=240,
        kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOK.parent)}},
    )
    return client.execute()


def read() -> NotebookNode:
    text = NOTEBOOK.read_text(encoding="utf-8")
    notebook: NotebookNode = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]


def test_it_is_committed_without_outputs() -> None:
    notebook = read()
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None


def test_it_runs_from_top_to_bottom(executed: NotebookNode) -> None:
    cells = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    # No warning either.
    assert [o.text for o in outputs(executed) if o.output_type == "stream"] == []


def test_it_shows_the_data_the_map_and_the_mistakes(executed: NotebookNode) -> None:
    found = outputs(executed)
    pictures = [o for o in found if "image/png" in o.get("data", {})]
    assert len(pictures) >= 6
    text = "\n".join(o.data.get("text/markdown", "") for o in found if "data" in o)
    assert f"**{IMAGES}** images in all" in text
    for words in (
        "| random folds |",
        "a random split claims",
        "| class | source | images | called real | unsure | called ai |",
        "Real photographs called ai",
    ):
        assert words in text, words
