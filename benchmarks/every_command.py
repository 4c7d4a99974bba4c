"""The commands whose figures the documentation quotes, by the name of their file of results.

The first word is a script of this folder; {fgnet}, {lfw}, {fairface}, {across} and {scratch} are
the paths that `every.py` is given.
"""

COMMANDS = {
    "beside_peers": "beside_peers.py --fgnet {fgnet}",
    "odds_coverage": "odds_coverage.py",
}
