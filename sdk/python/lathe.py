"""Your own PyTorch network in Lathe: `lathe.save(module, example_input, "folder")`.

Writes the form in which Lathe saves networks (graph.json, model.safetensors) under torch.fx's node
names and PyTorch's parameter names. Needs torch (1.13 or newer) and nothing else; `run` and `study`
do not even need that. docs/own-networks.md tells what can be saved.

    import lathe
    lathe.save(net, torch.zeros(2, 3, 32, 32), "net")
    report = lathe.run(["transform", "net", "--passes", "flops"])
"""
import ast
import contextlib
import ctypes
import functools
import inspect
import itertools
import json
import math
import operator
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import namedtuple

try:
    import torch
    import torch.fx
    import torch.nn.functional as F
    from torch import nn

    _Proxy, _Tracer, _call_module = (
        torch.fx.Proxy,
        torch.fx.Tracer,
        torch.fx._symbolic_trace._orig_module_call,
    )
except ImportError:
    torch, _Proxy, _Tracer = None, object, object

__all__ = ["save", "run", "study", "Error", "NotExpressible", "Problem", "Study"]

DIALECT = 6  # of the op table that graph.json is written in

Problem = namedtuple("Problem", "module node reason place")
Problem.__doc__ = """One thing that keeps a network from being saved: the path of the module that it
is in ("" for the outermost), the node (None: no node), the reason, and "file.py:12" or None."""

Study = namedtuple("Study", "storage study_name")
Study.__doc__ = "Where a search keeps its trials: optuna.load_study(**lathe.study(run)._asdict())."


class Error(RuntimeError):
    """The command failed. The text is its last line on stderr, the error; `code` its exit code
    (None: it could not be started), `output` all of stderr, `result` the JSON that it printed."""

    def __init__(self, message, code=None, command=(), output="", result=None):
        super().__init__(message)
        self.code, self.command, self.output, self.result = code, list(command), output, result


class NotExpressible(ValueError):
    """The network has parts that Lathe has no form for: `problems` lists all of them."""

    def __init__(self, problems):
        self.problems = list(dict.fromkeys(problems))
        super().__init__(
            "\n  ".join(["the network cannot be saved:"] + [_sentence(p) for p in self.problems])
        )


def _sentence(problem):
    where = [f"module '{problem.module}'" if problem.module else "the outermost module"]
    if problem.node:
        where.append(f"node '{problem.node}'")
    if problem.place:
        where.append(problem.place)
    return f"{', '.join(where)}: {problem.reason}"


# ---- the command ---------------------------------------------------------------------------------


def run(arguments, show=False):
    """Calls `lathe` with these words and --json, and returns what it printed, parsed.

    eg: run(["transform", "net", "--passes", "flops"])["metrics"]. The executable is that of the
    environment variable LATHE, else the one on PATH, else the one this file was installed with.
    `show` passes on what it says on stderr as it comes. What fails raises Error."""
    if isinstance(arguments, (str, bytes)):
        raise TypeError('a list of words is wanted, eg: run(["list", "model"])')
    words = [os.fspath(word) if isinstance(word, os.PathLike) else str(word) for word in arguments]
    command = [_executable()] + words + ([] if "--json" in words else ["--json"])
    said = []
    with tempfile.TemporaryFile() as out:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE
            )
        except OSError as error:
            raise Error(
                f"'{command[0]}' cannot be started: {error.strerror}", None, command
            ) from error
        reader = threading.Thread(target=_listen, args=(process.stderr, said, show), daemon=True)
        reader.start()
        _wait(process)
        reader.join()
        out.seek(0)
        printed = out.read().decode("utf-8", "replace")
    result = _parsed(printed)
    output = "".join(said)
    if process.returncode != 0:
        lines = [line for line in output.splitlines() if line.strip()]
        text = (
            lines[-1]
            if lines
            else f"'{' '.join(command)}' said nothing and ended with {process.returncode}"
        )
        raise Error(text, process.returncode, command, output, result)
    if result is None and printed.strip():
        raise Error(f"'{' '.join(command)}' printed no JSON", 0, command, output)
    return result


def _executable():
    beside = os.path.join(
        os.path.dirname(os.path.realpath(__file__)), "..", "..", "..", "bin", "lathe"
    )
    found = (
        os.environ.get("LATHE")
        or shutil.which("lathe")
        or (beside if os.path.exists(beside) else None)
    )
    if found is None:
        raise Error(
            "there is no 'lathe' on PATH; name the executable in the environment variable LATHE"
        )
    return found


def _listen(stream, said, show):
    for line in stream:
        text = line.decode("utf-8", "replace")
        said.append(text)
        if show:
            print(text, end="", file=sys.stderr, flush=True)


def _wait(process):
    try:
        process.wait()
    except KeyboardInterrupt:  # the command got it too, and leaves what it has
        process.wait()
        raise


def _parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def study(run_folder):
    """The Optuna storage URL and study name of a search, from the folder of its run."""
    folder = os.path.abspath(os.fspath(run_folder))
    for below in ("", "search_ckpts", os.path.join("software", "search_ckpts")):
        results = os.path.join(folder, below) if below else folder
        file = os.path.join(results, "search.json")
        if os.path.exists(file):
            break
    else:
        raise FileNotFoundError(
            f"'{run_folder}' is not the folder of a search: it has no "
            "software/search_ckpts/search.json"
        )
    with open(file, encoding="utf-8") as stream:
        saved = _parsed(stream.read())
    if not isinstance(saved, dict) or "study" not in saved:
        raise ValueError(f"'{file}' is damaged: no description of a search")
    storage = saved.get("storage") or "sqlite:///" + os.path.join(results, "study.db")
    return Study(storage, saved["study"])


# ---- saving --------------------------------------------------------------------------------------


def save(module, example_input, folder):
    """Writes `module` into `folder` as Lathe saves networks, and returns the folder's path.

    `example_input` is what forward takes: a tensor, a tuple of positional arguments, or a dict of
    keyword arguments; containers of tensors are taken apart. The first dimension of every tensor is
    the batch, which stays open; all other extents become fixed. The module stays as it is. Raises
    NotExpressible, with everything at once, for what has no form in Lathe."""
    if torch is None:
        raise ImportError("lathe.save needs torch; on Debian: apt install python3-torch")
    if not isinstance(module, nn.Module):
        raise TypeError(f"a torch.nn.Module is wanted, found {type(module).__name__}")
    module = getattr(module, "_orig_mod", module)  # of torch.compile
    _require_plain(module)
    folder = os.path.abspath(os.fspath(folder))
    _require_free(folder)
    recording = _Recording(module)
    graph = recording.of_example(example_input)
    network, tensors, ties = _Export(recording, graph).written()
    _write_folder(folder, network, str(graph).replace("#users=", "num_users="), tensors, ties)
    return folder


def _require_plain(module):
    problems = []
    for path, m in module.named_modules():
        if isinstance(m, torch.jit.ScriptModule):
            problems = [
                Problem(path, None, "it is TorchScript; save the module that it was made of", None)
            ]
            break  # its parts are too
        if any(isinstance(p, nn.parameter.UninitializedParameter) for p in m._parameters.values()):
            problems.append(
                Problem(path, None, "its parameters are not made yet; call the module once", None)
            )
    if problems:
        raise NotExpressible(problems)


_FILES = ("graph.json", "graph.txt", "model.safetensors", "node_meta_param.toml")


