"""The report of an audit: a page to read and sign, tables, plots and a record of the run."""
