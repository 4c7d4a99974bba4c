"""Error rates with honest intervals, by group. Knows scores and labels, nothing of any matcher."""
