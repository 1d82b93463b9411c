#include "core/checkpoint/torch/objects.hpp"

#include "core/checkpoint/torch/names.hpp"
#include "core/checkpoint/torch/pickle/attacks.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <set>
#include <stdexcept>

namespace lathe {

namespace {

using pickle::Kind;
using pickle::Mark;
using pickle::Object;

// Pickles of Python cannot be nested as deeply: its own recursion ends before.
constexpr int kDeepestNesting = 1000;
constexpr std::size_t kMostUnread = 16;  // named
// A value may be met over and over, each time under a longer name. What is spent on that, in visits
// and bytes of names, is bounded by the size of the pickle, as the parser's work is.
constexpr std::uint64_t kWorkPerByte = 8, kWorkFloor = 64 << 10;
constexpr std::uint64_t kWorkOfTensor = 16, kWorkOfDimension = 16;

// What holds no weights and is nothing to warn of.
constexpr std::array<std::string_view, 14> kPlain{
    "argparse.Namespace", "types.SimpleNamespace",   "builtins.set",
    "__builtin__.set",    "builtins.frozenset",      "__builtin__.frozenset",
    "builtins.bytearray", "_codecs.encode",          "torch.Size",
    "torch.device",       "collections.Counter",     "collections.deque",
    "pathlib.PosixPath",  "pathlib._local.PosixPath"};

[[noreturn]] void fail(const std::string& message) { throw std::runtime_error(message); }

// Marks every value from which a tensor can be reached. What leads to none is never walked again,
// however large, deep or circular it is. (In a circle that is entered twice, one way may do.)
void mark_leads(const Object* top, const SavedTensors& saved) {
  struct Step {
    const Object* object;
    std::uint32_t next;
    bool leads;
  };
  std::deque<Step> path;
  const auto enter = [&](const Object* object) {
    if (looks_like_tensor(*object, saved)) {
      object->mark = Mark::leads;
    } else {
      object->mark = Mark::barren;
      if (!object->parts.empty()) path.push_back({object, 0, false});
    }
  };
  enter(top);
  while (!path.empty()) {
    Step& step = path.back();
    if (step.next < step.object->parts.size()) {
      const Object* part = step.object->parts[step.next++];
      if (part != nullptr && part->mark == Mark::fresh) enter(part);
      if (part != nullptr && part->mark == Mark::leads) step.leads = true;
      continue;
    }
    const bool leads = step.leads;
    if (leads) step.object->mark = Mark::leads;
    path.pop_back();
    if (leads && !path.empty()) path.back().leads = true;
  }
}

// Whether Python 2 wrote a dictionary so: [['a', 1], ['b', 2]].
bool is_list_of_pairs(const Object& object) {
  return object.is(Kind::list) && !object.items().empty() &&
         std::all_of(object.items().begin(), object.items().end(), [](const Object* item) {
           return item->is(Kind::list) && item->parts.size() == 2 && item->parts[0]->is(Kind::text);
         });
}

// Collects tensors under their dotted names.
class Collector {
 public:
  Collector(TorchObjects& out, const SavedTensors& saved, std::uint64_t pickle_size)
      : out_(&out), saved_(saved), work_(kWorkFloor + kWorkPerByte * pickle_size) {}

  void collect(const Object* object, const std::string& name, TorchObjects& out) {
    out_ = &out;
    name_ = name;
    depth_ = 0;
    visit(object);
    if (unread_.size() > kMostUnread) unread_.erase(*unread_.rbegin());
    out.unread = {unread_.begin(), unread_.end()};
  }

 private:
  void spend(std::uint64_t work) {
    if (work > work_) fail("the pickle's values refer to each other without end");
    work_ -= work;
  }

  void visit(const Object* object) {
    if (object->mark == Mark::barren) return leave_out(*object);
    if (object->mark != Mark::leads) return;  // met again on the way to itself
    if (depth_ >= kDeepestNesting)
      fail("'" + name_.substr(0, 64) + "...' is nested more than " +
           std::to_string(kDeepestNesting) + " deep");
    spend(1);
    object->mark = Mark::open;
    ++depth_;
    if (!tensor(object)) parts_of(object);
    --depth_;
    object->mark = Mark::leads;
  }

