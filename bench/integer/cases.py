"""What the scripts of this folder share: images, networks, number formats, instruction sets, calls.

LATHE_DATA_DIR names the folder of real data (cifar10/*.bin, mnist/*.gz, checkpoints/). Without it images
are random bytes and no network has trained weights. LATHE names another executable than the release build.
"""
import dataclasses
import json
import os
import random
import struct
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
lathe = os.environ.get("LATHE", os.path.join(here, "../../build/release/bin/lathe"))
data_dir = os.environ.get("LATHE_DATA_DIR")
if data_dir is None:
    print("LATHE_DATA_DIR is not set: images are random bytes\n")

# Highest first: what a processor has to say in /proc/cpuinfo for DNNL_MAX_CPU_ISA to mean it.
INSTRUCTIONS = {
    "AVX512_CORE_AMX": "amx_int8",
    "AVX512_CORE_VNNI": "avx512_vnni",
    "AVX2_VNNI": "avx_vnni",
    "AVX512_CORE": "avx512bw",
    "AVX2": "avx2",
}


def processor():
    """Its name and its flags."""
    name, flags = "?", set()
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                name = value.strip()
            elif key.strip() == "flags":
                flags = set(value.split())
    return name, flags


def instruction_sets():
    """The values of DNNL_MAX_CPU_ISA to measure: those the machine has, or those that INSTRUCTIONS names."""
    if "INSTRUCTIONS" in os.environ:
        return os.environ["INSTRUCTIONS"].split(",")
    name, flags = processor()
    there = [isa for isa, flag in INSTRUCTIONS.items() if flag in flags]
    missing = [isa for isa in INSTRUCTIONS if isa not in there]
    print("%s; has %s%s\n" % (name, ", ".join(there), "; lacks %s: no rows" % ", ".join(missing) if missing else ""))
    return there


def environment(isa=None, threads=1):
    out = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    if isa is not None:
        out["DNNL_MAX_CPU_ISA"] = isa
    return out


def cpu_seconds(words, isa):
    """User plus system seconds of a whole process on one thread."""
    process = subprocess.Popen(words, env=environment(isa), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit("%s\n%s" % (" ".join(words), error))
    return used.ru_utime + used.ru_stime


def command(*words, threads=1):
    return [lathe, *words, "--cpu", str(threads), "--json", "--no-warnings"]


def call(*words, isa=None, threads=1):
    """What `lathe ... --json` prints."""
    run = subprocess.run(command(*words, threads=threads), env=environment(isa, threads), capture_output=True,
                         text=True)
    if run.returncode != 0:
        sys.exit("%s\n%s" % (" ".join(words), run.stderr))
    return json.loads(run.stdout)


@dataclasses.dataclass
class Images:
    """Files of a data set: one that formats are calibrated and networks trained on, one to test."""
    train: str
    test: str
    kind: str = "cifar10"

    def dataset(self, copies=1):
        files = ",".join([self.test] * copies)
        return "%s<train=[%s],validation=[%s],test=[%s]>" % (self.kind, self.train, files, files)


def random_records(path, rows):
    """Records of CIFAR-10 whose bytes mean nothing."""
    draw = random.Random(rows)
    with open(path, "wb") as file:
        for row in range(rows):
            file.write(bytes([row % 10]) + draw.randbytes(3072))
    return path


def cifar10(folder):
    if data_dir is not None:
        return Images(os.path.join(data_dir, "cifar10/train_2000.bin"),
                      os.path.join(data_dir, "cifar10/all_test_846.bin"))
    return Images(random_records(os.path.join(folder, "train.bin"), 2000),
                  random_records(os.path.join(folder, "test.bin"), 846))


def random_digits(folder, part, rows):
    """Files of MNIST's form whose bytes mean nothing."""
    path = os.path.join(folder, part + "-images-idx3-ubyte")
    with open(path, "wb") as file:
        file.write(struct.pack(">4i", 0x803, rows, 28, 28) + random.Random(rows).randbytes(rows * 28 * 28))
    with open(path.replace("images-idx3", "labels-idx1"), "wb") as file:
        file.write(struct.pack(">2i", 0x801, rows) + bytes(row % 10 for row in range(rows)))
    return path


def mnist(folder):
    if data_dir is not None:
        return Images(os.path.join(data_dir, "mnist/sub-train2000-images-idx3-ubyte.gz"),
                      os.path.join(data_dir, "mnist/t10k-images-idx3-ubyte.gz"), "mnist")
    return Images(random_digits(folder, "train", 2000), random_digits(folder, "test", 1000), "mnist")


def checkpoint(model):
    """The file of trained weights of a model, or none."""
    names = {"resnet20": "akamaster__resnet20-12fca82f.th", "resnet56": "akamaster__resnet56-4bfd9763.th",
             "mnist-cnn": "burn__mnist.pt"}
    if data_dir is None or model not in names:
        return None
    return os.path.join(data_dir, "checkpoints", names[model])


def quantize(bits, form="integer"):
    """The pass: weights and inputs of all layers in one format, biases in float."""
    operands = ["%s.%s={name=%s,width=%d}" % (op, role, form, bits)
                for op in ("linear", "conv2d") for role in ("weight", "data_in")]
    return "quantize<by=type,%s,calibration=range>" % ",".join(operands)


def saved(model, images, passes, folder, name, weights=None):
    """The network after the passes, in a folder that --load takes; by default with its checkpoint's weights."""
    weights = weights or checkpoint(model)
    call("transform", model, images.dataset(), *(["--load", weights] if weights else []),
         "--passes", ",".join([*passes, "save_graph<save_dir=%s>" % os.path.join(folder, name)]),
         "--project-dir", folder, "--project", name + "_run")
    return os.path.join(folder, name)


def why_on_floats(result):
    """Why no layer of what ran was computed on integers; none if some were."""
    return result["provenance"]["integer_kernels"].get("reason")


def instructions_told(result):
    """What bytes were multiplied with and in how many of the quantized layers, or why in none."""
    part = result["provenance"]["integer_kernels"]
    on_integers, on_floats = part.get("on_integers", {}), part.get("on_floats", {})
    return part.get("reason") or "%s: %d of %d layers" % (part["instructions"], len(on_integers),
                                                          len({**on_integers, **on_floats}))


def table(head, rows):
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)
