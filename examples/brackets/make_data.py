#!/usr/bin/env python3
"""Brackets that balance, and brackets that nearly do: sequences of tokens for a transformer-encoder.

    make_data.py FOLDER [SEED]

writes train.npz, validation.npz and test.npz: x, int64 [rows, 12], and y, 1 where all brackets match. Tokens: 0 is
padding, 1 to 6 are ( ) [ ] { }. Half of the rows balance, nested three deep at most. The others are one change away
from such a row, each as often: two brackets exchanged, which leaves all counts as they are, one turned around, or one
of another kind. Both classes have 10 and 12 brackets equally often, and no row comes twice, in whatever file.
"""
import os
import sys

import numpy

LENGTHS = (10, 12)
DEPTH = 3  # of a row that balances
ROWS = {"train": 12288, "validation": 1024, "test": 2048}
PARTNER = {1: 2, 3: 4, 5: 6}
OPENING, CLOSING = tuple(PARTNER), tuple(PARTNER.values())
TURNED = PARTNER | dict(zip(CLOSING, OPENING))


def balanced(rng, length):
    """Opens or closes by the flip of a coin wherever both are possible."""
    row, stack = [], []
    while len(row) < length:
        must_close = len(stack) in (DEPTH, length - len(row))
        if stack and (must_close or rng.random() < 0.5):
            row.append(PARTNER[stack.pop()])
        else:
            stack.append(int(rng.choice(OPENING)))
            row.append(stack[-1])
    return row


def is_balanced(row):
    stack = []
    for token in row:
        if token in PARTNER:
            stack.append(token)
        elif not stack or PARTNER[stack.pop()] != token:
            return False
    return not stack


def changed(rng, row):
    """One change away from `row`, and not balanced."""
    change = int(rng.integers(3))
    while True:
        other = list(row)
        first, second = rng.choice(len(row), 2, replace=False)
        if change == 0:
            other[first], other[second] = other[second], other[first]
        elif change == 1:
            other[first] = TURNED[other[first]]
        else:
            other[first] = int(rng.choice(OPENING if other[first] in PARTNER else CLOSING))
        if not is_balanced(other):
            return other


def distinct(count, draw):
    """`count` rows, padded, of lengths in turn."""
    known = {}
    for length in (LENGTHS[place % len(LENGTHS)] for place in range(count)):
        before = len(known)
        while len(known) == before:
            known[tuple(draw(length)) + (0,) * (LENGTHS[-1] - length)] = True
    return numpy.array(list(known), numpy.int64)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    rng = numpy.random.default_rng(int(sys.argv[2]) if len(sys.argv) == 3 else 0)
    os.makedirs(sys.argv[1], exist_ok=True)
    half = sum(ROWS.values()) // 2
    good = rng.permutation(distinct(half, lambda length: balanced(rng, length)))
    bad = rng.permutation(distinct(half, lambda length: changed(rng, balanced(rng, length))))
    begin = 0
    for split, count in ROWS.items():
        part = slice(begin, begin + count // 2)
        begin = part.stop
        x = numpy.stack([good[part], bad[part]], axis=1).reshape(count, -1)  # one of each in turn
        numpy.savez(os.path.join(sys.argv[1], split + ".npz"), x=x, y=(numpy.arange(count) + 1) % 2)


main()
