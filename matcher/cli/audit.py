"""`matcher audit`: error rates by age, sex, skin tone and more, as a report."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matcher.cli.app import Exit, app
from matcher.cli.console import progress, say
from matcher.cli.judging import (
    ListFile,
    ScoreFile,
    facts_of_photos,
    refuse_contradictions,
    sides,
)
from matcher.cli.options import (
    DEFAULT_MODEL,
    Device,
    DryRun,
    Finder,
    InPrecision,
    Model,
    Policy,
    PoorCamera,
    Precision,
    WithDetector,
    extractor_of,
)
from matcher.cli.places import require_place_for_folder
from matcher.errors import MatcherError
from matcher.words import counted

if TYPE_CHECKING:
    from fairness import AuditReport, AuditSettings, Cohort
    from matcher.embedding import Extractor
    from matcher.evaluation import EmbeddedScores


class Layout(enum.StrEnum):
    """Layouts of folders that are understood."""

    auto = "auto"
    manifest = "manifest"
    fgnet = "fgnet"
    lfw = "lfw"
    utkface = "utkface"
    fairface = "fairface"


CohortPath = Annotated[
    Path, typer.Argument(metavar="COHORT", help="Manifest, or folder in one of the layouts.")
]
CohortLayout = Annotated[Layout, typer.Option("--layout", help="How the folder is laid out.")]
VectorCache = Annotated[
    Path | None,
    typer.Option(
        "--vector-cache",
        help="File of vectors that are not made again; beside --out if unset. Not to be passed on.",
    ),
]
Memory = Annotated[
    Path | None,
    typer.Option("--memory", hidden=True, help="The former name of --vector-cache."),
]


@app.command()
def audit(
    context: typer.Context,
    cohort: CohortPath,
    out: Annotated[Path, typer.Option(help="Folder of the report.")],
    layout: CohortLayout = Layout.auto,
    model: Model = DEFAULT_MODEL,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
    detector: WithDetector = None,
    policy: Annotated[
        Policy, typer.Option(help="Faces below it count as refused; off refuses none.")
    ] = Policy.off,
    camera: Annotated[
        PoorCamera | None,
        typer.Option(help="Probes are the photos as this poor camera shows them."),
    ] = None,
    by: Annotated[
        str, typer.Option(help="Factors, separated by commas; intersections as age*sex.")
    ] = "age,sex",
    ages: Annotated[
        str | None, typer.Option(help="Lower edges of the age bands, years, as 0,4,13,18.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="The threshold, if it was set on other people.")
    ] = None,
    fmr: Annotated[
        str,
        typer.Option(
            help="False match rate that the threshold is set for otherwise; further ones after "
            "commas have a table of their own."
        ),
    ] = "0.001",
    fmr_of: Annotated[
        str | None,
        typer.Option(help='Set it on these groups, as "age=18 to under 30|30 to under 50".'),
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(help="Scores of another matcher: CSV or Parquet (probe, reference, score)."),
    ] = None,
    distances: Annotated[
        bool, typer.Option("--distances", help="In the file lower is closer.")
    ] = False,
    lists: Annotated[
        Path | None,
        typer.Option(help="Candidates of its searches instead: CSV (probe, candidate, score)."),
    ] = None,
    gallery: Annotated[
        Path | None, typer.Option(help="CSV of the enrolled photos, if no labels of roles do.")
    ] = None,
    enrolled: Annotated[
        int | None, typer.Option(min=1, help="People in that gallery, also outside the cohort.")
    ] = None,
    drawn_by_chance: Annotated[
        bool,
        typer.Option(
            "--drawn-by-chance", help="Listed pairs were drawn without regard to their scores."
        ),
    ] = False,
    name: Annotated[
        str | None, typer.Option(help='Name and version of that matcher, as "Vendor 3.1".')
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="A second model, to compare with on the same photos.")
    ] = None,
    baseline_scores: Annotated[
        Path | None, typer.Option(help="Scores of a second matcher, to compare with.")
    ] = None,
    baseline_distances: Annotated[
        bool, typer.Option("--baseline-distances", help="In that file lower is closer.")
    ] = False,
    baseline_name: Annotated[
        str | None, typer.Option(help="Name and version of the second matcher.")
    ] = None,
    bounds: Annotated[
        Path | None, typer.Option(help="TOML file of bounds; decides the exit code.")
    ] = None,
    rank: Annotated[int, typer.Option(min=1, help="Candidates that a person reviews.")] = 20,
    gallery_size: Annotated[
        int | None,
        typer.Option(
            min=2, help="People in your gallery: how many false leads, who is not listed?"
        ),
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="Bootstrap draws.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Also tell what goes with misses: age, years between photos, quality, tone, sex.",
        ),
    ] = False,
    vector_cache: VectorCache = None,
    memory: Memory = None,
    dry_run: DryRun = False,
) -> None:
    """Measure error rates by group on a cohort and write a report.

    Exits with 7 if a bound is broken, and with 8 if the data do not say whether one is kept.
    """
    from fairness import audit as audit_of
    from fairness import read_bounds
    from fairness.differentials import require_regression
    from fairness.report import require_plots, require_replaceable
    from fairness.verification import require_cosine

    refuse_contradictions(context)
    mine = ScoreFile.of(scores, distances, drawn_by_chance, name)
    theirs = ScoreFile.of(baseline_scores, baseline_distances, drawn_by_chance, baseline_name)
    searches = ListFile.of(lists, distances, gallery, enrolled, name)
    with faults_reported():
        people = read_people(cohort, layout)
        settings = _settings(
            factors=tuple(by.split(",")),
            age_edges=age_edges(ages),
            threshold=threshold,
            **_targets(fmr),
            reference=_reference(fmr_of),
            rank=rank,
            gallery_size=gallery_size,
            draws=draws,
            seed=seed,
            explain=explain,
        )
        _require_factors(people, settings)
        require_replaceable(out.absolute())
        require_place_for_folder("--out", out)
        declared = read_bounds(bounds) if bounds else ()
        if dry_run:
            seen = f", probes through the camera {camera.value}" if camera else ""
            say(f"Would audit {of_people(people)} into {out}{seen}.")
            return
        require_plots()
        if searches is not None:
            report = searches.audit(people, settings, declared)
            raise typer.Exit(_written(report, people, out))
        if explain:
            require_regression()
        cache = vector_cache or memory or out.absolute().with_name(out.name + ".vectors.sqlite")
        # What can be refused is refused before the first photo is embedded.
        if mine is None and threshold is not None:
            require_cosine(threshold)
        read = [None if file is None else file.read(people) for file in (theirs, mine)]
        models = (baseline, model if mine is None else None)
        loaded = _loaded(models, device, precision, detector, camera)
        earlier, made = (
            found if of is None else embedded(people, of, policy, cache, camera)
            for found, of in zip(read, loaded, strict=True)
        )
        new, old, matcher = sides(people, made, earlier)
        say("Counting; the bootstrap takes a while.")
        report = audit_of(
            new,
            settings,
            matcher=matcher,
            facts=facts_of_photos(made, earlier),
            bounds=declared,
            baseline=old,
        )
        raise typer.Exit(_written(report, people, out))


def _written(report: AuditReport, people: Cohort, out: Path) -> int:
    """Write the report; return the exit code."""
    report.write(out)
    doubted = out.absolute().with_name(out.name + ".suspicious.csv")
    if report.write_suspicious(doubted):
        say(f"The scores contradict some labels. Look at {doubted}; do not pass it on.")
    say(f"The report is {out / 'report.html'}.")
    return verdict(report) or unless_refused(people)


def read_people(path: Path, layout: Layout) -> Cohort:
    """Read a cohort; say how it was read, and name each row that was refused."""
    from fairness import read_cohort

    people = read_cohort(path, layout.value)
    for remark in people.remarks:
        say(remark)
    for row in people.refused:
        say(f"Refused: {row.item} {row.why}")
    if people.refused:
        say(f"Rows refused: {len(people.refused)}. The people there are not counted.")
    return people


def unless_refused(people: Cohort) -> Exit:
    """Return the exit code of a measurement on a cohort of which rows may have been refused."""
    return Exit.ATTENTION if people.refused else Exit.DONE


def _require_factors(people: Cohort, settings: AuditSettings) -> None:
    """Refuse factors that the cohort lacks, and groups of the threshold that it cannot have.

    Groups of tone, quality and exposure are known only when the photos are measured.
    """
    from fairness import CohortError

    for factor in settings.factors:
        people.grouping(factor)
    factor, groups = settings.reference or (settings.factors[0], ())
    names = people.grouping(factor, age_edges=settings.age_edges).names
    strange = [group for group in groups if group not in names]
    if strange and not any(word in factor for word in ("tone", "quality", "exposure")):
        raise CohortError(
            f"the groups of {factor} that the threshold is set on",
            rule="are in the cohort",
            got=f"no {strange[0]!r}",
            next_step=f"Choose among: {', '.join(names)}.",
        )


@contextmanager
def faults_reported() -> Iterator[None]:
    """End the command with the message of an error of an audit, or of a file."""
    from fairness import AuditError
    from fairness.errors import MissingExtraError

    try:
        yield
    except MatcherError:
        raise
    except (AuditError, OSError) as error:
        say(f"Error: {error}")
        missing = isinstance(error, MissingExtraError)
        raise typer.Exit(Exit.MISSING_EXTRA if missing else Exit.INPUT) from error


def of_people(cohort: Cohort) -> str:
    """Return how many photos of how many people a cohort has."""
    return f"{counted(len(cohort), 'photo')} of {counted(len(cohort.subjects), 'subject')}"


def embedded(
    people: Cohort,
    extractor: Extractor,
    policy: Policy,
    cache: Path,
    camera: PoorCamera | None = None,
) -> EmbeddedScores:
    """Embed a cohort with a model, with a bar on stderr."""
    from matcher.degradation import CAMERAS
    from matcher.evaluation import embedded_scores
    from matcher.faces import POLICIES

    seen = CAMERAS[camera.value] if camera else None
    with extractor.decoding_apart() as apart, progress() as hook:
        return embedded_scores(people, apart, cache, POLICIES[policy.value], hook, camera=seen)


def _loaded(
    models: Sequence[str | None],
    device: str,
    precision: Precision,
    detector: Finder | None,
    camera: PoorCamera | None,
) -> list[Extractor | None]:
    """Load models; refuse one whose degraded probes cannot be judged, before it sees a photo."""
    loaded = [
        None if of is None else extractor_of(of, device, precision, detector=detector)
        for of in models
    ]
    if camera is not None:
        from matcher.evaluation import require_probes

        for extractor in filter(None, loaded):
            require_probes(extractor.model)
    return loaded


def _settings(**choices: Any) -> AuditSettings:
    from fairness import AuditSettings

    try:
        return AuditSettings(**choices)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def age_edges(text: str | None) -> tuple[float, ...]:
    """Return the lower edges of the age bands, those of the package if none are given."""
    from fairness.cohort import AGE_EDGES

    if text is None:
        return AGE_EDGES
    try:
        edges = tuple(float(edge) for edge in text.split(","))
    except ValueError as error:
        raise typer.BadParameter("edges are numbers separated by commas, as 0,4,13") from error
    if edges[0] != 0 or not all(a < b for a, b in pairwise([*edges, math.inf])):
        raise typer.BadParameter("edges begin at 0 and rise, as 0,4,13")
    return edges


def _targets(text: str) -> dict[str, Any]:
    """Return the false match rate of the threshold, and further ones."""
    try:
        first, *further = (float(rate) for rate in text.split(","))
    except ValueError as error:
        raise typer.BadParameter("--fmr has numbers separated by commas, as 0.001") from error
    return {"fmr": first, "fmrs": tuple(further)}


def _reference(text: str | None) -> tuple[str, tuple[str, ...]] | None:
    if text is None:
        return None
    factor, equals, groups = text.partition("=")
    if not equals or not groups:
        raise typer.BadParameter('groups are named as in "age=18 to under 30|30 to under 50"')
    return factor, tuple(groups.split("|"))


def verdict(report: AuditReport) -> int:
    """Return the exit code that the declared bounds give."""
    from fairness.auditing.acceptance import EXIT_CODES, worst

    if not report.has("acceptance"):
        return Exit.DONE
    outcome = worst(report.table("acceptance").values("outcome"))
    say(f"Declared bounds: {outcome}.")
    return EXIT_CODES[outcome]
