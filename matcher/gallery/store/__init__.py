"""The store: one SQLite file that holds the truth of a gallery."""

from matcher.gallery.store.migrations import FORMAT_VERSION
from matcher.gallery.store.schema import as_text, now
from matcher.gallery.store.store import STORE_NAME, Store

__all__ = ["FORMAT_VERSION", "STORE_NAME", "Store", "as_text", "now"]
