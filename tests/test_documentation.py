"""Every page holds: its Python runs, its commands end well, its links lead somewhere."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import made_model
import made_video
import nbformat
import pytest
from nbclient import NotebookClient
from rendered_cohort import Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
_BLOCK = re.compile(r"^```(python|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


@pytest.fixture
def workplace(tmp_path: Path, cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the pages speak of: a cohort, photos, a probe, a clip, a model."""
    shutil.copytree(cohort.folder / "early", tmp_path / "cohort")
    for path in sorted((tmp_path / "cohort" / "photos").iterdir()):
        folder = tmp_path / "photos" / path.name.split("-")[0]
        folder.mkdir(parents=True)
        shutil.copy(path, folder)
    shutil.copy(cohort.probes[0], tmp_path / "probe.png")
    made_model.write(tmp_path)
    face = made_video.face_of(cohort.probes[0], 160)
    frame = made_video.scene([(face, (160, 110))], (320, 240))
    made_video.write(tmp_path / "clip.mp4", [frame] * 30)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_snippets_run_in_the_order_of_the_page(page: Path, workplace: Path) -> None:
    assert workplace.is_dir()
    names: dict[str, Any] = {"__name__": "__page__"}
    for kind, block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "python":
            exec(compile(block, str(page), "exec"), names)  # noqa: S102 - our own pages
        else:
            _run_commands(block)


def _imports(source: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def _sources(path: Path) -> Iterator[str]:
    """Give the Python of a page or a notebook."""
    if path.suffix == ".md":
        blocks = _BLOCK.findall(path.read_text(encoding="utf-8"))
        yield from (block for kind, block in blocks if kind == "python")
        return
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            yield "\n".join(line for line in cell.source.splitlines() if line[:1] not in "%!")


@pytest.mark.parametrize("path", [*PAGES, *NOTEBOOKS], ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_import_from_doors_only(path: Path) -> None:
    """A door is a package, or a room of one; what is taken from it stands in its list."""
    for source in _sources(path):
        for module, name in _imports(source):
            if module.split(".")[0] in ("matcher", "fairness"):
                assert len(module.split(".")) <= 2, module
                door = import_module(module)
                assert Path(str(door.__file__)).name == "__init__.py", module
                assert not name or name in door.__all__, f"{module} does not hand on {name}"


def _run_commands(block: str) -> None:
    for line in block.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if not words or words[0] != "matcher":
            continue  # pip, make, git: what CI itself runs
        words, into = (words[:-2], words[-1]) if ">" in words[-2:-1] else (words, None)
        result = CliRunner().invoke(app, words[1:])
        assert result.exit_code == 0, f"{line}\n{result.output}"
        if into is not None:
            Path(into).write_text(result.stdout, encoding="utf-8")


def _text(path: Path) -> str:
    """Give the words of a page or a notebook."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


@pytest.mark.parametrize("path", [*PAGES, *NOTEBOOKS], ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_that_exist(path: Path) -> None:
    for target in _LINK.findall(_text(path)):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_run_and_are_stored_without_outputs(path: Path, workplace: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        assert not cell.get("outputs"), "strip the outputs before committing"
    client = NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(workplace)}})
    client.execute()


def test_there_is_a_notebook() -> None:
    assert NOTEBOOKS
