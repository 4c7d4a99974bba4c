"""Ask whether a flaw is known of any package of an environment, with pip-audit.

`make vulnerabilities` runs it, with the interpreter of the environment that the wheel is in::

    python tools/check_vulnerabilities.py build/installed/bin/python

It needs the network: pip-audit asks the Python Package Index. Status 0: each package was asked for,
and no flaw is known. 1: flaws are known; they are printed. 2: some or all could not be asked for.
pip-audit itself passes over a package that the index does not know, and ends with 0.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

OWN = "missing-child-matcher"


def requirements(python: Path) -> list[str]:
    """Return `NAME==VERSION` of each package of an environment, without this project.

    A build of the same release, such as `2.14.1+cpu`, is asked for as the release.
    """
    command = [sys.executable, "-m", "pip", "--python", str(python), "list", "--format", "json"]
    listed = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return [
        f"{one['name']}=={one['version'].split('+')[0]}"
        for one in json.loads(listed)
        if one["name"].lower() != OWN
    ]


def audited(wanted: list[str]) -> dict[str, Any] | None:
    """Return what pip-audit answers, or None if it got no answer."""
    with tempfile.TemporaryDirectory() as place:
        listing = Path(place) / "requirements.txt"
        listing.write_text("\n".join(wanted) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(listing)]
        command += ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
        done = subprocess.run(command, capture_output=True, check=False)
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        print(*done.stderr.decode("utf-8", "replace").splitlines()[-1:], file=sys.stderr)
        return None
    return answer


def verdict(wanted: list[str], answer: dict[str, Any] | None) -> tuple[int, str]:
    """Return the status to end with, and what to print."""
    if answer is None:
        return 2, (
            "Nothing was checked: pip-audit got no answer. It needs the network, to ask "
            "pypi.org. Run this on a machine that reaches it, before anything is published."
        )
    known = answer["dependencies"]
    flaws = [
        f"{one['name']} {one['version']}: {flaw['id']}, "
        f"mended in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in known
        for flaw in one.get("vulns", [])
    ]
    asked_for = sum("vulns" in one for one in known)
    counted = f"{asked_for} of {len(wanted)} packages could be asked for."
    if flaws:
        return 1, "\n".join([*flaws, counted])
    if asked_for < len(wanted):
        skipped = sorted(one["name"] for one in known if "vulns" not in one)
        named = ", ".join(skipped[:5]) + (", …" if len(skipped) > 5 else "")
        return 2, (
            f"{counted} The index does not answer for: {named or 'some'}. A mirror without "
            "the index's JSON answers has this effect; ask pypi.org itself."
        )
    return 0, f"{counted} No flaw is known of any."


def main() -> int:
    """Ask about the packages of an environment; see above."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("python", type=Path, help="the interpreter of the environment")
    wanted = requirements(parser.parse_args().python)
    status, text = verdict(wanted, audited(wanted))
    print(text, file=sys.stderr if status else sys.stdout)
    return status


if __name__ == "__main__":
    sys.exit(main())
