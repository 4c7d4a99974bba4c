"""Take the pictures of docs/images that show pages the library writes, all of rendered people.

    python tools/take_pictures.py [--keep FOLDER]

Needs the extra `dev` and Chromium. Writes the sheet of leads, the first page of an audit's report
and the page of groups. The work takes some minutes; with `--keep` the folder is used again.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SHOTS = {  # picture: (page, what is at the top, width and height of what is shown)
    "lead-sheet.webp": ("demo/leads.html", "#probe-2", 1180, 980),
    "audit-report.webp": ("audit/report.html", "body", 1100, 900),
    "groups-page.webp": ("groups.html", "body", 1180, 760),
}
RENDERED_THRESHOLD = "0.8"  # rendered people look more alike than photographed ones


def _matcher(folder: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "matcher", *words], cwd=folder, check=True)


def make_pages(folder: Path) -> None:
    """Render people, and have the library write its pages of them; what is there is kept."""
    if not (folder / "demo").exists():
        _matcher(folder, "demo", "--out", "demo", "--subjects", "60")
    if not (folder / "cohort").exists():
        _matcher(folder, "synth", "--out", "cohort", "--subjects", "120", "--ages", "6,10,14")
    if not (folder / "audit").exists():
        _matcher(folder, "audit", "cohort/manifest.csv", "--out", "audit", "--by", "age,sex")
    if not (folder / "groups.html").exists():
        (folder / "found").mkdir(exist_ok=True)
        for photo in sorted((folder / "cohort" / "photos").iterdir())[:60]:
            shutil.copy(photo, folder / "found")
        words = ("group", "found", "--state", "found.groups", "--sheet", "groups.html")
        _matcher(folder, *words, "--threshold", RENDERED_THRESHOLD)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the pages, open them, keep what is seen first."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--keep", type=Path, help="folder of the pages")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as made, sync_playwright() as tools:
        folder = options.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        make_pages(folder)
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = tools.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, (page, top, width, height) in SHOTS.items():
            window = browser.new_page(viewport={"width": width, "height": height})
            window.goto((folder / page).resolve().as_uri())
            window.evaluate("top => document.querySelector(top).scrollIntoView()", top)
            picture = Image.open(io.BytesIO(window.screenshot()))
            picture.convert("RGB").save(IMAGES / name, quality=82, method=6)
            print(f"{name}: {picture.width} x {picture.height}")
        browser.close()


if __name__ == "__main__":
    main()
