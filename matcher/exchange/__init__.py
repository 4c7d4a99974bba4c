"""What agencies pass on about photos: lists of hashes, and VICS files."""

from matcher.exchange.hash_check import HashCheck, ListedPhoto, check_folder, check_gallery
from matcher.exchange.hash_export import COLUMNS, ExportedHashes, export_hashes
from matcher.exchange.hash_filling import FilledHashes, fill_hashes
from matcher.exchange.vics_export import VicsExport, export_vics
from matcher.exchange.vics_import import VicsImport, import_vics

__all__ = [
    "COLUMNS",
    "ExportedHashes",
    "FilledHashes",
    "HashCheck",
    "ListedPhoto",
    "VicsExport",
    "VicsImport",
    "check_folder",
    "check_gallery",
    "export_hashes",
    "export_vics",
    "fill_hashes",
    "import_vics",
]
