"""The notebook runs, and says what it shows."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("matplotlib")

DOCS = Path(__file__).parent.parent / "docs"


def printed(cell):
    return "".join(output["text"] for output in cell.get("outputs", []) if output["output_type"] == "stream")


def test_the_notebook_runs():
    notebook = nbformat.read(DOCS / "strides.ipynb", 4)
    before = [printed(cell) for cell in notebook.cells]
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(DOCS)}}
    ).execute()
    for cell, text in zip(notebook.cells, before):
        if "timing" not in cell.metadata.get("tags", []):
            assert printed(cell) == text, cell.source
    pictures = [
        output for cell in notebook.cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 3
