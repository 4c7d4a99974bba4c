"""Probe and leads side by side, as one self-contained HTML file for a person to review."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

from matcher.errors import MatcherError
from matcher.photos import Photo, load_photo
from matcher.search.candidates import Candidate, CandidateList

_THUMBNAIL = 144  # px, longest side
_CAUTION = (
    "Leads for a person to review. A score says how alike two pictures are to this model; "
    "it is not a probability and does not establish identity."
)
_FALSE_LEADS = (
    "Expected false leads count the faces of other people of the probe's age and sex that would "
    "score at least as high in a gallery of this size. They say nothing about a candidate."
)
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; }
.caution { border-left: 4px solid #b58900; background: var(--soft); padding: .6rem .9rem; }
section { border-top: 1px solid var(--line); padding: 1rem 0; display: flex; gap: 1rem; }
.probe { flex: 0 0 168px; } .probe img { outline: 3px solid #268bd2; }
.leads { display: flex; flex-wrap: wrap; gap: .9rem; align-content: flex-start; }
figure { margin: 0; width: 144px; break-inside: avoid; }
figcaption { font-size: .82rem; overflow-wrap: anywhere; }
.missing { width: 144px; height: 144px; display: grid; place-items: center; background: var(--soft);
  font-size: .8rem; text-align: center; }
.note { flex-basis: 100%; margin: 0; font-size: .82rem; }
.marked img, .marked .missing { outline: 3px solid #2aa198; }
@media print { section { break-inside: avoid; } body { margin: 0; max-width: none; } }
"""


def write_sheet(
    path: Path,
    probes: Sequence[Path],
    results: Sequence[CandidateList],
    *,
    title: str,
    note: str = "",
    mates: Sequence[str | None] = (),
) -> None:
    """Write one HTML file with each probe, its candidates and their scores; pictures are inside.

    Parameters
    ----------
    path
        File to write; replaced when it is there.
    probes, results
        The photos that were searched for and their lists, in the same order.
    title
        Heading of the page.
    note
        A line under the heading, for instance where the pictures come from.
    mates
        For demonstrations and tests: the true subject of each probe, which is then marked.
    """
    known = list(mates) or [None] * len(probes)
    sections = map(_section, probes, results, known)
    calibrated = any(result.calibration is not None for result in results)
    caution = f"{_CAUTION} {_FALSE_LEADS}" if calibrated else _CAUTION
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f'<h1>{escape(title)}</h1><p>{escape(note)}</p><p class="caution">{caution}</p>'
        f"{''.join(sections)}</html>"
    )
    path.write_text(page, encoding="utf-8")


def _section(probe: Path, result: CandidateList, mate: str | None) -> str:
    leads = "".join(_figure(item, item.subject.subject_id == mate) for item in result)
    if not leads:
        leads = f"<p>{escape(str(result).splitlines()[0])}</p>"
    footnotes = "".join(f"<br>{escape(str(item))}" for item in result.exclusions)
    cautions = "".join(f'<p class="note">{escape(note)}</p>' for note in result.cautions())
    return (
        f'<section><div class="probe"><figure>{_picture(probe, "probe")}<figcaption>'
        f"<strong>Probe</strong> {escape(probe.name)}<br>{result.searched_subjects} subjects "
        f'searched{footnotes}</figcaption></figure></div><div class="leads">{leads}'
        f"{cautions}</div></section>"
    )


def _figure(candidate: Candidate, marked: bool) -> str:
    gap = candidate.age_gap
    years = (
        ""
        if gap is None
        else f"<br>probe {abs(gap):.1f} years {'later' if gap >= 0 else 'earlier'}"
    )
    false = candidate.expected_false_leads
    others = "" if false is None else f"<br>false leads expected this close: {false}"
    reference = Path(candidate.photos[0].photo.reference)
    return (
        f'<figure class="{"marked" if marked else "lead"}">{_picture(reference, "lead")}'
        f"<figcaption><strong>{candidate.rank}.</strong> "
        f"{escape(candidate.subject.subject_id)}{' (mate)' if marked else ''}<br>"
        f"score {candidate.score:.3f}{years}{others}</figcaption></figure>"
    )


def _picture(path: Path, role: str) -> str:
    try:
        encoded = _thumbnail(load_photo(path))
    except MatcherError as error:
        return f'<div class="missing">{escape(error.code.replace("_", " "))}</div>'
    return f'<img alt="{role}" src="data:image/jpeg;base64,{encoded}">'


def _thumbnail(photo: Photo) -> str:
    from PIL import Image

    image = Image.fromarray(photo.pixels)
    image.thumbnail((_THUMBNAIL, _THUMBNAIL))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
