// What Lathe writes and reads beside PyTorch itself. Skipped, visibly, without python3-torch
// (scripts/install-dependencies --peers).
#include "expect.hpp"
#include "tests/support/support.hpp"
#include "torch_writer.hpp"

#include <boost/test/unit_test.hpp>

#include <array>

using namespace lathe;
using namespace lathe_test;
using nlohmann::json;

namespace {

constexpr std::array kTypes{DType::float32, DType::float64, DType::float16, DType::bfloat16,
                            DType::int8,    DType::int16,   DType::int32,   DType::int64,
                            DType::uint8,   DType::boolean};

// Runs a script that may say `folder` and prints JSON.
json python(const TemporaryFolder& folder, const std::string& script) {
  if (std::system("/usr/bin/python3 -c 'import torch' 2>/dev/null") != 0)
    skip("python3-torch is not installed");
  const auto source = folder.path() / "script.py";
  const auto output = folder.path() / "output.json";
  write_file(source, "import json, torch, zlib\nfolder = '" + folder.path().string() + "/'\n" +
                         R"(
def told(tensor):
    bits = tensor.contiguous()
    bits = bits.view(torch.int16) if bits.dtype == torch.bfloat16 else bits
    return [str(tensor.dtype)[6:], list(tensor.shape), zlib.crc32(bits.numpy().tobytes())]
)" + script);
  const std::string command =
      "/usr/bin/python3 " + source.string() + " > " + output.string() + " 2>/dev/stderr";
  BOOST_REQUIRE(std::system(command.c_str()) == 0);
  return json::parse(read_file(output));
}

json told(const Tensor& tensor) {
  const auto bytes = tensor.bytes();
  return {name(tensor.dtype()), tensor.shape().dims(),
          crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size())};
}

json told(const std::map<std::string, Tensor>& tensors) {
  json all = json::object();
  for (const auto& [name, tensor] : tensors) all[name] = told(tensor);
  return all;
}

Tensor filled(DType dtype, Shape shape) {
  return Tensor::make(dtype, std::move(shape), [&](std::span<std::byte> out) {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<std::byte>(dtype == DType::boolean ? i % 2 : i * 37 % 101);
  });
}

