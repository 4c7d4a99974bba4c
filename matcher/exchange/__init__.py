"""What agencies pass on about photos: lists of hashes, and VICS files."""

from matcher.exchange.hash_check import HashCheck, ListedPhoto, check_folder, check_gallery
from matcher.exchange.hash_export import COLUMNS, ExportedHashes, export_hashes
from matcher.exchange.hash_filling import FilledHashes, fill_hashes

__all__ = [
    "COLUMNS",
    "ExportedHashes",
    "FilledHashes",
    "HashCheck",
    "ListedPhoto",
    "check_folder",
    "check_gallery",
    "export_hashes",
    "fill_hashes",
]
