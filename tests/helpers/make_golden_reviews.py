"""Write a governed gallery with reviewed leads; run once for each version of a format.

PYTHONPATH=tests/helpers python tests/helpers/make_golden_reviews.py FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import made_casework

from matcher.casework import Opinion, Review, erase_review_texts

PEOPLE = ("ana", "bo", "cy")


def main(folder: Path) -> None:
    """Write the gallery, and what each person could read."""
    folder.mkdir()
    path = made_casework.gallery_at(folder / "gallery", 6)
    made_casework.search(path, top=4)
    with made_casework.casework_of(path, "ana") as casework:
        decided, reopened, alone, _ = [lead.lead_id for lead in casework.leads()]
        marks = {"nose/tip": "similar", "chin/jaw": "not visible"}
        casework.review(decided, Opinion("candidate", "ear lobes", marks, "page 2"))  # type: ignore[arg-type]
        withdrawn = casework.review(reopened, Opinion("inconclusive", "too dark"))
        casework.review(alone, Opinion("candidate", "alone"))
        casework.keep_probe(b"a probe")
    made_casework.say(path, "bo", decided, "no candidate")
    made_casework.say(path, "cy", decided, "inconclusive")
    made_casework.say(path, "bo", reopened, "inconclusive")
    with made_casework.casework_of(path, "ana") as casework:
        casework.withdraw(withdrawn.review_id, "the wrong photo")
    erase_review_texts(path, [alone])
    expected = {person: read_by(path, person) for person in PEOPLE}
    for left in ("log.lock", "reviews.lock", "casework.sqlite-journal"):
        (path / "casework" / left).unlink(missing_ok=True)
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


def read_by(path: Path, person: str) -> list[dict[str, Any]]:
    """Return all that one person can read of leads and opinions."""
    with made_casework.casework_of(path, person) as casework:
        return [
            {
                **lead.row(),
                "steps": [step.state for step in lead.steps],
                "opinions": [_row(one) for one in casework.opinions(lead.lead_id)],
            }
            for lead in casework.leads()
        ]


def _row(review: Review) -> dict[str, Any]:
    opinion = review.opinion
    return {
        "number": review.review_id,
        "reviewer": review.reviewer,
        "at": review.at.isoformat(),
        "part": review.part,
        "outcome": opinion and opinion.outcome,
        "reason": review.reason,
        "marks": dict(opinion.checklist) if opinion else {},
        "notes": opinion.notes if opinion else "",
        "withdraws": review.withdraws,
        "record": review.log_number,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
