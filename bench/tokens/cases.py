"""What the scripts of this folder share: the network, rows of tokens, calls, tables.

LATHE_DATA_DIR names the folder of real data: llama/ in it has config.json and model.safetensors. LATHE names
another executable than the release build.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy

here = os.path.dirname(os.path.abspath(__file__))
golden = os.path.join(here, "../../tests/golden/own_networks")
lathe = os.environ.get("LATHE", os.path.join(here, "../../build/release/bin/lathe"))
# Debian's own, whose torch is the peer.
python = "/usr/bin/python3"
peer = [python, os.path.join(here, "peer.py")]
LENGTH = 100


def llama():
    if "LATHE_DATA_DIR" not in os.environ:
        sys.exit("LATHE_DATA_DIR is not set: it names the folder of data, whose llama/ has the network")
    return os.path.join(os.environ["LATHE_DATA_DIR"], "llama")


def random_rows(path, rows, vocabulary, length=LENGTH):
    numpy.save(path, numpy.random.default_rng(0).integers(0, vocabulary, (rows, length), numpy.int32))
    return path


def usage(words):
    """What a whole process on one thread used (getrusage), and what it printed."""
    environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as error:
        process = subprocess.Popen(words, env=environment, stdout=said, stderr=error)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        for file in (said, error):
            file.seek(0)
        if process.returncode != 0:
            sys.exit("%s\n%s" % (" ".join(words), error.read()))
        return used, said.read()


def cpu_seconds(words):
    used, _ = usage(words)
    return used.ru_utime + used.ru_stime


def command(*words):
    return [lathe, *words, "--cpu", "1", "--json", "--no-warnings"]


def told(words):
    return json.loads(usage(words)[1])


def table(head, rows):
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)
