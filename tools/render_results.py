"""Write the tables of benchmarks into the pages that name them.

    python tools/render_results.py [--check]

In a page, a table of `benchmarks/results/NAME.json` stands between two marks:

    <!-- results: NAME TABLE; columns: what, p50; rows: exact, coded -->
    <!-- end of results -->

Columns and rows are optional: the columns by name, the rows by how their first cell begins. Names
that hold commas are parted by bars: `rows: rank-1, clean, % | TMR at`; of one such name a bar is at
the end. Tables with the same columns are joined by a plus sign: `NAME first table + second table`.
With `; brief` the line that says where the table comes from is left out, and no empty lines are
around it. `<!-- results: every benchmark -->` lists all quoted commands, with day and commit of
each file, and those without a file.

`--check` writes nothing, and ends with 1 if a page shows something else than the files of results.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "benchmarks"))

from every_command import COMMANDS  # noqa: E402 - benchmarks are scripts, not a package
from recording import markdown  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results"
EVERY = "every benchmark"
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
BLOCK = re.compile(
    r"(?P<start><!-- results: (?P<asked>[^>]*?) -->\n).*?(?P<end><!-- end of results -->)",
    re.DOTALL,
)


class ResultsError(Exception):
    """A page names results that there are not."""


@cache
def results(name: str) -> dict[str, Any]:
    """Read a file of results."""
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        raise ResultsError(f"there is no file of results {path.relative_to(ROOT)}")
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return facts


def rendered(page: str) -> str:
    """Return a page with every table of results as its file has it today."""

    def told(found: re.Match[str]) -> str:
        around = "" if "brief" in found["asked"].split("; ") else "\n"
        return f"{found['start']}{around}{block(found['asked'])}\n{around}{found['end']}"

    return BLOCK.sub(told, page)


def block(asked: str) -> str:
    """Return what stands between two marks, such as "search latency; columns: what, p50"."""
    if asked == EVERY:
        return "\n".join(
            markdown(("file of results", "command", "day", "commit", "took"), _every())
        )
    which, *rest = (part.strip() for part in asked.split(";"))
    name, _, tables = which.partition(" ")
    wishes = {key: _listed(value) for key, _, value in (part.partition(":") for part in rest)}
    if unknown := wishes.keys() - {"columns", "rows", "brief"}:
        raise ResultsError(f"results: {asked}: cannot read {', '.join(sorted(unknown))}")
    facts = results(name)
    names = tables.split(" + ")
    if not facts["tables"].keys() >= set(names):
        raise ResultsError(f"results: {asked}: {name} has {' + '.join(facts['tables'])}")
    columns, rows = _chosen(asked, _joined(asked, [facts["tables"][one] for one in names]), wishes)
    lines: list[str] = markdown(columns, rows)
    if "brief" not in wishes:
        lines += ["", _origin(name, facts)]
    return "\n".join(lines)


def _every() -> Iterator[tuple[str, ...]]:
    for name, command in sorted(COMMANDS.items()):
        if (RESULTS / f"{name}.json").is_file():
            facts = results(name)
            took = f"{facts['seconds']:,.0f} s"
            yield name, f"`{_command(name)}`", facts["date"], f"`{facts['commit'][:9]}`", took
        else:
            yield name, f"`{_quoted(command)}`", "no file yet", "", ""


def _quoted(command: str) -> str:
    """Return a command of `every.py` with the names of its paths in capitals."""
    named = re.sub(r"\{(\w+)\}", lambda found: found[1].upper(), command)
    return f"python benchmarks/{named}"


def _command(name: str) -> str:
    """Return the command that was run: as it is quoted, if it is that one but for the paths."""
    ran = str(results(name)["command"])
    settings, _, rest = ran.partition("python benchmarks/")
    words, quoted = shlex.split(rest), shlex.split(COMMANDS.get(name, ""))
    same = len(words) == len(quoted) and all(
        "{" in wish or word == wish for word, wish in zip(words, quoted, strict=True)
    )
    return settings + _quoted(COMMANDS[name]) if same else ran


def _listed(value: str) -> list[str]:
    words = value.split("|" if "|" in value else ",")
    return [word.strip() for word in words if word.strip()]


def _joined(asked: str, tables: Sequence[dict[str, Any]]) -> dict[str, Any]:
    if any(table["columns"] != tables[0]["columns"] for table in tables):
        raise ResultsError(f"results: {asked}: the columns of these tables differ")
    return {
        "columns": tables[0]["columns"],
        "rows": [row for table in tables for row in table["rows"]],
    }


def _chosen(
    asked: str, table: dict[str, Any], wishes: dict[str, list[str]]
) -> tuple[list[str], list[list[Any]]]:
    columns, rows = list(table["columns"]), list(table["rows"])
    if wished := wishes.get("rows"):
        kept = [[row for row in rows if str(row[0]).startswith(start)] for start in wished]
        if not all(kept):
            raise ResultsError(f"results: {asked}: there is no such row")
        rows = [row for some in kept for row in some]
    if wished := wishes.get("columns"):
        if missing := [name for name in wished if name not in columns]:
            raise ResultsError(f"results: {asked}: there is no column {', '.join(missing)}")
        places = [columns.index(name) for name in wished]
        columns, rows = wished, [[row[place] for place in places] for row in rows]
    return columns, rows


def _origin(name: str, facts: dict[str, Any]) -> str:
    machine = facts["machine"]
    return (
        f"`{_command(name)}`, {facts['date']}, commit `{facts['commit'][:9]}`"
        f"{' with changes' if facts['commit'].endswith('changes') else ''}, "
        f"{machine['processor']}, {machine['cores']} cores"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Render every page, or say which are not as they should be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    stale = 0
    for path in PAGES:
        page = path.read_text(encoding="utf-8")
        try:
            wanted = rendered(page)
        except ResultsError as error:
            parser.error(f"{path.relative_to(ROOT)}: {error}")
        if wanted != page:
            stale += 1
            print(f"{'stale' if options.check else 'rendered'}: {path.relative_to(ROOT)}")
            if not options.check:
                path.write_text(wanted, encoding="utf-8")
    return int(options.check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
