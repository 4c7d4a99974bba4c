"""Check that the sdist and the wheel in a folder hold what they should, and nothing else.

`make dist` runs it after `python -m build`, which builds the wheel from the sdist::

    python tools/check_distribution.py dist

The wheel must hold each tracked file of `matcher/` and `fairness/`, and five files about itself.
The sdist must hold each tracked file. A wheel that is built from the checkout must equal the first
one byte for byte in each of its files. Anything else ends with status 1 and a list.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PACKAGES = ("matcher", "fairness")
LEFT_OUT = (".ci/",)
"""What only the checks of a commit need; see `tool.hatch.build.targets.sdist`."""
ABOUT_ITSELF = {"METADATA", "WHEEL", "RECORD", "entry_points.txt"}
LICENCES = {"licenses/LICENSE", "licenses/NOTICE"}


def tracked(root: Path) -> set[str]:
    """Return the files of a checkout that git knows."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z"], capture_output=True, check=True
    )
    return {name for name in listed.stdout.decode("utf-8").split("\0") if name}


def contents_of_wheel(wheel: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: hashlib.sha256(archive.read(name)).hexdigest()
            for name in archive.namelist()
            if not name.endswith("/")
        }


def names_in_sdist(sdist: Path) -> set[str]:
    """Return the files of an sdist, without the folder that they all lie in."""
    with tarfile.open(sdist) as archive:
        return {one.name.split("/", 1)[1] for one in archive.getmembers() if not one.isdir()}


def differences(what: str, wanted: set[str], got: set[str]) -> list[str]:
    """Name each file that is missing, and each that is too many."""
    missing = [f"{what}: {name} is missing" for name in sorted(wanted - got)]
    return missing + [f"{what}: {name} does not belong there" for name in sorted(got - wanted)]


def faults_of_wheel(wheel: Path, files: set[str]) -> list[str]:
    """Compare the files of a wheel with the tracked ones of the packages."""
    about = f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"
    wanted = {name for name in files if name.split("/")[0] in PACKAGES}
    wanted |= {f"{about}/{name}" for name in ABOUT_ITSELF | LICENCES}
    return differences(wheel.name, wanted, set(contents_of_wheel(wheel)))


def faults_of_sdist(sdist: Path, files: set[str]) -> list[str]:
    """Compare the files of an sdist with the tracked ones."""
    wanted = {name for name in files if not name.startswith(LEFT_OUT)} | {"PKG-INFO"}
    return differences(sdist.name, wanted, names_in_sdist(sdist))


def faults_of_second_wheel(first: Path, second: Path) -> list[str]:
    """Compare the wheel that was built from the sdist with the one of the checkout."""
    one, other = contents_of_wheel(first), contents_of_wheel(second)
    named = differences("wheel of the sdist", set(other), set(one))
    unlike = sorted(name for name in one.keys() & other.keys() if one[name] != other[name])
    return named + [
        f"{name}: the wheels of the sdist and of the checkout differ" for name in unlike
    ]


def only(folder: Path, pattern: str) -> Path:
    """Return the one file of a pattern."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise SystemExit(f"{folder}: one file {pattern} is wanted, {len(found)} are there")
    return found[0]


def main() -> int:
    """Check the packages of a folder; see above."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    wheel, sdist, files = only(folder, "*.whl"), only(folder, "*.tar.gz"), tracked(HERE)
    faults = faults_of_wheel(wheel, files) + faults_of_sdist(sdist, files)
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "build", "--wheel", "--outdir", place, str(HERE)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        faults += faults_of_second_wheel(wheel, only(Path(place), "*.whl"))
    if faults:
        print(*faults, sep="\n", file=sys.stderr)
        return 1
    print(f"{wheel.name} and {sdist.name} hold what they should; both ways to the wheel are equal.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