  void leave_out(const Object& object) {
    if (!object.is(Kind::object) || unread_.size() > kMostUnread) return;
    if (object.state() != nullptr && object.state()->find("_modules") != nullptr) return;
    const std::string maker = maker_name(object);
    if (std::find(kPlain.begin(), kPlain.end(), maker) == kPlain.end()) unread_.insert(maker);
  }

  bool tensor(const Object* object) {
    if (!looks_like_tensor(*object, saved_)) return false;
    spend(name_.size() + kWorkOfTensor);
    std::optional<TensorView> view;
    try {
      view = tensor_of(object, saved_);
    } catch (const LackedTensor& lacked) {
      out_->lacking.emplace(name_, lacked.what());
      return true;
    } catch (const std::runtime_error& error) {
      fail("tensor '" + name_ + "': " + error.what());
    }
    if (!view) {
      leave_out(*object);
      return true;
    }
    spend(kWorkOfDimension * view->shape.rank());
    // A dictionary may hold its items as attributes besides.
    const auto [place, is_new] = out_->tensors.emplace(name_, *view);
    if (!is_new && place->second != *view) fail("there are two tensors '" + name_ + "'");
    return true;
  }

  void parts_of(const Object* object) {
    if (object->is(Kind::dict)) return entries(object);
    if (!object->is(Kind::object)) return numbered(object->items());
    if (module(object)) return;
    entries(object);
    if (object->state() != nullptr) state(object->state());
    made_of(object->arguments());
  }

  // Under the name so far and one part more.
  void visit_under(const Object* object, const std::string& part) {
    if (object->mark == Mark::barren) return leave_out(*object);
    const std::size_t length = name_.size();
    spend(part.size());
    name_ += (name_.empty() ? "" : ".") + part;
    visit(object);
    name_.resize(length);
  }

  void entries(const Object* object, const Object* without = nullptr) {
    spend(object->pairs());
    for (std::size_t i = 0; i < object->pairs(); ++i) {
      const Object* value = object->value(i);
      if (value->mark == Mark::barren) {
        leave_out(*value);
        continue;
      }
      const std::string key = key_name(object->key(i), i);
      if (without == nullptr || !holds(without, key)) visit_under(value, key);
    }
  }

  void numbered(std::span<const Object* const> items) {
    spend(items.size());
    for (std::size_t i = 0; i < items.size(); ++i)
      if (items[i]->mark != Mark::barren || items[i]->is(Kind::object))
        visit_under(items[i], std::to_string(i));
  }

  // What an object of an unknown class was told of itself: its attributes; with slots, a pair of
  // dictionaries.
  void state(const Object* state) {
    if (state->mark != Mark::leads) return;
    const auto items = state->items();
    const bool slots = items.size() == 2 && items[1]->is(Kind::dict) &&
                       (items[0]->is(Kind::none) || items[0]->is(Kind::dict));
    if (!slots) return visit(state);
    for (const Object* part : items)
      if (part->mark == Mark::leads) visit(part);
  }

  // One value stands for the object itself, as for subclasses of tuple and dict; several are
  // numbered, as for named tuples. Protocols 0 and 1 have (class, base, value).
  void made_of(std::span<const Object* const> arguments) {
    spend(arguments.size());
    if (arguments.size() == 3 && arguments[0]->is(Kind::global) && arguments[1]->is(Kind::global))
      arguments = arguments.subspan(2);
    if (arguments.size() != 1) return numbered(arguments);
    if (arguments[0]->mark != Mark::leads) return;
    if (!is_list_of_pairs(*arguments[0])) return visit(arguments[0]);
    spend(arguments[0]->parts.size());
    for (const Object* pair : arguments[0]->items())
      visit_under(pair->parts[1], std::string(pair->parts[0]->text));
  }

  // A whole pickled torch.nn.Module: its class stays unknown, its tensors are where every module
  // keeps them. Named as its state_dict() would name them.
  bool module(const Object* object) {
    const Object* state = object->state();
    if (state == nullptr || !state->is(Kind::dict)) return false;
    spend(4 * state->pairs());
    if (state->find("_modules") == nullptr) return false;
    out_->type = "module";
    for (const char* part : {"_parameters", "_buffers", "_modules"})
      if (const Object* held = state->find(part);
          held != nullptr && (held->is(Kind::dict) || held->is(Kind::object)))
        entries(held, part[1] == 'b' ? state->find("_non_persistent_buffers_set") : nullptr);
    return true;
  }

