// One node of a graph, in torch.fx's terms. A plain value; nodes are shared between graphs and
// never changed once shared.
#pragma once

#include "core/base/shared.hpp"
#include "core/base/value.hpp"
#include "core/tensor/hash.hpp"
#include "core/tensor/initialiser.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lathe {

enum class NodeId : std::uint32_t { none = LATHE_NONE_ID };
constexpr std::uint32_t index_of(NodeId id) { return static_cast<std::uint32_t>(id); }

enum class Opcode : std::uint8_t {
  placeholder = LATHE_OPCODE_PLACEHOLDER,
  get_attr = LATHE_OPCODE_GET_ATTR,
  call_function = LATHE_OPCODE_CALL_FUNCTION,
  call_method = LATHE_OPCODE_CALL_METHOD,
  call_module = LATHE_OPCODE_CALL_MODULE,
  output = LATHE_OPCODE_OUTPUT,
};
std::string_view name(Opcode opcode);  // "call_module"

// An argument of a node: another node's result, a literal, or a list of arguments.
struct Argument {
  std::variant<NodeId, Value, std::vector<Argument>> data;
  bool operator==(const Argument&) const = default;

  template <typename Visit>
  void for_each_input(const Visit& visit) const {
    if (const NodeId* id = std::get_if<NodeId>(&data)) {
      visit(*id);
    } else if (const auto* list = std::get_if<std::vector<Argument>>(&data)) {
      for (const Argument& item : *list) item.for_each_input(visit);
    }
  }
};

// The contents of a parameter or buffer: made on first read, shared by copies of the graph.
// Thread-safe.
class ParameterContent {
 public:
  ParameterContent(Initialiser initialiser, DType dtype, Shape shape, std::uint64_t seed,
                   std::string qualified_name);
  // `trained` false: given as it is, by whoever knows that it is what an initialiser once made.
  explicit ParameterContent(Tensor tensor, bool trained = true);
  // Given, and read when they are first needed; `read` may throw, and is then asked again.
  explicit ParameterContent(std::function<Tensor()> read);
  // Those of `whole` where the mask is 1, and 0 elsewhere.
  ParameterContent(const ParameterContent& whole, std::shared_ptr<const ParameterContent> mask);

  const Tensor& tensor() const;          // makes it if need be
  bool given() const { return given_; }  // not by an initialiser
  // Given by a checkpoint or training, not an initialiser.
  bool trained() const { return trained_; }
  // Of the contents if they were given, else of what they come from (initialiser, seed, name), so
  // that it is the same before and after the first read.
  const ContentHash& hash() const;
  // What they were masked with; null: nothing.
  const std::shared_ptr<const ParameterContent>& mask() const { return mask_; }

 private:
  Initialiser initialiser_;
  DType dtype_;
  Shape shape_;
  std::uint64_t seed_ = 0;
  std::string qualified_name_;
  bool given_ = false, trained_ = false;
  std::function<Tensor()> read_;  // empty: there, or made by the initialiser
  std::shared_ptr<const ParameterContent> mask_;
  mutable std::once_flag made_;
  mutable Tensor tensor_;
  mutable std::once_flag hashed_;
  mutable ContentHash hash_;
};

// An initialiser in place of the op row's.
struct ChosenInitialiser {
  std::string parameter;  // its name within the node: "weight"
  Initialiser initialiser;
  bool operator==(const ChosenInitialiser&) const = default;
};

// Which tensor of a node a number format sits on.
struct FormatSite {
  lathe_role role = LATHE_ROLE_NONE;
  std::uint32_t input = 0;  // which of its tensor inputs; 0 for anything else
  bool operator==(const FormatSite&) const = default;
};

struct Parameter {
  std::string name;            // "weight"; of a state "weight_quantizer.step"
  std::string qualified_name;  // "seq_blocks.2.weight", as PyTorch names it
  DType dtype = DType::float32;
  Shape shape;
  bool is_buffer = false;   // running_mean, ...: state, not trained
  Initialiser initialiser;  // chosen by who added the node, else the op row's
  std::shared_ptr<const ParameterContent> content;
  FormatSite site;    // of the state of a number format; else of no role
  std::string masks;  // of a mask: the parameter of its node whose zeros it keeps; else empty

