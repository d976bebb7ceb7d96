"""Adapters: one file per way of turning a model file into something that predicts."""