// Every type, a scalar, an empty tensor, one tensor under two names, many names.
std::map<std::string, Tensor> assorted() {
  std::map<std::string, Tensor> tensors;
  for (const DType dtype : kTypes)
    tensors.emplace("type." + std::string(name(dtype)), filled(dtype, Shape{2, 3, 4}));
  tensors.emplace("scalar", filled(DType::int64, Shape{}));
  tensors.emplace("empty", filled(DType::float32, Shape{0, 4}));
  tensors.emplace("tied.a", filled(DType::float32, Shape{70000}));
  tensors.emplace("tied.b", tensors.at("tied.a"));
  tensors.emplace("\xc3\xa9t\xc3\xa9", filled(DType::float32, Shape{1}));
  for (int i = 0; i < 300; ++i)
    tensors.emplace("layer." + std::to_string(i), filled(DType::float32, Shape{1, i % 7 + 1}));
  return tensors;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(torch_peer)

BOOST_AUTO_TEST_CASE(pytorch_takes_what_lathe_writes_with_and_without_weights_only) {
  const TemporaryFolder folder;
  const auto tensors = assorted();
  write_torch(folder.path() / "a.pt", tensors);
  write_torch(folder.path() / "empty.pt", {});
  const json read = python(folder, R"(
import collections, zipfile
out = {}
for weights_only in (True, False):
    state = torch.load(folder + 'a.pt', weights_only=weights_only)
    assert type(state) is collections.OrderedDict
    assert state['tied.a'].data_ptr() == state['tied.b'].data_ptr()
    assert all(tensor.is_contiguous() for tensor in state.values())
    out[str(weights_only)] = {name: told(tensor) for name, tensor in state.items()}
    assert torch.load(folder + 'empty.pt', weights_only=weights_only) == collections.OrderedDict()
with zipfile.ZipFile(folder + 'a.pt') as archive:
    assert archive.testzip() is None
    bytes = open(folder + 'a.pt', 'rb').read()
    for info in archive.infolist():
        at = info.header_offset
        names, extra = (int.from_bytes(bytes[at + i:at + i + 2], 'little') for i in (26, 28))
        assert (at + 30 + names + extra) % 64 == 0
print(json.dumps(out))
)");
  BOOST_TEST(read["True"] == told(tensors));
  BOOST_TEST(read["False"] == told(tensors));
}

BOOST_AUTO_TEST_CASE(lathe_takes_what_pytorch_writes_in_either_form) {
  const TemporaryFolder folder;
  const json written = python(folder, R"(
import torch.nn as nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
        self.head = nn.Linear(4, 2, bias=False)
        self.tied = nn.Linear(4, 2)
        self.tied.weight = self.head.weight
        self.register_buffer('mask', torch.ones(3).bool())
        self.register_buffer('scratch', torch.ones(3), persistent=False)
        self.parts = nn.ParameterList([nn.Parameter(torch.arange(6.).view(2, 3).t())])
        self.experts = nn.ModuleDict({'a': nn.Linear(1, 1), 'b': nn.Embedding(2, 2).half()})
net = Net()
for suffix, zipped in (('zip', True), ('legacy', False)):
    torch.save(net, folder + 'module.' + suffix, _use_new_zipfile_serialization=zipped)
    torch.save(net.state_dict(), folder + 'state.' + suffix, _use_new_zipfile_serialization=zipped)
for protocol in (3, 4, 5):
    torch.save(net.state_dict(), folder + 'state.legacy%d' % protocol, pickle_protocol=protocol,
               _use_new_zipfile_serialization=False)
    torch.save(net, folder + 'module.zip%d' % protocol, pickle_protocol=protocol)
print(json.dumps({name: told(tensor) for name, tensor in net.state_dict().items()}))
)");
  for (const char* file :
       {"module.zip", "module.legacy", "state.zip", "state.legacy", "state.legacy3",
        "state.legacy4", "state.legacy5", "module.zip3", "module.zip4", "module.zip5"}) {
    const Checkpoint read = read_checkpoint(folder.path() / file);
    BOOST_TEST(read.type == (std::string(file).starts_with("module") ? "module" : "state_dict"));
    BOOST_TEST(told(read.tensors) == written, file);
  }
}

// Classes of a script's own, every protocol, and what scripts put beside weights.
BOOST_AUTO_TEST_CASE(lathe_finds_the_tensors_of_whatever_scripts_save) {
  const TemporaryFolder folder;
  const json written = python(folder, R"(
import argparse, collections, types
class Ordered(collections.OrderedDict): pass
class Plain(dict): pass
class Items(list): pass
class Pair(tuple): pass
Named = collections.namedtuple('Named', 'weight bias')
class Slots:
    __slots__ = ('weight', 'bias')
class Config: pass
weight, bias = torch.arange(6.).reshape(2, 3).t(), torch.tensor([1., 2.])
named = {'weight': weight, 'bias': bias}
slots, config, deep = Slots(), Config(), {}
slots.weight, slots.bias = weight, bias
config.self, config.parent = config, {'of': config}
for _ in range(200): deep = {'deeper': deep}
layer = torch.nn.Linear(3, 2)
adam = torch.optim.Adam(layer.parameters())
layer(torch.ones(1, 3)).sum().backward()
adam.step()
beside = {'config': config, 'deep': deep, 'table': {i: i / 7 for i in range(20000)}, 'lr': 0.1,
          'args': argparse.Namespace(a=1), 'counts': collections.Counter('aab'), 'seen': {1, 2}}
numbered = {'0': weight, '1': bias}
under = lambda prefix, tensors: {prefix + name: tensor for name, tensor in tensors.items()}
adams = {f'optimizer.state.{i}.{k}': v for i, s in adam.state_dict()['state'].items() for k, v in s.items()}
files = {
    'ordered': (Ordered(named), named), 'plain': (Plain(named), named), 'slots': (slots, named),
    'list': ([weight, bias], numbered), 'items': (Items([weight, bias]), numbered),
    'tuple': ((weight, bias), numbered), 'pair': (Pair((weight, bias)), numbered),
    'named': (Named(weight, bias), numbered),
    'namespace': (argparse.Namespace(model=named, lr=1), under('model.', named)),
    'simple': (types.SimpleNamespace(model=named), under('model.', named)),
    'keys': ({7: weight, None: bias, ('a', 1): bias}, {'7': weight, 'None': bias, 'a.1': bias}),
    'beside': ({'model': named, **beside}, under('model.', named)),
    'state': ({'state_dict': Ordered(named), **beside}, named),
    'adam': ({'model': layer.state_dict(), 'optimizer': adam.state_dict()},
             {**under('model.', layer.state_dict()), **adams}),
    'two': ({'state_dict': named, 'ema_state_dict': Plain(named)},
            {**under('state_dict.', named), **under('ema_state_dict.', named)}),
    'lacking': ({**named, 'c': torch.complex(weight, weight), 's': torch.eye(3).to_sparse()}, named)}
out = {}
for name, (value, tensors) in files.items():
    for protocol in range(2 if name == 'slots' else 0, 5):
        for zipped in (True, False):
            file = f'{name}.{protocol}{zipped}'
            torch.save(value, folder + file, pickle_protocol=protocol,
                       _use_new_zipfile_serialization=zipped)
            out[file] = {key: told(tensor) for key, tensor in tensors.items()}
print(json.dumps(out))
)");
  BOOST_TEST(written.size() == 156U);
  for (const auto& [file, tensors] : written.items())
    BOOST_TEST(told(read_checkpoint(folder.path() / file).tensors) == tensors, file);
}

BOOST_AUTO_TEST_CASE(pytorch_reads_the_tar_file_of_the_tests_alike) {
  const TemporaryFolder folder;
  using namespace pickled;
  const std::string kSix = packed<float>({0, 1, 2, 3, 4, 5});
  const auto described = [](std::int64_t key, std::int64_t of) {
    return whole(tuple({integer(key), integer(of), global("torch", "FloatTensor")}));
  };
  const std::string bytes = tar_file(
      {{"sys_info", whole(dict({{"protocol_version", integer(1000)}}))},
       {"storages",
        whole(integer(1)) +
            whole(tuple({integer(11), text("cpu"), global("torch", "FloatStorage")})) +
            little<std::int64_t>(6) + kSix +
            whole("](" + tuple({integer(12), integer(11), integer(2), integer(4)}) + "e")},
       {"tensors", whole(integer(2)) + described(21, 11) + little<std::int64_t>(2) +
                       packed<std::int64_t>({3, 2, 1, 3, 0}) + described(22, 12) +
                       little<std::int64_t>(1) + packed<std::int64_t>({2, 1, 1})},
       {"pickle", whole(ordered_dict({{"w", text("21") + "Q"}, {"part", text("22") + "Q"}}))}});
  write_file(folder.path() / "a.tar", bytes);
  const json read = python(folder, R"(
state = torch.load(folder + 'a.tar')
print(json.dumps({name: told(tensor) for name, tensor in state.items()}))
)");
  BOOST_TEST(told(read_checkpoint(folder.path() / "a.tar").tensors) == read);
}

BOOST_AUTO_TEST_SUITE_END()
