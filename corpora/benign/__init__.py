"""Honest files, written by the real libraries."""
