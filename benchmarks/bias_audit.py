"""The bias audit: error rates by age, sex, skin tone and more, as a report with intervals.

    python benchmarks/bias_audit.py COHORT --out results/audit [--by age,sex,age*sex] …

The same command as `matcher audit`; all options: python benchmarks/bias_audit.py --help.
"""

from __future__ import annotations

import sys

from matcher.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["audit"]
    main()
