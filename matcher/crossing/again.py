"""Leads that were found earlier, with what the galleries say of them now."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from matcher.crossing.judging import Judge, Side, leads_of
from matcher.crossing.leads import CrossLead
from matcher.crossing.pair_file import KeptPair
from matcher.crossing.rule import LeadRule
from matcher.crossing.scores import cosines
from matcher.gallery import Gallery


def leads_again(
    rule: LeadRule, first: Gallery, second: Gallery, pairs: Collection[tuple[int, int]]
) -> tuple[CrossLead, ...]:
    """Return the leads of pairs of faces that were close enough once, whatever the rule says now.

    Under a calibration the lowest score rises when the gallery grows, so that a lead that nobody
    has seen yet would get lost.

    Parameters
    ----------
    rule
        The rule, for the number of false leads to expect.
    first, second
        The two galleries.
    pairs
        Ids of a face of each. Pairs of which one was removed or is of a hidden subject, or that are
        of one identifier now, are left out.
    """
    sides = first.faces({one for one, _ in pairs}), second.faces({other for _, other in pairs})
    there = [(one, other) for one, other in pairs if one in sides[0] and other in sides[1]]
    if not there:
        return ()
    left, right = (
        np.stack([side[pair[place]].vector for pair in there]) for place, side in enumerate(sides)
    )
    kept = [
        KeptPair(*pair, score, reported=False)
        for pair, score in zip(there, cosines(left, right).tolist(), strict=True)
    ]
    galleries = first, second
    hidden = [frozenset(one.subject_id for one in gallery.hidden()) for gallery in galleries]
    judge = Judge(
        rule,
        *(
            Side.of_pairs(gallery, gallery.moment, side.keys(), left_out)
            for gallery, side, left_out in zip(galleries, sides, hidden, strict=True)
        ),
    )
    close = judge.close_subjects(kept, at_any_score=True)
    shown = {pair: one for pair, one in close.items() if not judge.hidden_in(pair)}
    return tuple(leads_of(judge, shown, dict.fromkeys(shown, 1), galleries))