  // Masks, and then state, follow the parameters of the layer itself, and no kernel sees them.
  bool is_state() const { return site.role != LATHE_ROLE_NONE; }
  bool is_mask() const { return !masks.empty(); }
  bool is_own() const { return !is_state() && !is_mask(); }
};

// A tensor that a number format keeps for each tensor it sits on: float32.
struct StateSpec {
  std::string name;          // "step"
  bool learnable = false;    // else a buffer
  bool per_channel = false;  // one number per channel of what it sits on; then `shape` is empty
  Shape shape;
  double initial = 0.0;
  bool operator==(const StateSpec&) const = default;
};

class FormatStorage;

// The number format of one operand. `precision` comes from the format when it is set, so that
// readers of metadata need not load it.
struct OperandFormat {
  std::string role;         // "data_in", "weight", "bias", "data_out"
  std::string format;       // component id, eg: "integer"
  Value options;            // a map, defaults filled in, no prefix
  Value precision;          // a list, eg: [8, 4]
  std::string plugin_hash;  // of the file that brings the format
  std::vector<StateSpec> state = {};
  // Bits per element at every shape; null: the format is not there, and `saved_bits` are those that
  // it had when the graph was written.
  const FormatStorage* storage = nullptr;
  double saved_bits = 32.0;
  bool operator==(const OperandFormat& other) const;
};

struct OpRow;

// What a node computes: a tensor, a value that is none (size), or several of them (split).
struct Result {
  DType dtype = DType::none;
  Shape shape;
  Value value;
  SharedList<Result> items = {};  // of several: each; one that is absent is no tensor and no value
  bool is_tensor() const { return dtype != DType::none; }
  bool is_several() const { return !items.empty(); }
  bool operator==(const Result&) const = default;
};

// A hash made on first read. Copies start without one, because a copy is made to be changed.
// Thread-safe.
class LazyHash {
 public:
  LazyHash() = default;
  LazyHash(const LazyHash&) noexcept {}
  LazyHash& operator=(const LazyHash&) noexcept {
    state_ = State::empty;
    return *this;
  }
  template <typename Compute>
  ContentHash get(const Compute& compute) const {
    if (state_.load(std::memory_order_acquire) == State::ready) return hash_;
    const ContentHash hash = compute();
    State expected = State::empty;
    if (state_.compare_exchange_strong(expected, State::writing)) {
      hash_ = hash;
      state_.store(State::ready, std::memory_order_release);
    }
    return hash;
  }

 private:
  enum class State : std::uint8_t { empty, writing, ready };
  mutable std::atomic<State> state_{State::empty};
  mutable ContentHash hash_;
};

// What a module is made with: its constructor's arguments, complete and in the order of its op's
// row. (Of a function: its literal arguments.) Nodes that are alike share one.
struct Attributes {
  Value values{Value::Map{}};
  LazyHash hash{};
};

// Its attributes are the graph's: they are edited without the node.
struct Node {
  std::string name;  // "seq_blocks_2"
  Opcode opcode = Opcode::placeholder;
  std::string op;      // row of the op table: "linear"; "placeholder", "output"
  std::string target;  // "seq_blocks.2", "view", "add"
  SharedList<Argument> args;
  SharedList<std::pair<std::string, Argument>> kwargs;
  SharedList<Parameter> parameters;
  SharedList<ChosenInitialiser> initialisers;  // of parameters that it has
  SharedList<OperandFormat> formats;
  SharedList<std::string> masks;  // the parameters that have one: "weight"
  Result result;                  // filled in by shape inference
  LazyHash own_hash;              // of this node without its inputs and attributes
  const OpRow* row = nullptr;     // of the op table; filled in by inference

  // Nodes read, in argument order, repeats kept.
  std::vector<NodeId> inputs() const;
  template <typename Visit>
  void for_each_input(const Visit& visit) const {
    for (const Argument& argument : args) argument.for_each_input(visit);
    for (const auto& [key, argument] : kwargs) argument.for_each_input(visit);
  }
  bool is_function() const {
    return opcode == Opcode::call_function || opcode == Opcode::call_method;
  }
  const OperandFormat* format(std::string_view role) const;
  const Parameter* parameter(std::string_view name) const;
  const ChosenInitialiser* chosen_initialiser(std::string_view parameter) const;  // null: none
};

}  // namespace lathe
