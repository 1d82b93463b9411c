"""Writes the rows both sides of the benchmark read: jet-shaped Gaussian clusters, as CSV.

    make_data.py FOLDER TRAIN_ROWS VALIDATION_ROWS
"""
import sys

import numpy as np


def rows(rng, centres, count):
    labels = rng.integers(0, len(centres), count)
    samples = centres[labels] + 1.5 * rng.normal(size=(count, centres.shape[1]))
    return np.column_stack([samples, labels])


def main():
    folder, train, validation = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(5, 16))
    header = ",".join(f"x{i}" for i in range(16)) + ",label"
    for name, count in (("train", train), ("validation", validation)):
        np.savetxt(f"{folder}/{name}.csv", rows(rng, centres, count), delimiter=",",
                   fmt=["%.7g"] * 16 + ["%d"], header=header, comments="")


main()
