"""The index in a file that is mapped: its rows, their codes, and the layout of the file."""

from matcher.gallery.index.mapped.index_file import (
    empty_rows,
    read_index,
    remove_index,
    write_index,
)
from matcher.gallery.index.mapped.index_header import (
    INDEX_NAME,
    IndexHeader,
    index_files,
    index_name,
    index_parts,
    is_index_file,
    read_header,
)
from matcher.gallery.index.mapped.kinds import (
    AUTO,
    FORMER_KINDS,
    KINDS,
    choose_kind,
    new_index,
    outgrown,
)
from matcher.gallery.index.mapped.rows import AlteredRowsError, Rows
from matcher.gallery.index.mapped.table_index import CodedIndex, TableIndex

__all__ = [
    "AUTO",
    "FORMER_KINDS",
    "INDEX_NAME",
    "KINDS",
    "AlteredRowsError",
    "CodedIndex",
    "IndexHeader",
    "Rows",
    "TableIndex",
    "choose_kind",
    "empty_rows",
    "index_files",
    "index_name",
    "index_parts",
    "is_index_file",
    "new_index",
    "outgrown",
    "read_header",
    "read_index",
    "remove_index",
    "write_index",
]