def _require_free(folder):
    if not os.path.lexists(folder):
        return
    if not os.path.isdir(folder):
        raise FileExistsError(f"'{folder}' is a file; a folder is wanted")
    others = sorted(name for name in os.listdir(folder) if name not in _FILES)
    if others:
        raise FileExistsError(
            f"'{folder}' holds '{others[0]}', which is no part of a saved network; "
            "name another folder"
        )
    graph = os.path.join(folder, "graph.json")
    if not os.path.exists(graph):
        if os.listdir(folder):
            raise FileExistsError(
                f"'{folder}' holds other files and no graph.json; name another folder"
            )
        return
    with open(graph, encoding="utf-8", errors="replace") as stream:
        saved = _parsed(stream.read())
    if not isinstance(saved, dict) or "lathe_graph" not in saved:
        raise FileExistsError(f"'{graph}' is no saved network; name another folder")


def _write_folder(folder, network, text, tensors, ties):
    """graph.json goes first and comes last: a save that is cut off leaves no graph beside the
    weights of another."""
    os.makedirs(folder, exist_ok=True)
    for name in ("graph.json", "node_meta_param.toml"):
        if os.path.exists(os.path.join(folder, name)):
            os.remove(os.path.join(folder, name))
    _write(folder, "model.safetensors", lambda stream: _write_safetensors(stream, tensors, ties))
    _write(folder, "graph.txt", lambda stream: stream.write((text + "\n").encode()))
    body = json.dumps(network, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    _write(folder, "graph.json", lambda stream: stream.write(body.encode()))


def _write(folder, name, contents):
    part = os.path.join(folder, f".{name}.{os.getpid()}")
    try:
        with open(part, "wb") as stream:
            contents(stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, os.path.join(folder, name))
    except BaseException:
        if os.path.exists(part):
            os.remove(part)
        raise


_SAFETENSORS = {
    "float32": "F32",
    "float64": "F64",
    "float16": "F16",
    "bfloat16": "BF16",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "uint8": "U8",
    "bool": "BOOL",
}


def _write_safetensors(stream, tensors, ties):
    header, at = ({"__metadata__": ties} if ties else {}), 0
    names = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    for name in names:
        tensor = tensors[name]
        end = at + tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": _SAFETENSORS[_dtype(tensor)],
            "shape": list(tensor.shape),
            "data_offsets": [at, end],
        }
        at = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    stream.write(len(text).to_bytes(8, "little") + text)
    for name in names:
        tensor = tensors[name].detach().cpu().contiguous()
        size = tensor.numel() * tensor.element_size()
        if size:
            stream.write(memoryview((ctypes.c_char * size).from_address(tensor.data_ptr())))


def _dtype(tensor):
    return str(tensor.dtype).replace("torch.", "")


# ---- recording -----------------------------------------------------------------------------------
# torch.fx's tracer, in which every recorded call is also run, for two batch sizes: on the example
# and on the example with its first row once more. What differs between them follows from the batch;
# everything else is a plain number.

_HERE = _parsed.__code__.co_filename
_RUNS = 2

# What a tensor is asked that no data decide.
_PLAIN = (
    "dtype",
    "device",
    "ndim",
    "layout",
    "requires_grad",
    "is_cuda",
    "is_sparse",
    "is_quantized",
    "is_leaf",
    "grad",
    "grad_fn",
    "itemsize",
    "names",
    "is_mkldnn",
    "is_meta",
    "is_nested",
)
_ASKED = (
    "dim",
    "ndimension",
    "is_floating_point",
    "is_complex",
    "is_signed",
    "is_contiguous",
    "get_device",
    "element_size",
    "is_same_size",
)


class _Training(int):
    """What `self.training` is meanwhile: false, and known again as an argument."""


_TRAINING = _Training(0)


def _storage(tensor):
    if hasattr(tensor, "untyped_storage"):
        return tensor.untyped_storage().data_ptr()
    return tensor.storage().data_ptr()


def _layout(tensor):
    return (
        _storage(tensor),
        tensor.storage_offset(),
        tuple(tensor.shape),
        tensor.stride(),
        tensor.dtype,
    )


def _place():
    """The user's line that runs now."""
    inside = os.path.dirname(torch.__file__) + os.sep
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file != _HERE and not file.startswith((inside, "<eval_with_key", "<frozen")):
            return f"{os.path.basename(file)}:{frame.f_lineno}"
        frame = frame.f_back
    return None


class _Stop(Exception):
    """Recording cannot go on; the reason is among the problems."""


class _Size(tuple):
    """What size() gives: plain numbers, and a recorded size(d) where the batch is in it."""

    def numel(self):
        return functools.reduce(operator.mul, self, 1)  # torch.fx records calls of math's


class _Method:
    def __init__(self, proxy, name):
        self.proxy, self.name = proxy, name

    def __call__(self, *args, **kwargs):
        return self.proxy.tracer.create_proxy(
            "call_method", self.name, (self.proxy,) + args, kwargs
        )


class _Recorded(_Proxy):
    """Stands for the result of a node. `_seen` is what it was on the example, by run."""

    def __init__(self, node, tracer):
        super().__init__(node, tracer)
        self._seen = node.meta["lathe"]
        self._version_seen = _version(self._seen[0])

    def __getattr__(self, name):
        if name.startswith("__") or name.startswith("_seen"):
            raise AttributeError(name)
        value = self._seen[0]
        if isinstance(value, tuple):
            return self._named(name)
        if name == "shape":
            return self.size()
        if name == "data":
            return self
        attribute = getattr(value, name)  # as PyTorch says it, if there is none
        if name in _PLAIN:
            return attribute
        if callable(attribute):
            return _Method(self, name)
        return self.tracer.create_proxy("call_function", getattr, (self, name), {})

    def _named(self, name):
        """What torch.max(x, 1).values is."""
        for i, item in enumerate(self._seen[0]):
            if getattr(self._seen[0], name) is item:
                return self[i]
        return _Method(self, name)

    def size(self, dim=None):
        sizes = [tuple(value.shape) for value in self._seen]
        if dim is not None:
            return self._extent(range(len(sizes[0]))[dim], sizes)
        return _Size(self._extent(d, sizes) for d in range(len(sizes[0])))

    def _extent(self, d, sizes):
        if len({size[d] for size in sizes}) == 1:
            return sizes[0][d]
        return self.tracer.create_proxy("call_method", "size", (self, d), {})

    def numel(self):
        return self.size().numel()

    nelement = numel

    def __len__(self):
        value = self._seen[0]
        if not isinstance(value, tuple) and len({v.shape[0] for v in self._seen}) > 1:
            self.tracer.problem(
                "len() would fix the batch size, which stays open; x.size(0) keeps it", self.node
            )
        return len(value)

    def __iter__(self):
        # torch.fx reads the caller's bytecode for the number of names, and torch 1.13 reads that of
        # Python 3.11 wrongly; the value knows.
        return iter([self[i] for i in range(len(self))])

    def __bool__(self):
        return self.tracer.to_bool(self)

    def _number(self, kind):
        value = self._seen[0]
        what = (
            "a value of the data"
            if isinstance(value, torch.Tensor)
            else "the batch size, which stays open"
        )
        self.tracer.problem(f"{kind} makes a plain number of {what}", self.node)
        return value

    def __int__(self):
        return int(self._number("int()"))

    def __index__(self):
        return operator.index(self._number("a function that takes plain numbers"))

    def __float__(self):
        return float(self._number("float()"))

    def item(self):
        return self._number("item()").item()

    def tolist(self):
        return self._number("tolist()").tolist()

    def numpy(self, *args, **kwargs):
        return self._number("numpy()").numpy(*args, **kwargs)

    def _in_place(self, function, other):
        """x += y changes x for all who have it, under the name that torch.fx gives x + y."""
        return self.tracer.create_proxy(
            "call_function", function, (self, other), {}, in_place="i" + function.__name__
        )

    def __iadd__(self, other):
        return self._in_place(operator.add, other)

    def __isub__(self, other):
        return self._in_place(operator.sub, other)

    def __imul__(self, other):
        return self._in_place(operator.mul, other)

    def __itruediv__(self, other):
        return self._in_place(operator.truediv, other)

    def __ipow__(self, other):
        return self._in_place(operator.pow, other)

    def __setitem__(self, index, value):
        self.tracer.problem(
            "a part of a tensor is assigned to; write it with torch.where or torch.cat", self.node
        )


