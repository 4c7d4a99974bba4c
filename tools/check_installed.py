"""Use an installed wheel from outside the checkout: import it, ask its version, run its demo.

`make installed` runs it, with the interpreter of the environment that the wheel is in::

    python tools/check_installed.py build/installed/bin/python

Nothing of the checkout is imported: each command runs in a temporary folder, and the places that
both packages are loaded from are checked.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
IMPORT = "import matcher, fairness; print(matcher.__file__); print(fairness.__file__)"
LEFT_BY_THE_DEMO = ("leads.html", "probe.png", "photos")


def version_of_checkout(root: Path) -> str:
    """Return the version that the checkout says it has."""
    text = (root / "matcher" / "_version.py").read_text(encoding="utf-8")
    found = re.search(r'__version__ = "([^"]+)"', text)
    if not found:
        raise SystemExit("matcher/_version.py has no version")
    return found[1]


def asked(command: list[str], folder: Path) -> str:
    """Run a command in a folder, without the checkout on the path; return what it prints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=folder, env=clean, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode("utf-8")


def faults(python: Path, folder: Path) -> list[str]:
    """Name what does not work in the environment of an interpreter."""
    found = []
    environment = python.parent.parent
    for place in asked([str(python), "-c", IMPORT], folder).split():
        if environment not in Path(place).parents:
            found.append(f"imported from {place}, not from {environment}")
    command = str(python.parent / "matcher")
    version = version_of_checkout(HERE)
    if (printed := asked([command, "--version"], folder).strip()) != f"matcher {version}":
        found.append(f"matcher --version prints {printed!r}, not the version {version}")
    out = folder / "demo"
    asked([command, "demo", "--out", str(out), "--subjects", "20"], folder)
    found += [f"the demo left no {name}" for name in LEFT_BY_THE_DEMO if not (out / name).exists()]
    return found


def main() -> int:
    """Use the wheel of an environment; see above."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("python", type=Path, help="the interpreter of the environment")
    python = parser.parse_args().python.absolute()
    with tempfile.TemporaryDirectory() as place:
        named = faults(python, Path(place))
    if named:
        print(*named, sep="\n", file=sys.stderr)
        return 1
    print("The installed wheel works outside the checkout.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
