"""A node that keeps what the analyzer says."""

import io
from contextlib import contextmanager


class Bytes:
    def __init__(self, data):
        self.data, self.size = data, len(data)

    def read(self, offset, length):
        return self.data[offset : offset + length]

    def open(self):
        return io.BufferedReader(io.BytesIO(self.data))

    @contextmanager
    def view(self):
        yield memoryview(self.data)


class FakeNode:
    def __init__(self, data):
        self.path, self.source, self.depth = "a.pkl", Bytes(data), 0
        self.claims, self.found, self.children = [], [], []

    def claim(self, start, end):
        self.claims.append((start, end))

    def finding(self, rule, *, offset=None, length=None, **evidence):
        self.found.append((rule, offset, evidence))

    def fact(self, name, value):
        pass

    def said(self, name, value):
        pass

    def child(self, name, source, *, expect=None):
        self.children.append((name, source, expect))

    def siblings(self):
        return iter(())

    @property
    def rules(self):
        return {rule for rule, _, _ in self.found}