class _Recording(_Tracer):
    def __init__(self, module):
        super().__init__()
        self.module = module
        self.problems = []
        self.path = [""]  # of the modules that are running
        self.running = False  # a recorded call, on values
        self.constants = {}  # get_attr target -> tensor
        self.versions = {}  # target of a plain tensor -> its version then
        self.plain = []  # these tensors, so that no other gets the id of one
        self.held = {}  # id of a tensor -> its own name
        self.proxies = {}  # storage -> those whose value lies there
        self.batch = None

    def problem(self, reason, node=None, module=None, place=None):
        path = self.path[-1] if module is None else module
        self.problems.append(
            Problem(path, node.name if node is not None else None, reason, place or _place())
        )

    def of_example(self, example_input):
        """The graph. Everything of the module is afterwards as it was before."""
        given = _arguments(self.module, example_input)
        kept = _Kept(self.module)
        self._name_tensors()
        try:
            self._set_modes()
            self.inputs = self._batches(given)
            with torch.no_grad(), _own_gradients_told(self):
                graph = self.trace(self.module)
            self._check_output(graph)
        except _Stop:
            raise NotExpressible(self.problems) from None
        finally:
            self.problems += kept.restored()
        return graph

    def _name_tensors(self):
        for prefix, module in self.module.named_modules():
            for name, value in list(module.__dict__.items()):
                if isinstance(value, torch.Tensor):
                    self._name_tensor(f"{prefix}.{name}" if prefix else name, value)
        own = (self.module.named_buffers(), self.module.named_parameters())
        for name, tensor in itertools.chain(*own):
            self._name_tensor(name, tensor)

    def _name_tensor(self, name, tensor):
        self.held[id(tensor)] = name
        self.constants[name] = tensor

    def _set_modes(self):
        leaves = ()
        for path, module in self.module.named_modules():
            if any(path.startswith(leaf + ".") for leaf in leaves[-1:]):
                module.__dict__["training"] = False
            elif path and self.is_leaf_module(module, path):
                module.__dict__["training"] = False
                if isinstance(module, nn.Embedding):
                    module.__dict__["max_norm"] = None  # else reading writes the weight
                leaves += (path,)
            else:
                module.__dict__["training"] = _TRAINING

    def _batches(self, given):
        """By placeholder name, the value of both runs."""
        inputs = {}
        for name, tensor in given.tensors.items():
            if tensor.dim() == 0 or tensor.shape[0] == 0:
                self.problem(
                    f"input '{name}' of the example has shape {list(tensor.shape)}; the first "
                    "dimension of every input is the batch, of at least one row",
                    place="the example",
                )
                continue
            inputs[name] = (tensor.detach().clone(), torch.cat([tensor, tensor[:1]]).detach())
        sizes = {name: values[0].shape[0] for name, values in inputs.items()}
        if len(set(sizes.values())) > 1:
            self.problem(
                "the inputs of the example have batches of different sizes: "
                + ", ".join(f"'{name}' {size}" for name, size in sizes.items()),
                place="the example",
            )
        if self.problems:
            raise _Stop
        if not inputs:
            self.problem("the example has no tensor", place="the example")
            raise _Stop
        self.batch = next(iter(sizes.values()))
        self.given = given
        return inputs

    def create_args_for_root(self, root_fn, is_module, concrete_args=None):
        proxies = {name: self.create_proxy("placeholder", name, (), {}) for name in self.inputs}
        args, kwargs = self.given.filled(proxies)

        def called():
            return _call_module(self.module, *args, **kwargs)

        return called, []

    def trace(self, root, concrete_args=None):
        try:
            return super().trace(root, concrete_args)
        except _Stop:
            raise
        except Exception as error:  # of the user's own code, or where no recording can stand in
            reason = f"forward raised {type(error).__name__}: {_first_line(error)}"
            self.problem(reason, place=_raised_at(error))
            raise _Stop from error

    def is_leaf_module(self, m, module_qualified_name):
        if type(m) in _MODULES:
            return True
        # Of PyTorch's others those that are made of modules are looked into.
        return super().is_leaf_module(m, module_qualified_name) and not m._modules

    def call_module(self, m, forward, args, kwargs):
        if self.running:
            return forward(*args, **kwargs)
        try:
            path = self.path_of_module(m)
        except NameError:
            return self._stray_module(m, forward, args, kwargs)
        self.path.append(path)
        try:
            if self.is_leaf_module(m, path):
                return self.create_proxy("call_module", path, args, kwargs)
            return forward(*args, **kwargs)
        finally:
            self.path.pop()

    def _stray_module(self, m, forward, args, kwargs):
        if any(True for _ in m.parameters()):
            self.problem(
                f"a {type(m).__name__} with parameters is no submodule; keep it in an attribute "
                "or an nn.ModuleList"
            )
            raise _Stop
        m.eval()
        return m.forward(*args, **kwargs)

    def getattr(self, attr, attr_val, parameter_proxy_cache):
        if self.running or not isinstance(attr_val, nn.Parameter) or id(attr_val) not in self.held:
            return attr_val
        name = self.held[id(attr_val)]
        if name not in parameter_proxy_cache:
            parameter_proxy_cache[name] = self.create_proxy("get_attr", name, (), {})
        return parameter_proxy_cache[name]

    def to_bool(self, obj):
        values = obj._seen
        node = obj.node
        if not isinstance(values[0], torch.Tensor):
            # Two sizes that agree at both batches agree at all.
            equal = {operator.eq: True, operator.ne: False}.get(node.target)
            if equal is not None and all(bool(v) == equal for v in values):
                return bool(values[0])
            self.problem("the batch size, which stays open, decides what is computed", node)
        else:
            self.problem(
                "a value of the data decides what is computed; only one way can be saved", node
            )
        return (
            bool(values[0].flatten()[0]) if isinstance(values[0], torch.Tensor) else bool(values[0])
        )

    # -- nodes

    def create_proxy(
        self,
        kind,
        target,
        args,
        kwargs,
        name=None,
        type_expr=None,
        proxy_factory_fn=None,
        in_place=None,
    ):
        if (target if kind == "call_method" else getattr(target, "__name__", None)) in _ASKED:
            return self._asked(kind, target, args, kwargs)
        node = self.create_node(
            kind, target, self.create_arg(args), self.create_arg(kwargs), name, type_expr
        )
        node.meta["lathe_in_place"] = in_place
        self._ran(node)
        proxy = _Recorded(node, self)
        if isinstance(proxy._seen[0], torch.Tensor):
            self.proxies.setdefault(_storage(proxy._seen[0]), []).append(proxy)
        return proxy

    def _asked(self, kind, target, args, kwargs):
        args, kwargs = torch.fx.node.map_aggregate(
            (args, kwargs), lambda a: a._seen[0] if isinstance(a, torch.fx.Proxy) else a
        )
        return (
            getattr(args[0], target)(*args[1:], **kwargs)
            if kind == "call_method"
            else target(*args, **kwargs)
        )

    def create_arg(self, a):
        if isinstance(a, torch.fx.Proxy):
            if isinstance(a, _Recorded) and a._version_seen != _version(a._seen[0]):
                reason = f"it reads '{a.node.name}' after a part of it was changed in place"
                self.problem(f"{reason}; change a copy", a.node)
            return a.node
        if isinstance(a, torch.Tensor):
            return self._held_tensor(a)
        if isinstance(a, (_Size, torch.Size)):
            return tuple(self.create_arg(item) for item in a)
        if isinstance(a, tuple) and hasattr(a, "_fields"):
            return type(a)(*(self.create_arg(item) for item in a))
        if isinstance(a, (tuple, list)):
            return type(a)(self.create_arg(item) for item in a)
        if isinstance(a, dict):
            return {key: self.create_arg(value) for key, value in a.items()}
        if isinstance(a, slice):
            return slice(self.create_arg(a.start), self.create_arg(a.stop), self.create_arg(a.step))
        if isinstance(a, range):
            return list(a)
        return a

    def _held_tensor(self, tensor):
        name = self.held.get(id(tensor))
        if name is None or self.versions.get(name, tensor._version) != tensor._version:
            if isinstance(tensor, nn.Parameter):
                self.problem("a parameter that is no member of the module is used; register it")
            names = (f"_tensor_constant{i}" for i in itertools.count())
            name = next(n for n in names if n not in self.constants)
            self.held[id(tensor)] = name
            self.constants[name] = tensor.detach().clone()
            self.versions[name] = tensor._version
            self.plain.append(tensor)
        node = self.create_node("get_attr", name, (), {})
        self._ran(node)
        return node

    # -- values

    def _ran(self, node):
        node.meta["lathe_module"], node.meta["lathe_place"] = self.path[-1], _place()
        if node.op == "placeholder":
            node.meta["lathe"] = self.inputs[node.target]
            return
        if node.op == "get_attr":
            node.meta["lathe"] = (self.constants[node.target],) * _RUNS
            return
        before = {n: _version(n.meta["lathe"][0]) for n in node.all_input_nodes}
        self.running = True
        try:
            node.meta["lathe"] = tuple(self._value(node, run) for run in range(_RUNS))
        except Exception as error:
            self._failed(node, error)
        finally:
            self.running = False
        for n, version in before.items():
            if _version(n.meta["lathe"][0]) != version:
                self._changed(n, node)

    def _value(self, node, run):
        node.meta["lathe_run"] = run

        def known(a):
            if isinstance(a, torch.fx.Node):
                return a.meta["lathe"][run]
            return bool(a) if isinstance(a, _Training) else a

        args, kwargs = (torch.fx.node.map_aggregate(a, known) for a in (node.args, node.kwargs))
        if node.op == "call_module":
            return _call_module(self.module.get_submodule(node.target), *args, **kwargs)
        if node.op == "call_method":
            return getattr(args[0], node.target)(*args[1:], **kwargs)
        in_place = node.meta["lathe_in_place"]
        return (getattr(operator, in_place) if in_place else node.target)(*args, **kwargs)

    def _failed(self, node, error):
        run = node.meta["lathe_run"]
        shapes = [
            list(n.meta["lathe"][run].shape)
            for n in node.all_input_nodes
            if isinstance(n.meta["lathe"][run], torch.Tensor)
        ]
        inputs = f"; its inputs have the shapes {', '.join(map(str, shapes))}" if shapes else ""
        if run == 0:
            reason = f"it fails on the example: {_first_line(error)}{inputs}"
        else:
            reason = (
                f"it works for a batch of {self.batch} and fails for {self.batch + 1}, so the "
                f"batch size is fixed in it: {_first_line(error)}{inputs}"
            )
        self.problem(reason, node)
        raise _Stop

    def _changed(self, changed, by):
        """`by` wrote in place. Whoever reads the tensor later reads the result of `by`."""
        value, result = changed.meta["lathe"][0], by.meta["lathe"][0]
        if changed.op == "get_attr":
            self.problem(
                f"it changes '{changed.target}' in place, which stays as it is in Lathe", by
            )
            return
        if not isinstance(result, torch.Tensor) or _layout(result) != _layout(value):
            return  # a part: those who read the whole later say so
        for proxy in self.proxies.get(_storage(value), []):
            if _layout(proxy._seen[0]) == _layout(value):
                proxy.node, proxy._version_seen = by, _version(value)

    def _check_output(self, graph):
        output = next(node for node in graph.nodes if node.op == "output")
        result = output.args[0]
        if isinstance(result, (tuple, list)) and len(result) == 1:
            result = result[0]
        elif isinstance(result, dict) and len(result) == 1:
            result = next(iter(result.values()))
        if not isinstance(result, torch.fx.Node):
            what = (
                f"{len(result)} results"
                if isinstance(result, (tuple, list, dict))
                else f"a {type(result).__name__}"
            )
            reason = f"forward gives {what}; a network in Lathe gives one tensor"
            self.problem(reason, output, "", "the result")
            return
        output.args = (result,)
        values = result.meta["lathe"]
        output.meta.update(lathe=values, lathe_module="", lathe_place=None)
        if not isinstance(values[0], torch.Tensor):
            self.problem(
                "forward gives no tensor; a network in Lathe gives one", output, "", "the result"
            )
        elif [tuple(v.shape[:1]) for v in values] != [(self.batch,), (self.batch + 1,)]:
            first, second = (list(value.shape) for value in values)
            reason = (
                f"the result has shape {first} for a batch of {self.batch} and {second} for "
                f"{self.batch + 1}; its first dimension must be the batch"
            )
            self.problem(reason, output, "", "the result")


