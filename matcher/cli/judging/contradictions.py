"""Options of an audit that exclude each other, or that need another one."""

from __future__ import annotations

import typer

_EXCLUDE = (
    ("threshold", "baseline", "it is of one matcher, and two are compared at one --fmr"),
    ("threshold", "baseline-scores", "it is of one matcher, and two are compared at one --fmr"),
    ("baseline", "baseline-scores", "there is one baseline"),
    ("model", "scores", "one matcher is judged; --baseline compares it with a model"),
    *(
        ("camera", other, "it takes pictures of photos, and a file has scores of its own")
        for other in ("scores", "baseline-scores", "lists")
    ),
    *(
        ("lists", other, "lists of candidates are audited alone, at one threshold")
        for other in ("scores", "model", "baseline", "baseline-scores", "fmr", "fmr-of")
    ),
)
_NEED = (
    ("lists", ("threshold",), "no false match rate follows from lists, to set one by"),
    ("gallery", ("lists",), "the gallery of other searches is drawn, or stated by roles"),
    ("enrolled", ("lists",), "other galleries hold people of the cohort only"),
    ("distances", ("scores", "lists"), "the numbers of that file are distances"),
    ("drawn-by-chance", ("scores", "baseline-scores"), "the pairs of a file were drawn"),
    ("name", ("scores", "lists"), "a model states its own name"),
    ("baseline-distances", ("baseline-scores",), "the numbers of that file are distances"),
    ("baseline-name", ("baseline-scores",), "a model states its own name"),
)


def refuse_contradictions(context: typer.Context) -> None:
    """Refuse options of an audit that contradict each other, before any work.

    Raises
    ------
    typer.BadParameter
        If two options exclude each other, or an option lacks one that it needs.
    """
    sources = {name: context.get_parameter_source(name) for name in context.params}
    typed = {
        name.replace("_", "-")
        for name, source in sources.items()
        if source is not None and source.name == "COMMANDLINE"
    }
    for one, other, why in _EXCLUDE:
        if {one, other} <= typed:
            raise typer.BadParameter(f"--{one} does not go with --{other}: {why}")
    for one, needed, why in _NEED:
        if one in typed and typed.isdisjoint(needed):
            names = " or ".join(f"--{name}" for name in needed)
            raise typer.BadParameter(f"--{one} needs {names}: {why}")
