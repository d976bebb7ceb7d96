"""word2vec's binary vectors: a line with two counts, then words, each with a blank and its numbers behind it.

After word2vec.c and gensim's keyedvectors.py: the first ends each vector with a line feed, the second does not. The
numbers themselves are not looked at.
"""

from __future__ import annotations

import re

from quarantine.formats.interface import Malformed, Node, Source

_HEAD = re.compile(rb"([1-9]\d{0,9}) ([1-9]\d{0,4})\n")
_WORD_LIMIT = 1 << 12
_CONTROL = frozenset(range(9)) | frozenset(range(14, 32))


class Word2Vec:
    """Vectors in binary; those written as text are text."""

    name = "word2vec"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Two counts that fit the file, and numbers that are no text behind the first word."""
        match = _HEAD.match(head)
        if match is None:
            return False
        count, width = int(match[1]), 4 * int(match[2])
        blank = head.find(b" ", match.end())
        first = source.read(blank + 1, width) if blank > 0 else b""
        return source.size >= match.end() + count * (width + 2) and not _CONTROL.isdisjoint(first)

    def read(self, node: Node) -> None:
        """Follow every word to the end of the file."""
        match = _HEAD.match(node.source.read(0, 32))
        if match is None:
            raise Malformed("the counts are missing", offset=0)
        count, width = int(match[1]), 4 * int(match[2])
        at = match.end()
        with node.source.view() as data:
            for _ in range(count):
                start = at + (bytes(data[at : at + 1]) == b"\n")
                near = bytes(data[start : start + 64])
                blank = near.find(b" ")
                if blank < 0:
                    blank = bytes(data[start : start + _WORD_LIMIT]).find(b" ")
                if blank < 1 or start + blank + 1 + width > len(data):
                    raise Malformed(
                        "a word is empty or longer than any, or its numbers are cut off", offset=start
                    )
                at = start + blank + 1 + width
            at += bytes(data[at : at + 2]) == b"\n"
        node.claim(0, at)
        node.fact("words", count)