def _version(value):
    return value._version if isinstance(value, torch.Tensor) else 0


def _first_line(error):
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def _raised_at(error):
    inside, place, at = os.path.dirname(torch.__file__) + os.sep, None, error.__traceback__
    while at is not None:
        file = at.tb_frame.f_code.co_filename
        if file != _HERE and not file.startswith(inside):
            place = f"{os.path.basename(file)}:{at.tb_lineno}"
        at = at.tb_next
    return place


class _Kept:
    """What a forward may change of a module, to put it back."""

    def __init__(self, module):
        self.dicts = [(m, dict(m.__dict__), dict(m._buffers)) for m in module.modules()]
        self.buffers = [
            (name, buffer, buffer._version, buffer.detach().clone())
            for name, buffer in module.named_buffers()
        ]
        self.parameters = [
            (name, parameter, parameter._version) for name, parameter in module.named_parameters()
        ]
        self.module = module

    def restored(self):
        problems = []
        now = dict(self.module.named_buffers())
        for name, buffer, version, contents in self.buffers:
            if now.get(name) is not buffer or buffer._version != version:
                reason = f"forward changes the buffer '{name}', which stays as it is in Lathe"
                problems.append(Problem(name.rpartition(".")[0], None, reason, None))
                with torch.no_grad():
                    buffer.copy_(contents)
        for name, parameter, version in self.parameters:
            if parameter._version != version:
                reason = f"forward changes the parameter '{name}'"
                problems.append(Problem(name.rpartition(".")[0], None, reason, None))
        for module, attributes, buffers in self.dicts:
            module.__dict__.clear()
            module.__dict__.update(attributes)
            module._buffers.clear()
            module._buffers.update(buffers)
        return problems


@contextlib.contextmanager
def _own_gradients_told(recording):
    """What a torch.autograd.Function computes would be recorded, and its gradient lost."""
    kind = torch.autograd.Function
    kept = kind.__dict__.get("apply")  # torch 1.13 inherits it

    def apply(cls, *args, **kwargs):
        recorded = any(isinstance(a, torch.fx.Proxy) for a in args)
        if recorded and not cls.__module__.startswith("torch."):
            reason = f"'{cls.__name__}' has a gradient of its own, which a saved network has not"
            recording.problem(reason)
            return cls.forward(_NoContext(), *args, **kwargs)
        if kept:
            return kept.__func__(cls, *args, **kwargs)
        return super(kind, cls).apply(*args, **kwargs)

    kind.apply = classmethod(apply)
    try:
        yield
    finally:
        del kind.apply
        if kept:
            kind.apply = kept


