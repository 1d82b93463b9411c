"""Writes python_text.json: values, and how Python prints them: pprint.saferepr(), which is repr() with sorted
keys, and pprint.pformat()."""

import json
import os
import pprint

words = "the quick brown fox jumps over the lazy dog and does not come back before it is dark "
VALUES = [
    None, True, False, 0, -7, 9223372036854775807,
    0.0, -0.0, 1.0, 0.1, 1e-05, 0.0001, 1e16, 123456789012345.6, 1e15, 1.5e300, 5e-324, -2.5,
    3.4028234663852886e+38, 100.0,
    "", "plain", "it's", 'say "so"', "both ' and \"", "tab\tline\nend\r", "back\\slash",
    "\x00\x1f\x7f", "caf\u00e9 \u4e2d\u6587 \U0001f600", "\u00a0\u2028\ufeff\u200b\u00ad",
    [], {}, [[]], [{}], {"a": {}}, {"b": 1, "a": 2}, [None, True, 1.0, "x"],
    [8, 16], list(range(30)), [list(range(20)), list(range(3))], [["x" * 30] * 2, ["y" * 30] * 3],
    {"key_%d" % i: i for i in range(12)},
    {"args": {"data_in_0": {"precision": [32], "shape": [8, 16], "type": "float"}},
     "mase_op": "relu", "results": {"data_out_0": {"shape": [8, 16], "type": "float"}}},
    {"a": list(range(40)), "b": {"c": [1] * 40, "d": {"e": "f" * 70}}},
    words * 2, {"text": words * 2}, [words * 2, "short"], {"t": "x" * 100}, "y" * 100,
    "one line\nanother line\n" * 5, {"lines": "one line\nanother line\n" * 5},
    {"deep": {"deeper": {"deepest": [words, [words, {"x": words}]]}}},
    {"caf\u00e9 " * 4: ["\u4e2d\u6587" * 12, "\u4e2d\u6587" * 30]},
    {"n": [0.1 * i for i in range(20)]},
    [{"stat": {"variance_online": {"mean": 0.5, "variance": 1e-07, "count": 8}}}] * 2,
    "a" * 76, "a" * 77, "a" * 78, "a" * 79, ["a" * 75], ["a" * 76], ["a" * 77],
    {"k": "a" * 72}, {"k": "a" * 73}, {"k": "a" * 71, "l": 1}, {"k": "a" * 72, "l": 1},
    "words that " * 7, "words that  " * 7, " leading and   wide   spaces " * 4,
    {"k": "it's " * 30}, {"k": "tab\t" * 30}, {"k": "\u2028".join(["part of it"] * 10)},
]

folder = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, "python_text.json"), "w") as file:
    rows = [{"value": v, "repr": pprint.saferepr(v),
             "pformat": pprint.pformat(v), "narrow": pprint.pformat(v, width=30)} for v in VALUES]
    json.dump({"source": "pprint.saferepr() and pformat() of Python 3.11; narrow: width 30",
               "rows": rows}, file, indent=1)
    file.write("\n")
