"""Labelled samples, made by generators: honest files, inert hostile ones and broken ones.

Nothing here loads a hostile sample; what a payload would do is touch a canary file or compute a constant.
"""