class _NoContext:
    """Takes what a forward leaves for its backward."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: None


class _Given:
    """Arguments of forward: tensors by name, and where each of them goes."""

    def __init__(self, args, kwargs):
        self.args, self.kwargs, self.tensors = [], {}, {}
        for name, value in args:
            self.args.append(self._taken(name, value))
        for name, value in kwargs:
            self.kwargs[name] = self._taken(name, value)

    def _taken(self, name, value):
        if isinstance(value, torch.Tensor):
            self.tensors[name] = value
            return _Slot(name)
        if isinstance(value, dict):
            return {key: self._taken(f"{name}_{key}", item) for key, item in value.items()}
        if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
            return type(value)(self._taken(f"{name}_{i}", item) for i, item in enumerate(value))
        return value

    def filled(self, proxies):
        def fill(value):
            if isinstance(value, _Slot):
                return proxies[value.name]
            if isinstance(value, dict):
                return {key: fill(item) for key, item in value.items()}
            if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
                return type(value)(fill(item) for item in value)
            return value

        return [fill(value) for value in self.args], {
            name: fill(value) for name, value in self.kwargs.items()
        }


_Slot = namedtuple("_Slot", "name")


def _arguments(module, example):
    """Names are those of forward's parameters, as torch.fx has them."""
    signature = inspect.signature(module.forward)
    try:
        if isinstance(example, dict):
            bound = signature.bind(**example)
        else:
            bound = signature.bind(*(example if isinstance(example, (tuple, list)) else (example,)))
    except TypeError as error:
        reason = f"the example does not fit forward{signature}: {error}"
        raise NotExpressible([Problem("", None, reason, "the example")]) from None
    args, kwargs = [], []
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind == inspect.Parameter.VAR_POSITIONAL:
            args += [(f"{name}_{i}", item) for i, item in enumerate(value)]
        elif kind == inspect.Parameter.VAR_KEYWORD:
            kwargs += list(value.items())
        elif kind == inspect.Parameter.KEYWORD_ONLY or (
            isinstance(example, dict) and kind != inspect.Parameter.POSITIONAL_ONLY
        ):
            kwargs.append((name, value))
        else:
            args.append((name, value))
    return _Given(args, kwargs)


# ---- what Lathe has for it -----------------------------------------------------------------------


class _No(Exception):
    """Why a call has no form in Lathe."""


_Call = namedtuple("_Call", "op args kwargs")

# Calls whose arguments mean in Lathe what they mean in PyTorch. A row has the op, in brackets its
# other names in PyTorch, and PyTorch's arguments:
#   name          a tensor, or a setting that is always written
#   name=default  a setting that is written if it is given
#   +name         the same as a plain name; PyTorch knows a default, Lathe does not
#   -name         says nothing to Lathe
#   !name         has to be as if it were not given
# An op with a ~ takes and gives numbers of one type.
_ROWS = """
relu                input, -inplace
relu6               input, -inplace
hardswish           input, -inplace
hardsigmoid         input, -inplace
silu                input, -inplace
selu                input, -inplace
elu                 input, alpha=1.0, -inplace
leaky_relu          input, negative_slope=0.01, -inplace
hardtanh            input, min_val=-1.0, max_val=1.0, -inplace
softplus            input, beta=1.0, threshold=20.0
gelu                input, approximate='none'
tanh                input
sigmoid             input
softsign            input
~sqrt               input
~rsqrt              input
~exp                input
~erf                input
~log                input
abs [absolute]      input
neg [negative]      input
softmax             input, +dim, -_stacklevel, !dtype
log_softmax         input, +dim, -_stacklevel, !dtype
matmul [mm mv dot]  input, other
bmm                 input, mat2
addmm               input, mat1, mat2, beta=1.0, alpha=1.0
linear              input, weight, bias=None
conv1d              input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1
conv2d              input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1
conv_transpose1d    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1,
                    dilation=1
conv_transpose2d    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1,
                    dilation=1
scaled_dot_product_attention  query, key, value, attn_mask=None, !dropout_p=0.0, is_causal=False,
                    scale=None, enable_gqa=False
layer_norm          input, normalized_shape, weight=None, bias=None, eps=1e-5, -cudnn_enable
rms_norm            input, normalized_shape, weight=None, eps=None
group_norm          input, num_groups, weight=None, bias=None, eps=1e-5, -cudnn_enabled
avg_pool1d          input, kernel_size, stride=None, padding=0, ceil_mode=False,
                    count_include_pad=True
avg_pool2d          input, kernel_size, stride=None, padding=0, ceil_mode=False,
                    count_include_pad=True, !divisor_override
max_pool1d          input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,
                    !return_indices
max_pool2d          input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,
                    !return_indices
adaptive_avg_pool1d input, output_size
adaptive_avg_pool2d input, output_size
adaptive_max_pool1d input, output_size, !return_indices
adaptive_max_pool2d input, output_size, !return_indices
interpolate         input, size=None, scale_factor=None, mode='nearest', align_corners=None,
                    !recompute_scale_factor, !antialias
pad                 input, pad, mode='constant', value=None
~mean               input, dim=None, keepdim=False, !dtype
~sum                input, dim=None, keepdim=False, !dtype
~amax               input, dim=None, keepdim=False
masked_fill         input, mask, value
tril                input, diagonal=0
size                input, dim
flatten             input, start_dim=0, end_dim=-1
transpose [swapaxes swapdims]  input, dim0, dim1
unsqueeze           input, dim
cat [concat concatenate]  tensors, dim=0
stack               tensors, dim=0
chunk               input, chunks, dim=0
"""

_OPS = (
    {}
)  # PyTorch's name: a function of the node and its arguments that gives the _Call, or raises _No


def _op(*names):
    def known(function):
        for name in names or (function.__name__.lstrip("_"),):
            _OPS[name] = function
        return function

    return known


def _call(op, *args, **kwargs):
    """What is None is left to the op's default."""
    return _Call(op, list(args), {key: value for key, value in kwargs.items() if value is not None})


def _value_of(argument):
    return argument.meta["lathe"][0] if isinstance(argument, torch.fx.Node) else argument


def _is_tensor(argument):
    return isinstance(_value_of(argument), torch.Tensor)


def _rank(argument):
    return _value_of(argument).dim()


def _list(extents):
    return list(extents) if isinstance(extents, (tuple, list)) else extents


def _several(arguments):
    """x.view(2, 3) and x.view((2, 3)) alike."""
    if len(arguments) == 1 and isinstance(arguments[0], (tuple, list)):
        return list(arguments[0])
    return list(arguments)


def _one_type(node, *operands):
    for operand in operands:
        if _is_tensor(operand) and _value_of(operand).dtype != _value_of(node).dtype:
            found, made = _dtype(_value_of(operand)), _dtype(_value_of(node))
            raise _No(f"it makes {made} of {found}; operands must be of one type")


def _must_be_left_out(name):
    raise _No(f"'{name}' is given, which Lathe has not")


