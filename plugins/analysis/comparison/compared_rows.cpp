#include "compared_rows.hpp"

#include <algorithm>

namespace analysis {

namespace {

// The node whose result is the network's output.
lathe::node result_of(const lathe::graph& network) {
  for (const lathe::node node : network.nodes()) {
    if (!node.is_output()) continue;
    if (node.input_count() == 1 && node.input(0).dtype() != LATHE_DTYPE_NONE &&
        !node.input(0).shape().empty()) {
      return node.input(0);
    }
    break;
  }
  throw lathe::error(LATHE_FAILED_PRECONDITION,
                     "outputs are compared of a network that has one, a tensor of rows");
}

const lathe::field* target_of(const std::vector<lathe::field>& fields) {
  const auto found = std::find_if(fields.begin(), fields.end(), [](const lathe::field& field) {
    return field.role == LATHE_FIELD_TARGET;
  });
  return found == fields.end() ? nullptr : &*found;
}

// The input that a placeholder takes: the one of its name, else the one at its place.
std::size_t field_of(const std::vector<lathe::field>& fields, std::string_view name,
                     std::size_t place, bool by_name) {
  std::size_t inputs = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].role != LATHE_FIELD_INPUT) continue;
    if (by_name ? fields[i].name == name : inputs == place) return i;
    ++inputs;
  }
  return fields.size();
}

}  // namespace

ComparedRows::ComparedRows(const lathe::graph& network, const lathe::data& data,
                           const lathe::rows& rows, OutputKind kind)
    : count_(data.count(rows.split)) {
  if (rows.samples > 0) count_ = std::min(count_, rows.samples);
  const lathe::shape shape = result_of(network).shape();
  for (std::size_t i = 1; i < shape.size(); ++i) {
    if (i + 1 == shape.size()) {
      width_ = static_cast<std::size_t>(shape[i]);
    } else {
      places_ *= static_cast<std::size_t>(shape[i]);
      place_shape_.push_back(shape[i]);
    }
  }
  const std::vector<lathe::field> fields = data.fields();
  const lathe::field* target = target_of(fields);
  const bool tells_classes = target == nullptr || target->of_classes();
  of_classes_ =
      kind == OutputKind::classes || (kind == OutputKind::by_target && tells_classes && width_ > 1);
  if (of_classes_) read_targets(data, rows, fields);
}

void ComparedRows::read_targets(const lathe::data& data, const lathe::rows& rows,
                                const std::vector<lathe::field>& fields) {
  const lathe::field* target = target_of(fields);
  if (target == nullptr || target->dtype != LATHE_DTYPE_INT64 || target->shape.empty() ||
      target->shape != place_shape_) {
    return;
  }
  const std::vector<const lathe_tensor*> read = data.read(rows.split, 0, count_);
  const lathe::tensor<const std::int64_t> values(
      *read.at(static_cast<std::size_t>(target - fields.data())));
  targets_.assign(values.begin(), values.end());
  data.release(read);
}

// Of 4 Mi numbers, unless it is said.
std::uint64_t OutputPairs::batch_size() const {
  if (which_.batch_size > 0) return which_.batch_size;
  return std::max<std::uint64_t>((std::uint64_t{1} << 22) / rows_.row_size(), 1);
}

void OutputPairs::check_size(std::uint64_t numbers, std::uint64_t rows) const {
  if (numbers == rows * rows_.row_size()) return;
  const auto text = [](std::uint64_t n) { return lathe::to_string(static_cast<std::int64_t>(n)); };
  throw lathe::error(
      LATHE_FAILED_PRECONDITION,
      lathe::join({"outputs are compared of networks that give as many numbers a row: one gives ",
                   text(rows_.row_size()), ", the other ", text(numbers), " for ", text(rows),
                   " rows"}));
}

std::vector<const lathe_tensor*> OutputPairs::fed(
    const lathe::graph& network, const std::vector<const lathe_tensor*>& tensors) const {
  const std::vector<lathe::field> fields = data_.fields();
  for (const bool by_name : {true, false}) {
    std::vector<const lathe_tensor*> inputs;
    std::size_t placeholders = 0;
    for (const lathe::node node : network.nodes()) {
      if (node.opcode() != LATHE_OPCODE_PLACEHOLDER) continue;
      const std::size_t field = field_of(fields, node.target(), placeholders++, by_name);
      if (field < tensors.size()) inputs.push_back(tensors[field]);
    }
    if (inputs.size() == placeholders) return inputs;
  }
  throw lathe::error(LATHE_FAILED_PRECONDITION,
                     "the network has more inputs than the data set gives");
}

}  // namespace analysis
