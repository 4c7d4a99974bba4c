"""How rows, and the progress of long steps, are written as plain text."""

from matcher.cli.printing.step_lines import StepLines
from matcher.cli.printing.tables import chosen, fit, record_lines, table_lines

__all__ = [
    "StepLines",
    "chosen",
    "fit",
    "record_lines",
    "table_lines",
]