class _Row:
    """A line of _ROWS."""

    def __init__(self, line):
        head, arguments = re.match(r"(~?\w+(?: \[.*\])?) +(.*)", line).groups()
        names = head.replace("[", " ").replace("]", " ").split()
        self.one_type = names[0].startswith("~")
        self.op = names[0].lstrip("~")
        for name in [self.op] + names[1:]:
            _OPS[name] = self
        parameters, self.kinds = [], {}
        for text in arguments.split(", "):
            name, _, default = text.lstrip("+-!").partition("=")
            self.kinds[name] = text[0] if text[0] in "+-!" else "=" if default else ""
            left_out = (
                inspect.Parameter.empty
                if not self.kinds[name]
                else ast.literal_eval(default or "None")
            )
            parameters.append(
                inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=left_out)
            )
        self.signature = inspect.Signature(parameters)

    def __call__(self, node, *args, **kwargs):
        for other, name in (("axis", "dim"), ("keepdims", "keepdim")):
            if other in kwargs:
                kwargs = {**kwargs, name: kwargs[other]}
                del kwargs[other]
        call = _Call(self.op, [], {})
        for name, value in self._given(args, kwargs).items():
            kind, default = self.kinds[name], self.signature.parameters[name].default
            if kind == "!" and value not in (default, False):
                _must_be_left_out(name)
            if kind == "+" and value is None:
                raise _No(f"'{name}' is not given; name it")
            if kind in ("", "+"):
                call.args.append(_list(value))
            elif kind == "=" and _list(value) != default:
                call.kwargs[name] = _list(value)
        if self.one_type:
            _one_type(node, *call.args)
        return call

    def _given(self, args, kwargs):
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments


for _line in re.sub(r",\n +", ", ", _ROWS).strip().splitlines():
    _Row(_line)


# -- what a row cannot say


@_op("clamp", "clip")
def _clamp(node, input, min=None, max=None):
    if _is_tensor(min) or _is_tensor(max):
        raise _No("its bounds are tensors; they must be numbers")
    return _call("clamp", input, min=min, max=max)


def _dropout(op):
    def function(node, input, p=0.5, training=True, inplace=False):
        if not isinstance(training, _Training) and training:
            raise _No("it drops in evaluation too; give it training=self.training")
        return _call(op, input, float(p), isinstance(training, _Training))

    return function


_OPS.update({op: _dropout(op) for op in ("dropout", "dropout2d")})


@_op("add")
def _add(node, input, other, *, alpha=1):
    _one_type(node, input, other)
    return _call("add", input, other, alpha=None if alpha == 1 else alpha)


@_op("sub", "subtract")
def _sub(node, input, other, *, alpha=1):
    _one_type(node, input, other)
    return _call("sub", input, other, alpha=None if alpha == 1 else alpha)


@_op("mul", "multiply")
def _mul(node, input, other):
    _one_type(node, input, other)
    return _call("mul", input, other)


@_op("div", "truediv", "divide", "true_divide")
def _div(node, input, other, *, rounding_mode=None):
    if rounding_mode is not None:
        _must_be_left_out("rounding_mode")
    if not _is_tensor(input) and not _is_tensor(other):
        raise _No("a size is divided to a fraction; use //")
    _one_type(node, input, other)
    return _call("div", input, other)


def _compared(op, node, input, other):
    if not _is_tensor(input):
        raise _No("it compares plain numbers, which are no tensors")
    return _call(op, input, other)


@_op("eq")
def _eq(node, input, other):
    return _compared("eq", node, input, other)


@_op("ne", "not_equal")
def _ne(node, input, other):
    return _compared("ne", node, input, other)


@_op("floordiv", "floor_divide")
def _floordiv(node, input, other):
    if _is_tensor(input) or _is_tensor(other):
        raise _No("it divides a tensor with rounding, which Lathe has not")
    return _call("floordiv", input, other)


@_op("pow")
def _pow(node, input, exponent):
    _one_type(node, input, exponent)
    return _call("pow", input, exponent)


# A tensor before a recorded one: constant - x.
_OPS["rsub"] = lambda node, input, other: _sub(node, other, input)
_OPS["rtruediv"] = _OPS["rdiv"] = lambda node, input, other: _div(node, other, input)
_OPS["rpow"] = lambda node, input, base: _pow(node, base, input)
_OPS["rmatmul"] = lambda node, input, other: _call("matmul", other, input)
_OPS["radd"], _OPS["rmul"] = _add, _mul
_OPS["square"] = lambda node, input: _pow(node, input, 2.0)
_OPS["reciprocal"] = lambda node, input: _div(node, 1.0, input)


@_op()
def _where(node, condition, input, other):
    _one_type(node, input, other)
    return _call("where", condition, input, other)


@_op()
def _maximum(node, input, other):
    _one_type(node, input, other)
    return _call("maximum", input, other)


@_op()
def _max(node, input, dim=None, keepdim=False, *, other=None):
    if _is_tensor(dim) or other is not None:
        return _maximum(node, input, dim if other is None else other)
    return _call("max", input, dim=dim, keepdim=keepdim or None)


def _whole_extents(node, extents, dims):
    """None among them keeps the extent of the input: the example tells it."""
    if isinstance(extents, (tuple, list)) and None in extents:
        return list(_value_of(node).shape[-dims:])
    return _list(extents)


def _extents(op):
    def function(node, input, *extents, shape=None, size=None):
        extents = _several(extents) or list(shape or size or ())
        if any(isinstance(extent, torch.dtype) for extent in extents):
            raise _No("it views a tensor as another type")
        return _call(op, input, *extents)

    return function


_OPS.update({op: _extents(op) for op in ("view", "reshape", "expand")})


@_op("unflatten", "view_as", "reshape_as")
def _shaped(node, input, *like, **more):
    """The extents are those of the example, behind an open batch."""
    first, second = ([*value.shape] for value in node.meta["lathe"])
    if first[1:] != second[1:] or first[:1] == second[:1]:
        raise _No("it reshapes with the batch elsewhere than in front; use reshape")
    return _call("reshape", input, -1, *first[1:])


@_op()
def _expand_as(node, input, other):
    before, after = ([value.shape for value in n.meta["lathe"]] for n in (input, node))
    kept = len(after[0]) - len(before[0])
    extents = [
        -1 if d >= kept and before[0][d - kept] == extent else extent
        for d, extent in enumerate(after[0])
    ]
    if any(extent != -1 and after[0][d] != after[1][d] for d, extent in enumerate(extents)):
        raise _No("it repeats what it has for every row of the batch; use expand with x.size(0)")
    return _call("expand", input, *extents)


@_op("contiguous", "clone", "float", "to", "type_as", "type")
def _same(node, input, *how, **more):
    found, made = _dtype(_value_of(input)), _dtype(_value_of(node))
    if made != found:
        raise _No(f"it makes {made} of {found}; Lathe converts no types")
    return _call("contiguous", input)


@_op()
def _permute(node, input, *order, dims=None):
    return _call("permute", input, _several(order) or list(dims))


@_op("movedim", "moveaxis")
def _movedim(node, input, source, destination):
    # A tensor that has extent d + 1 along dimension d shows which dimension comes where.
    moved = torch.empty([d + 1 for d in range(_rank(input))]).movedim(source, destination)
    return _call("permute", input, [extent - 1 for extent in moved.shape])


@_op()
def _t(node, input):
    return _call("transpose", input, 0, 1) if _rank(input) == 2 else _call("contiguous", input)


@_op()
def _getattr(node, input, name):
    if name == "T" and _rank(input) == 2 or name == "mT":
        return _call("transpose", input, -2, -1)
    raise _No(f"the attribute '{name}' of a tensor has no form in Lathe")


@_op()
def _squeeze(node, input, dim=None):
    if dim is None:  # a batch of one row stays
        first, second = (value.shape for value in input.meta["lathe"])
        dim = [d for d in range(len(first)) if first[d] == second[d] == 1]
    return _call("squeeze", input, _list(dim))


@_op("split", "split_with_sizes")
def _split(node, input, split_size_or_sections=None, dim=0, *, split_size=None, split_sizes=None):
    given = (split_size_or_sections, split_size, split_sizes)
    return _call("split", input, _list(next(s for s in given if s is not None)), dim)


