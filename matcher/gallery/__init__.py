"""Vectors and records on disk: the store is the truth, the FAISS index is derived."""
