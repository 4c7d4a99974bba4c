"""What `matcher reindex share`, `run --shard` and `merge` do, and say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from matcher.cli.console import progress, say
from matcher.cli.options import Finder, Precision, extractor_of
from matcher.cli.reindex.steps import say_counts
from matcher.cli.using import context_for
from matcher.words import counted, some_of

if TYPE_CHECKING:
    from matcher.embedding import Extractor
    from matcher.jobs import JobSettings, Share


def share_of(text: str, remote: bool, report: Path | None, probes: Path | None) -> Share:
    """Return the share that --shard names; refuse options that do not go with it."""
    from matcher.errors import InputError
    from matcher.jobs import Share

    if remote:
        raise typer.BadParameter("--shard and --executor ray are two ways to share a job: take one")
    if report is not None or probes is not None:
        raise typer.BadParameter("--report and --probes need the gallery: give them to `merge`")
    try:
        return Share.of_text(text)
    except InputError as error:
        raise typer.BadParameter(f"--shard {error.rule}; got {error.got}") from error


def deal(gallery: Path, folder: Path, extractor: Extractor, of: int, settings: JobSettings) -> None:
    """Deal the photos of a job into shares."""
    from matcher.jobs import share_out

    with progress() as hook:
        done = share_out(
            gallery,
            folder,
            extractor,
            of=of,
            settings=settings,
            on_progress=hook,
            context=context_for(gallery),
        )
    some = sum(photos > 0 for photos in done.photos)
    say(f"{counted(sum(done.photos), 'photo')} in {counted(of, 'share')}, {some} not empty.")
    say(f"Now, for I from 1 to {of}: matcher reindex run {folder} --shard I/{of} --model MODEL")


def do_share(
    folder: Path,
    share: Share,
    model: str,
    device: str,
    precision: Precision,
    detector: Finder | None,
    settings: JobSettings,
) -> None:
    """Work on one share, with the detector of the plan if no other is named."""
    from matcher.jobs import run_share
    from matcher.jobs.sharing.plan_files import find_folder, read_plan

    planned = read_plan(find_folder(folder)).detector
    if detector is None and planned in list(Finder):
        detector = Finder(planned)
    extractor = extractor_of(model, device, precision, detector=detector)
    with progress() as hook:
        done = run_share(folder, share, extractor, settings=settings, on_progress=hook)
    say(f"Share {share}: {counted(done.worked, 'photo')} in this run, {done.photos} in all.")


def merge(gallery: Path) -> bool:
    """Store what shares have finished; return whether that is everything."""
    from matcher.jobs import merge_shares

    with progress() as hook:
        done = merge_shares(gallery, on_progress=hook, context=context_for(gallery))
    say_counts(done.job)
    for file in done.refused:
        say(f"Refused: {file.name} ({file.reason}); run share {file.share} again.")
    if done.complete:
        return True
    left = sum(one.left for one in done.unfinished)
    say(f"Missing: {counted(left, 'photo')} of {counted(len(done.unfinished), 'share')}.")
    nothing = [str(one.share) for one in done.unfinished if one.left == one.photos]
    begun = [f"{one.share} ({one.left} left)" for one in done.unfinished if one.left < one.photos]
    for what, shares in (("Nothing yet of", nothing), ("Not complete", begun)):
        if shares:
            say(f"{what}: {some_of(shares, 20)}.")
    return False


def has_shadow(gallery: Path) -> bool:
    """Return whether there is something to switch to, or say that there is not."""
    from matcher.gallery.editions import shadow_of

    if shadow_of(gallery) is not None:
        return True
    say("The gallery is of this model, and no photo changed.")
    return False