@_op()
def _getitem(node, input, index):
    if not _is_tensor(input):
        return _call("getitem", input, index)
    items = list(index) if isinstance(index, tuple) else [index]
    lists = [i for i, item in enumerate(items) if isinstance(item, list)]
    if len(lists) == 1 and len(items[lists[0]]) == 1 and type(items[lists[0]][0]) is int:
        at = items[lists[0]][0]  # x[:, [-1]] is x[:, -1:]
        items[lists[0]] = slice(at, at + 1 if at != -1 else None)
    for item in items:
        if isinstance(item, (torch.fx.Node, list, bool)):
            raise _No("it is indexed by a tensor; Lathe takes slices and positions")
        parts = (item.start, item.stop, item.step) if isinstance(item, slice) else ()
        if any(isinstance(part, torch.fx.Node) for part in parts):
            raise _No("it is sliced by the batch size; Lathe takes slices of plain numbers")
    return _call("getitem", input, items)


# -- modules: the op, and the arguments of its constructor as they are now


def _attributes(*names, must_be_left_out=(), **more):
    """`more` are functions of the module and the node."""

    def function(m, node):
        for name in must_be_left_out:
            if getattr(m, name, None) not in (None, False):
                _must_be_left_out(name)
        attributes = {name: _list(getattr(m, name)) for name in names}
        return {**attributes, **{name: value(m, node) for name, value in more.items()}}

    return function


def _has_bias(m, node):
    return m.bias is not None


def _output_size(m, node):
    return _whole_extents(node, m.output_size, _rank(node) - 2)


def _softmax_module(m, node):
    if m.dim is None:
        raise _No("'dim' is not given; name it")
    return {"dim": m.dim}


def _layer_norm_module(m, node):
    attributes = _attributes("normalized_shape", "eps", "elementwise_affine")(m, node)
    return {**attributes, "bias": False} if m.elementwise_affine and m.bias is None else attributes


def _embedding_module(m, node):
    attributes = _attributes("num_embeddings", "embedding_dim", must_be_left_out=("max_norm",))(
        m, node
    )
    return attributes if m.padding_idx is None else {**attributes, "padding_idx": m.padding_idx}


def _module_table():
    conv = (
        "in_channels",
        "out_channels",
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
    )
    window = ("kernel_size", "stride", "padding", "ceil_mode")
    table = {
        "Linear": ("linear", _attributes("in_features", "out_features", bias=_has_bias)),
        "Embedding": ("embedding", _embedding_module),
        "MultiheadAttention": (
            "multi_head_attention",
            _attributes(
                *(
                    "embed_dim",
                    "num_heads",
                    "dropout",
                    "add_zero_attn",
                    "kdim",
                    "vdim",
                    "batch_first",
                ),
                bias=lambda m, node: m.in_proj_bias is not None,
                add_bias_kv=lambda m, node: m.bias_k is not None,
            ),
        ),
        "LayerNorm": ("layer_norm", _layer_norm_module),
        "RMSNorm": ("rms_norm", _attributes("normalized_shape", "eps", "elementwise_affine")),
        "GroupNorm": ("group_norm", _attributes("num_groups", "num_channels", "eps", "affine")),
        "Flatten": ("flatten", _attributes("start_dim", "end_dim")),
        "Softmax": ("softmax", _softmax_module),
        "LogSoftmax": ("log_softmax", _softmax_module),
        "GELU": ("gelu", _attributes("approximate")),
        "ELU": ("elu", _attributes("alpha", "inplace")),
        "LeakyReLU": ("leaky_relu", _attributes("negative_slope", "inplace")),
        "Hardtanh": ("hardtanh", _attributes("min_val", "max_val", "inplace")),
        "Softplus": ("softplus", _attributes("beta", "threshold")),
        "Dropout": ("dropout", _attributes("p", "inplace")),
        "Dropout2d": ("dropout2d", _attributes("p", "inplace")),
        "Upsample": (
            "interpolate",
            _attributes(
                *("size", "scale_factor", "mode", "align_corners"),
                must_be_left_out=("recompute_scale_factor",),
            ),
        ),
    }
    for name in ("ReLU", "ReLU6", "Hardswish", "Hardsigmoid", "SiLU", "SELU"):
        table[name] = (name.lower(), _attributes("inplace"))
    for name in ("Tanh", "Sigmoid", "Softsign", "Identity"):
        table[name] = (name.lower(), _attributes())
    for dims in ("1d", "2d"):
        table["Conv" + dims] = ("conv" + dims, _attributes(*conv, bias=_has_bias))
        table["ConvTranspose" + dims] = (
            "conv_transpose" + dims,
            _attributes(*conv, "output_padding", bias=_has_bias),
        )
        table["BatchNorm" + dims] = (
            "batch_norm" + dims,
            _attributes("num_features", "eps", "momentum", "affine", "track_running_stats"),
        )
        table["AvgPool" + dims] = (
            "avg_pool" + dims,
            _attributes(*window, "count_include_pad", must_be_left_out=("divisor_override",)),
        )
        table["MaxPool" + dims] = (
            "max_pool" + dims,
            _attributes(*window, "dilation", must_be_left_out=("return_indices",)),
        )
        for kind in ("Avg", "Max"):
            table[f"Adaptive{kind}Pool{dims}"] = (
                f"adaptive_{kind.lower()}_pool{dims}",
                _attributes(must_be_left_out=("return_indices",), output_size=_output_size),
            )
    # RMSNorm is one of PyTorch 2.4 and newer.
    return {getattr(nn, name): row for name, row in table.items() if hasattr(nn, name)}


_MODULES = _module_table() if torch is not None else {}

# Names of what those modules keep; anything else comes from a parametrisation, pruning or the like.
_KEPT = set(
    "weight bias running_mean running_var num_batches_tracked in_proj_weight in_proj_bias "
    "out_proj.weight out_proj.bias q_proj_weight k_proj_weight v_proj_weight bias_k bias_v".split()
)

_OPERANDS = {"multi_head_attention": 3}  # tensors; all others have one


def _module_arguments(m, op, node):
    """The tensors in order, and what else was said in the call."""
    count = _OPERANDS.get(op, 1)
    bound = inspect.signature(type(m).forward).bind(m, *node.args, **node.kwargs)
    given = list(bound.arguments.items())[1:]
    defaults = {name: p.default for name, p in bound.signature.parameters.items()}
    more = {}
    for name, value in given[count:]:
        if isinstance(value, torch.fx.Node) or value != defaults[name]:
            more[name] = value
    if more and op != "multi_head_attention":
        raise _No(f"the call says '{next(iter(more))}', which a layer in Lathe does not take")
    return [value for _, value in given[:count]], more


# ---- the written form ----------------------------------------------------------------------------

_ADVICE = {
    "batch_norm": "use nn.BatchNorm1d or nn.BatchNorm2d",
    "embedding": "use nn.Embedding",
    "einsum": "write it with matmul, transpose and reshape",
    "detach": "it would change training; leave it out",
    "setitem": "write it with torch.where or torch.cat",
}


