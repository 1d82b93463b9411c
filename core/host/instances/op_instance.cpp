#include "core/host/instances/op_instance.hpp"

#include "core/graph/hash.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/graph/naming.hpp"
#include "core/host/services/call.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <shared_mutex>

namespace lathe {
namespace {

// Above these a count is damage.
constexpr std::uint32_t kMostDimensions = 64;
constexpr std::uint64_t kMostParameters = 256;

struct Instances {
  std::shared_mutex mutex;
  std::map<std::pair<const Component*, ContentHash>, std::unique_ptr<const OpInstance>> known;
};

Instances& instances() {
  static auto* const all = new Instances;  // outlives static destructors: kernels may still run
  return *all;
}

lathe_op_tensor_table table_of(std::span<const lathe_op_tensor> rows) {
  return {LATHE_SIZE_UP_TO(lathe_op_tensor_table, count), sizeof(lathe_op_tensor), rows.data(),
          rows.size()};
}

bool is_integer(DType dtype) {
  switch (dtype) {
    case DType::int8:
    case DType::int16:
    case DType::int32:
    case DType::int64:
    case DType::uint8:
    case DType::boolean:
      return true;
    default:
      return false;
  }
}

bool is_count(double number) { return number >= 0 && std::isfinite(number); }

// What follows from what the op's rule says: kind/op.h.
Cost completed(lathe_cost said) {
  if (said.macs == 0 && said.elementwise == 0) said.elementwise = said.computations;
  if (said.computations == 0) said.computations = said.macs + said.elementwise;
  if (said.backward_computations == 0) {
    said.backward_computations = 2 * said.macs + said.elementwise;
  }
  return {said.computations,   said.backward_computations, said.parameters,
          said.input_elements, said.output_elements,       said.macs,
          said.elementwise};
}

void name_inputs(const Argument& argument, std::string_view name,
                 std::vector<std::string_view>& names) {
  argument.for_each_input([&](NodeId) { names.push_back(name); });
}

}  // namespace

OpInstance::OpInstance(const Component& component, const Value& attributes)
    : component_(&component) {
  if (!component.has(LATHE_FLAG_PARALLEL)) serial_ = std::make_unique<std::mutex>();
  const auto& op = component.as<lathe_op>();
  if (op.create == nullptr) return;
  Call call(component, nullptr, Call::Phase::create);
  call.options = &attributes;
  const lathe_value tree = to_abi(attributes, call.memory());
  call.enter("create", [&](lathe_call* c) { return op.create(c, &tree, &self_); });
}

OpInstance::~OpInstance() {
  destroy_instance(*component_, component_->as<lathe_op>().destroy, self_);
}

std::unique_lock<std::mutex> OpInstance::turn() const {
  return serial_ ? std::unique_lock(*serial_) : std::unique_lock<std::mutex>();
}

OpInstance::Inferred OpInstance::infer(std::span<const lathe_op_tensor> inputs) const {
  const lathe_op_tensor_table table = table_of(inputs);
  lathe_op_result made{};
  made.struct_size = LATHE_SIZE_UP_TO(lathe_op_result, shape);
  const auto lock = turn();
  // Whether inputs fit is a matter of how the network was built: a refusal is a usage error.
  Call call(*component_, nullptr, Call::Phase::create);
  call.enter({"infer", Guarded::numbers}, [&](lathe_call* c) {
    return component_->as<lathe_op>().infer(c, self_, &table, &made);
  });
  const auto dtype = static_cast<DType>(made.dtype);
  if (dtype != DType::float32 && !is_integer(dtype)) {
    throw broken(
        fmt::format("infer() gave a result of type {}; results are float32, integers or "
                    "bool",
                    made.dtype));
  }
  Inferred out{{dtype, checked_shape("infer", made.rank, made.shape), {}}, made.rows_apart != 0};
  // Draws of a row would depend on how many are run at once.
  if (component_->has(LATHE_FLAG_STOCHASTIC)) out.rows_apart = false;
  return out;
}

Shape OpInstance::checked_shape(const char* function, std::uint32_t rank,
                                const std::int64_t* extents) const {
  if (rank > kMostDimensions) {
    throw broken(fmt::format("{}() gave a shape of {} dimensions; at most {} are believed",
                             function, rank, kMostDimensions));
  }
  if (rank > 0 && extents == nullptr) {
    throw broken(
        fmt::format("{}() gave a shape of {} dimensions, and NULL for them", function, rank));
  }
  const InPlugin reading(component_->options.owner, component_->file, function);
  std::vector<std::int64_t> dims(extents, extents + rank);
  for (const std::int64_t dim : dims) {
    if (dim < 0) throw broken(fmt::format("{}() gave the extent {}", function, dim));
  }
  return Shape(std::move(dims));
}

std::vector<Parameter> OpInstance::parameters() const {
  const auto& op = component_->as<lathe_op>();
  lathe_op_parameter_table table{};
  table.struct_size = LATHE_SIZE_UP_TO(lathe_op_parameter_table, count);
  const auto lock = turn();
  Call call(*component_, nullptr, Call::Phase::create);
  call.enter({"parameters", Guarded::numbers},
             [&](lathe_call* c) { return op.parameters(c, self_, &table); });
  if (table.count == 0) return {};
  if (table.count > kMostParameters) {
    throw broken(fmt::format("parameters() gave {} rows; at most {} are believed", table.count,
                             kMostParameters));
  }
  if (table.rows == nullptr) {
    throw broken(fmt::format("parameters() gave {} rows, and NULL for them", table.count));
  }
  if (table.row_size < LATHE_SIZE_UP_TO(lathe_op_parameter, b) || table.row_size > 4096) {
    throw broken(fmt::format("parameters() gave a row_size of {}", table.row_size));
  }
  const InPlugin reading(component_->options.owner, component_->file, "parameters");
  std::vector<Parameter> out;
  for (std::uint64_t i = 0; i < table.count; ++i) {
    lathe_op_parameter row{};
    std::memcpy(&row, reinterpret_cast<const char*>(table.rows) + i * table.row_size,
                std::min<std::size_t>(table.row_size, sizeof row));
    Parameter made = parameter(row);
    if (std::ranges::find(out, made.name, &Parameter::name) != out.end()) {
      throw broken(fmt::format("parameters() gave '{}' twice", made.name));
    }
    out.push_back(std::move(made));
  }
  return out;
}

Parameter OpInstance::parameter(const lathe_op_parameter& row) const {
  constexpr std::uint64_t kLongestName = 256;
  const bool readable = row.name.data != nullptr && row.name.size <= kLongestName;
  Parameter out;
  if (readable) out.name = view_of(row.name);
  if (!is_legal_name(out.name)) {
    throw broken(fmt::format("parameters() gave the name '{}', which is no identifier", out.name));
  }
  const auto refuse = [&](const std::string& what) {
    return broken(fmt::format("parameters() gave '{}' {}", out.name, what));
  };
  out.is_buffer = row.is_buffer != 0;
  out.dtype = static_cast<DType>(row.dtype);
  const bool counts = out.dtype == DType::int64 || out.dtype == DType::int32;
  if (out.dtype != DType::float32 && !(out.is_buffer && counts)) {
    throw refuse(
        fmt::format("the type {}; parameters are float32, buffers also int64 or int32", row.dtype));
  }
  const auto initialiser = initialiser_from(row.initialiser, row.a, row.b);
  if (!initialiser)
    throw refuse(fmt::format("the initialiser {}, which this host does not know", row.initialiser));
  out.initialiser = *initialiser;
  try {
    check_initialiser(out.initialiser, out.dtype);
  } catch (const Error& error) {
    throw refuse(fmt::format("an initialiser that cannot be: {}", error.what()));
  }
  out.shape = checked_shape("parameters", row.rank, row.shape);
  return out;
}

std::optional<Cost> OpInstance::cost(std::span<const lathe_op_tensor> inputs,
                                     const Result& result) const {
  const auto& op = component_->as<lathe_op>();
  const lathe_op_tensor_table table = table_of(inputs);
  const lathe_op_tensor made = op_tensor("", result);
  lathe_cost cost{};
  cost.struct_size = LATHE_SIZE_UP_TO(lathe_cost, elementwise);
  cost.known = 1;
  const auto lock = turn();
  Call call(*component_);
  call.enter({"cost", Guarded::numbers},
             [&](lathe_call* c) { return op.cost(c, self_, &table, &made, &cost); });
  if (cost.known == 0) return std::nullopt;
  for (const double count :
       {cost.computations, cost.backward_computations, cost.parameters, cost.input_elements,
        cost.output_elements, cost.macs, cost.elementwise}) {
    if (!is_count(count)) throw broken(fmt::format("cost() gave the count {}", count));
  }
  return completed(cost);
}

void OpInstance::forward(const lathe_op_call& op, lathe_tensor& y) const {
  const auto lock = turn();
  Call call(*component_);
  call.enter({"forward", Guarded::numbers},
             [&](lathe_call* c) { return component_->as<lathe_op>().forward(c, self_, &op, &y); });
}

void OpInstance::backward(const lathe_op_call& op, const lathe_tensor& y,
                          const lathe_op_gradients& gradients) const {
  const auto lock = turn();
  Call call(*component_);
  call.enter({"backward", Guarded::numbers}, [&](lathe_call* c) {
    return component_->as<lathe_op>().backward(c, self_, &op, &y, &gradients);
  });
}

Error OpInstance::broken(const std::string& what) const {
  return run_error(LATHE_INTERNAL, fmt::format("{} of '{}': its {}", component_->options.owner,
                                               component_->file.string(), what));
}

const OpInstance& op_instance(const Component& component, const Value& attributes) {
  const std::pair key(&component, hash_of(attributes));
  Instances& all = instances();
  {
    const std::shared_lock lock(all.mutex);
    if (const auto found = all.known.find(key); found != all.known.end()) return *found->second;
  }
  auto made = std::make_unique<const OpInstance>(component, attributes);
  const std::unique_lock lock(all.mutex);
  return *all.known.try_emplace(key, std::move(made)).first->second;
}

lathe_op_tensor op_tensor(std::string_view name, const Result& result) {
  lathe_op_tensor out{};
  out.name = str_of(name);
  out.dtype = static_cast<lathe_dtype>(result.dtype);
  out.rank = static_cast<std::uint32_t>(result.shape.rank());
  out.shape = result.shape.dims().data();
  return out;
}

std::vector<std::string_view> op_input_names(const Component& component, const Node& node) {
  const OpDescription& op = *component.op;
  const std::vector<std::string>& words = node.is_function() ? op.signature : op.inputs;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < node.args.size(); ++i) {
    name_inputs(node.args[i], i < words.size() ? std::string_view(words[i]) : "", names);
  }
  for (const auto& [key, argument] : node.kwargs) name_inputs(argument, key, names);
  return names;
}

}  // namespace lathe