  // Whether a set, which protocol 2 writes as a call of set on a list, holds a text.
  bool holds(const Object* set, std::string_view text) {
    if (set->is(Kind::object)) set = set->arguments().empty() ? set : set->arguments()[0];
    spend(set->items().size());
    return std::any_of(set->items().begin(), set->items().end(),
                       [&](const Object* item) { return item->is_text(text); });
  }

  TorchObjects* out_;
  const SavedTensors& saved_;
  std::uint64_t work_;
  std::string name_;
  int depth_ = 0;
  std::set<std::string> unread_;
};

// What all names begin with, up to a dot.
template <typename Tensors>
std::size_t common_prefix(const Tensors& tensors) {
  if (tensors.empty()) return 0;
  const std::string& first = tensors.begin()->first;
  const std::string& last = tensors.rbegin()->first;
  const auto differ = std::mismatch(first.begin(), first.end(), last.begin(), last.end());
  const auto dot = first.rfind('.', static_cast<std::size_t>(differ.first - first.begin()));
  return dot == std::string::npos ? 0 : dot + 1;
}

// Whether two sets of tensors are weights of one network: most names agree behind their prefixes.
bool alike(const std::map<std::string, TensorView>& some,
           const std::map<std::string, TensorView>& others) {
  const std::size_t cut = common_prefix(some), other_cut = common_prefix(others);
  const std::string prefix = others.empty() ? "" : others.begin()->first.substr(0, other_cut);
  std::size_t both = 0;
  for (const auto& [name, view] : some) both += others.count(prefix + name.substr(cut));
  return both > 0 && 2 * both >= some.size();
}

const Object* field(const Object& object, std::string_view name) {
  const Object* found = object.find(name);
  const bool attributes = object.is(Kind::object) && object.state() != nullptr;
  return found == nullptr && attributes ? object.state()->find(name) : found;
}

// The tensors of "state_dict"; with its name, and others beside it, if they are such weights too.
void collect_state_dict(Collector& collector, const Object& top, const Object& inner,
                        TorchObjects& out) {
  collector.collect(&inner, "", out);
  out.outer = "state_dict.";
  const Object& entries = top.find("state_dict") != nullptr ? top : *top.state();
  std::map<std::string, TensorView> beside;
  for (std::size_t i = 0; i < entries.pairs(); ++i) {
    if (entries.value(i) == &inner || entries.value(i)->mark != Mark::leads) continue;
    TorchObjects other;
    try {
      collector.collect(entries.value(i), key_name(entries.key(i), i), other);
    } catch (const std::runtime_error&) {
      continue;  // nobody asked for it
    }
    if (alike(out.tensors, other.tensors)) beside.merge(other.tensors);
  }
  if (beside.empty()) return;
  for (const auto& [name, view] : out.tensors) beside.emplace(out.outer + name, view);
  std::map<std::string, std::string> lacking;
  for (const auto& [name, kind] : out.lacking) lacking.emplace(out.outer + name, kind);
  out.tensors = std::move(beside);
  out.lacking = std::move(lacking);
  out.outer.clear();
}

}  // namespace

TorchObjects read_torch_pickle(std::span<const std::byte> bytes, const SavedTensors& saved) {
  const pickle::Pickle pickle = pickle::parse(bytes);
  pickle::refuse_attacks(pickle);
  TorchObjects out;
  out.type = "state_dict";
  const Object* top = pickle.result;
  mark_leads(top, saved);
  Collector collector(out, saved, pickle.size);
  const Object* inner = field(*top, "state_dict");
  if (inner != nullptr && inner->mark == Mark::leads && !looks_like_tensor(*inner, saved)) {
    if (field(*top, "pytorch-lightning_version") != nullptr) out.type = "lightning";
    collect_state_dict(collector, *top, *inner, out);
  } else {
    // torch.save of one tensor rather than of a dict.
    collector.collect(top, looks_like_tensor(*top, saved) ? "tensor" : "", out);
  }
  if (out.tensors.empty()) out.contents = described(*top);
  for (const Object& object : pickle.objects)
    if (object.is(Kind::persistent))
      if (const auto storage = described_storage(&object))
        out.storages[storage->key] = {storage->count,
                                      storage->known == nullptr ? 0 : storage->known->element(),
                                      std::string(storage->type)};
  out.pickle_size = pickle.size;
  return out;
}

}  // namespace lathe