class _Export:
    """graph.json of a recorded graph, and the tensors that go with it."""

    def __init__(self, recording, graph):
        self.recording, self.graph, self.module = recording, graph, recording.module
        self.problems = list(recording.problems)
        self.tensors = {}

    def written(self):
        live = self._live()
        nodes = [
            self._node(node) for node in self.graph.nodes if node in live or self._expressible(node)
        ]
        ties = self._ties()
        if self.problems:
            raise NotExpressible(self.problems)
        network = {"lathe_graph": 1, "dialect": DIALECT, "origin": {}}
        if ties:
            network["tied"] = ties
        network["nodes"] = nodes
        kept = {name: tensor for name, tensor in self.tensors.items() if name not in ties}
        return network, kept, ties

    def _live(self):
        """Nodes that the result depends on. The others are kept where Lathe has them: they change
        nothing, and their names are torch.fx's."""
        live = set()
        for node in reversed(self.graph.nodes):
            if node.op in ("output", "placeholder") or any(user in live for user in node.users):
                live.add(node)
        return live

    def _expressible(self, node):
        before, tensors = len(self.problems), dict(self.tensors)
        dead = any(n.op != "get_attr" and n.meta.get("lathe_dropped") for n in node.all_input_nodes)
        if not dead:
            self._node(node)
        if dead or len(self.problems) > before:
            del self.problems[before:]
            self.tensors = tensors
            node.meta["lathe_dropped"] = True
            return False
        return True

    def _refuse(self, node, reason, module=None):
        path = node.meta.get("lathe_module", "") if module is None else module
        self.problems.append(Problem(path, node.name, reason, node.meta.get("lathe_place")))

    def _node(self, node):
        out = {
            "name": node.name,
            "opcode": node.op,
            "op": node.op,
            "target": _target(node),
            "args": [],
            "kwargs": {},
            "attributes": {},
        }
        try:
            getattr(self, "_" + node.op)(node, out)
            self._check_type(node)
        except _No as no:
            self._refuse(node, str(no))
        except TypeError as error:  # arguments that the function does not know
            self._refuse(node, f"{_shown(node)}: {_first_line(error).replace('<lambda>', 'it')}")
        return out

    def _check_type(self, node):
        if node.op in ("placeholder", "get_attr"):
            self._take_type(node.meta["lathe"][0], node.target)

    def _take_type(self, tensor, name):
        if _dtype(tensor) not in _SAFETENSORS:
            raise _No(f"'{name}' is of type {_dtype(tensor)}, which Lathe has not")
        if tensor.is_floating_point() and tensor.dtype != torch.float32:
            type_name = _dtype(tensor)
            raise _No(f"'{name}' is of type {type_name}; Lathe computes in float32: module.float()")

    def _placeholder(self, node, out):
        value = node.meta["lathe"][0]
        out["attributes"] = {
            "shape": list(value.shape[1:]),
            "batch": value.shape[0],
            "dtype": _dtype(value),
            "type": None,
        }

    def _get_attr(self, node, out):
        value = node.meta["lathe"][0]
        out["op"] = "constant"
        out["attributes"] = {
            "shape": list(value.shape),
            "dtype": _dtype(value),
            "buffer": not isinstance(value, nn.Parameter),
        }
        self.tensors[node.target] = value

    def _output(self, node, out):
        if isinstance(node.args[0], torch.fx.Node):  # else the recording has a problem with it
            out["args"] = [_argument(node.args[0])]

    def _call_module(self, node, out):
        m = self.module.get_submodule(node.target)
        if type(m) not in _MODULES:
            raise _No(f"Lathe has no op for {_class_name(type(m))}")
        op, attributes = _MODULES[type(m)]
        contents = m.state_dict(keep_vars=True)
        strange = sorted(set(contents) - _KEPT)
        if strange:
            raise _No(
                f"it keeps '{strange[0]}', so its weights are made of other tensors (pruning, "
                "weight norm, parametrisation); remove that first, eg: "
                "torch.nn.utils.prune.remove"
            )
        if m._forward_hooks or m._forward_pre_hooks:
            raise _No("it has hooks, which a saved network has not; remove them")
        operands, more = _module_arguments(m, op, node)
        out["op"], out["attributes"] = op, {
            key: _literal(value) for key, value in attributes(m, node).items()
        }
        out["args"] = [_argument(operand) for operand in operands]
        out["kwargs"] = {key: _argument(value) for key, value in more.items()}
        for name, tensor in contents.items():
            self._take_type(tensor, f"{node.target}.{name}")
            self.tensors[f"{node.target}.{name}"] = tensor

    def _call_function(self, node, out):
        name = _function_name(node)
        function = _OPS.get(name)
        if function is None:
            raise _No(
                f"Lathe has no op for {_shown(node)}"
                + (f"; {_ADVICE[name]}" if name in _ADVICE else "")
            )
        call = function(node, *node.args, **node.kwargs)
        out["op"] = call.op
        out["args"] = [_argument(argument) for argument in call.args]
        out["kwargs"] = {key: _argument(argument) for key, argument in call.kwargs.items()}

    _call_method = _call_function

    def _ties(self):
        """Names of tensors that are others', and whose they are: the first of a tie in alphabetical
        order keeps the contents, as safetensors' save_model has it."""
        by_storage, ties = {}, {}
        for name in sorted(self.tensors):
            tensor = self.tensors[name]
            if tensor.numel() == 0:
                continue
            for kept in by_storage.setdefault(_storage(tensor), []):
                if _layout(self.tensors[kept]) == _layout(tensor):
                    ties[name] = kept
                    break
                if _overlap(self.tensors[kept], tensor):
                    self.problems.append(
                        Problem(
                            name.rpartition(".")[0],
                            None,
                            f"'{name}' shares only a part of its memory with "
                            f"'{kept}'; a tie is of whole tensors",
                            None,
                        )
                    )
            else:
                by_storage[_storage(tensor)].append(name)
        return ties


def _overlap(a, b):
    def span(t):
        last = sum((extent - 1) * stride for extent, stride in zip(t.shape, t.stride()))
        return (
            t.storage_offset() * t.element_size(),
            (t.storage_offset() + last + 1) * t.element_size(),
        )

    (first, last), (start, end) = span(a), span(b)
    return first < end and start < last


_OPERATORS = {
    "iadd": "add",
    "isub": "sub",
    "imul": "mul",
    "itruediv": "truediv",
    "ipow": "pow",
    "imatmul": "matmul",
}


def _function_name(node):
    """The bare name of what is called, for functions of PyTorch and Python's operators only."""
    if node.op == "call_method":
        name = node.target
    else:
        name = getattr(node.target, "__name__", "")
        # F.max_pool2d is a function that was made by one.
        homes = (operator, torch, F, torch._C._nn, torch.Tensor, torch.special, torch._C._special)
        known = any(getattr(home, name, None) is node.target for home in homes)
        if not known and node.target is not getattr:
            return None
        name = re.sub("^special_", "", name)
    if name.startswith("__") and name.endswith("__"):
        name = name.strip("_")
    elif name.endswith("_") and not name.endswith("__"):
        name = name[:-1]
    return _OPERATORS.get(name, name)


def _class_name(kind):
    public = getattr(nn, kind.__name__, None) is kind
    return f"torch.nn.{kind.__name__}" if public else f"{kind.__module__}.{kind.__name__}"


def _target(node):
    if node.op != "call_function":
        return node.target
    return _qualified(node.target)


def _qualified(function):
    try:
        return torch.fx.node._get_qualified_name(function).replace("_operator.", "operator.")
    except Exception:  # a function that is found under no name
        return getattr(function, "__name__", type(function).__name__)


def _shown(node):
    return f"the method '{node.target}'" if node.op == "call_method" else _qualified(node.target)


def _argument(argument):
    if isinstance(argument, torch.fx.Node):
        return {"node": argument.name}
    if isinstance(argument, (tuple, list)) and any(
        isinstance(item, torch.fx.Node) for item in argument
    ):
        return [_argument(item) for item in argument]
    return {"value": _literal(argument)}


def _literal(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, _Training):
        return False
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(float(value))  # "inf", "-inf", "nan"
    if isinstance(value, (tuple, list)):
        return [_literal(item) for item in value]
    if isinstance(value, slice):
        return {"slice": [_literal(value.start), _literal(value.stop), _literal(value.step)]}
    if value is Ellipsis:
        return "..."
    if hasattr(value, "item") and getattr(value, "shape", ()) == ():
        return _literal(value.item())
    raise _No(f"an argument is a {type(value).__name__}, which has no form in Lathe")
