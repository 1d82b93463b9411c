#include "core/checkpoint/torch/objects.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

namespace lathe {

namespace {

using pickle::Kind;
using pickle::Object;

constexpr int kDeepestNesting = 64;
constexpr std::size_t kMostUnread = 16;  // named
// A value may be met over and over, each time under a longer name. What is spent on that, in visits
// and bytes of names, is bounded by the size of the pickle, as the parser's work is.
constexpr std::uint64_t kWorkPerByte = 8, kWorkFloor = 64 << 10;
constexpr std::uint64_t kWorkOfTensor = 16, kWorkOfDimension = 16;

[[noreturn]] void fail(const std::string& message) { throw std::runtime_error(message); }

// Modules whose functions run programs, open files or load code. No checkpoint needs them.
constexpr std::array<std::string_view, 19> kAttackers{
    "os.",     "posix.",     "nt.",      "subprocess.", "sys.",        "shutil.",
    "socket.", "importlib.", "ctypes.",  "runpy.",      "pty.",        "code.",
    "codeop.", "pickle.",    "_pickle.", "marshal.",    "webbrowser.", "multiprocessing.",
    "pip."};
constexpr std::array<std::string_view, 6> kAttackingBuiltins{"eval",       "exec", "compile",
                                                             "__import__", "open", "execfile"};

bool attacks(std::string_view name) {
  for (const std::string_view module : kAttackers)
    if (name.starts_with(module)) return true;
  for (const std::string_view module : {"builtins.", "__builtin__."})
    if (name.starts_with(module))
      return std::find(kAttackingBuiltins.begin(), kAttackingBuiltins.end(),
                       name.substr(module.size())) != kAttackingBuiltins.end();
  return false;
}

// The name of what an object was made by: a class, a function, or a class with its source.
std::string_view maker_of(const Object& object) {
  const Object* callee = object.callee();
  if (callee->is(Kind::persistent))
    for (const Object* part : callee->parts[0]->items())
      if (part->is(Kind::global)) return part->text;
  return callee->is(Kind::global) ? callee->text : "what another call returns";
}

// Collects the tensors of dicts and modules under their dotted names.
class Collector {
 public:
  Collector(TorchObjects& out, const SavedTensors& saved, std::uint64_t pickle_size)
      : out_(out), saved_(saved), work_(kWorkFloor + kWorkPerByte * pickle_size) {}

  void collect(const Object* object, const std::string& name, int depth) {
    if (depth > kDeepestNesting)
      fail("'" + name + "' is nested more than " + std::to_string(kDeepestNesting) + " deep");
    spend(1 + name.size());
    if (const auto view = tensor(object, name)) {
      spend(kWorkOfTensor + kWorkOfDimension * view->shape.rank());
      if (!out_.tensors.emplace(name, *view).second) fail("there are two tensors '" + name + "'");
    } else if (object->is(Kind::dict)) {
      entries(object, name, depth);
    } else if (object->is(Kind::object)) {
      if (!module(object, name, depth)) unread_.emplace(maker_of(*object));
    }
  }

  std::vector<std::string> unread() const { return {unread_.begin(), unread_.end()}; }

 private:
  void spend(std::uint64_t work) {
    if (work > work_) fail("the pickle's values refer to each other without end");
    work_ -= work;
  }

  std::optional<TensorView> tensor(const Object* object, const std::string& name) const {
    try {
      return tensor_of(object, saved_);
    } catch (const std::runtime_error& error) {
      fail("tensor '" + name + "': " + error.what());
    }
  }

  static std::string joined(const std::string& prefix, const std::string& name) {
    return prefix.empty() ? name : prefix + "." + name;
  }

  void entries(const Object* dict, const std::string& name, int depth,
               const Object* without = nullptr) {
    spend(dict->pairs());
    for (std::size_t i = 0; i < dict->pairs(); ++i) {
      const auto key = key_text(dict->key(i));
      if (!key || holds(without, *key)) continue;
      spend(key->size());
      collect(dict->value(i), joined(name, *key), depth + 1);
    }
  }

  // A whole pickled torch.nn.Module: its class stays unknown, its tensors are where every module
  // keeps them. Named as its state_dict() would name them.
  bool module(const Object* object, const std::string& name, int depth) {
    const Object* state = object->state();
    if (state == nullptr || !state->is(Kind::dict)) return false;
    spend(4 * state->pairs());
    if (state->find("_modules") == nullptr) return false;
    out_.type = "module";
    for (const char* part : {"_parameters", "_buffers", "_modules"})
      if (const Object* dict = state->find(part); dict != nullptr && dict->is(Kind::dict))
        entries(dict, name, depth,
                part[1] == 'b' ? state->find("_non_persistent_buffers_set") : nullptr);
    return true;
  }

  // Whether a set, which protocol 2 writes as a call of set on a list, holds a text.
  bool holds(const Object* set, std::string_view text) {
    if (set == nullptr) return false;
    if (set->is(Kind::object)) set = set->arguments().empty() ? set : set->arguments()[0];
    spend(set->items().size());
    return std::any_of(set->items().begin(), set->items().end(),
                       [&](const Object* item) { return item->is_text(text); });
  }

  TorchObjects& out_;
  const SavedTensors& saved_;
  std::uint64_t work_;
  std::set<std::string, std::less<>> unread_;
};

void refuse_attacks(const pickle::Pickle& pickle) {
  for (const Object& object : pickle.objects)
    if (object.is(Kind::object) && attacks(maker_of(object)))
      fail("it calls '" + std::string(maker_of(object)) +
           "', as files do that attack whoever loads them with Python; nothing was called, and "
           "nothing of it is read");
}

}  // namespace

TorchObjects read_torch_pickle(std::span<const std::byte> bytes, const SavedTensors& saved) {
  const pickle::Pickle pickle = pickle::parse(bytes);
  refuse_attacks(pickle);
  TorchObjects out;
  out.type = "state_dict";
  const Object* top = pickle.result;
  // torch.save of one tensor rather than of a dict.
  const bool alone = !top->is(Kind::dict) && tensor_of(top, saved);
  if (const Object* inner = top->find("state_dict"); inner != nullptr && inner->is(Kind::dict)) {
    if (top->find("pytorch-lightning_version") != nullptr) out.type = "lightning";
    top = inner;
  }
  Collector collector(out, saved, pickle.size);
  collector.collect(top, alone ? "tensor" : "", 0);
  out.unread = collector.unread();
  if (out.tensors.empty() && !out.unread.empty())
    fail("it holds no tensors, only what '" + out.unread.front() +
         "' would make, which is not known here and was not called");
  if (out.unread.size() > kMostUnread) out.unread.resize(kMostUnread);
  for (const Object& object : pickle.objects)
    if (object.is(Kind::persistent))
      if (const auto storage = described_storage(&object))
        out.storages[storage->key] = {storage->count,
                                      storage->known == nullptr ? 0 : storage->known->element()};
  out.pickle_size = pickle.size;
  return out;
}

}  // namespace lathe
