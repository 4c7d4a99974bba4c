"""The index: one protocol and several kinds, in a file or on a server; made from the store."""

from matcher.gallery.index.kinds import check_kind
from matcher.gallery.index.local_index import LocalIndex
from matcher.gallery.index.mapped import (
    INDEX_NAME,
    KINDS,
    IndexHeader,
    Rows,
    TableIndex,
    choose_kind,
    index_files,
    index_name,
    index_parts,
    is_index_file,
    new_index,
    read_header,
    read_index,
    remove_index,
    write_index,
)
from matcher.gallery.index.opening import check_sealable, open_index
from matcher.gallery.index.paged_scan import Page, scan
from matcher.gallery.index.protocol import FaceIndex, IndexKind
from matcher.gallery.index.ranking import (
    best,
    checked_query,
    checked_vectors,
    rerank,
)
from matcher.gallery.index.remote_index import RemoteIndex
from matcher.gallery.index.served_index import ServedIndex
from matcher.gallery.index.servers import SERVERS, is_served

__all__ = [
    "INDEX_NAME",
    "KINDS",
    "SERVERS",
    "FaceIndex",
    "IndexHeader",
    "IndexKind",
    "LocalIndex",
    "Page",
    "RemoteIndex",
    "Rows",
    "ServedIndex",
    "TableIndex",
    "best",
    "check_kind",
    "check_sealable",
    "checked_query",
    "checked_vectors",
    "choose_kind",
    "index_files",
    "index_name",
    "index_parts",
    "is_index_file",
    "is_served",
    "new_index",
    "open_index",
    "read_header",
    "read_index",
    "remove_index",
    "rerank",
    "scan",
    "write_index",
]
