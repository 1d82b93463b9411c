#include "core/graph/columns/columns.hpp"

#include "core/graph/columns/node_rows.hpp"
#include "core/graph/columns/symbols.hpp"

#include <algorithm>
#include <cstring>

namespace lathe {

namespace {

lathe_str str_of(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void EdgeColumns::reserve(std::size_t rows, std::size_t input_count) {
  alive.reserve(rows);
  opcode.reserve(rows);
  op.reserve(rows);
  input_begin.reserve(rows + 1);
  inputs.reserve(input_count);
}

void EdgeColumns::append(const Node& node) {
  alive.push_back(1);
  opcode.push_back(static_cast<lathe_opcode>(node.opcode));
  op.push_back(symbol_of(node.op));
  node.for_each_input([&](NodeId input) { inputs.push_back(index_of(input)); });
  input_begin.push_back(static_cast<std::uint32_t>(inputs.size()));
}

void EdgeColumns::append_blank() {
  alive.push_back(0);
  opcode.push_back(LATHE_OPCODE_PLACEHOLDER);
  op.push_back(symbol_of(""));
  input_begin.push_back(static_cast<std::uint32_t>(inputs.size()));
}

void EdgeColumns::append_rows(const EdgeColumns& other, std::uint32_t end) {
  const auto begin = static_cast<std::uint32_t>(alive.size());
  if (begin >= end) return;
  const auto copy = [](auto& to, const auto& from, std::uint32_t first, std::uint32_t last) {
    to.insert(to.end(), from.begin() + first, from.begin() + last);
  };
  copy(alive, other.alive, begin, end);
  copy(opcode, other.opcode, begin, end);
  copy(op, other.op, begin, end);
  const auto shift =
      static_cast<std::uint32_t>(inputs.size()) - other.input_begin[begin];  // may wrap around
  copy(inputs, other.inputs, other.input_begin[begin], other.input_begin[end]);
  for (std::uint32_t i = begin; i < end; ++i) {
    input_begin.push_back(other.input_begin[i + 1] + shift);
  }
}

// Count, sum up, fill.
void EdgeColumns::add_uses() {
  const std::size_t rows = alive.size();
  std::vector<std::uint32_t> last_reader(rows, LATHE_NONE_ID);
  const auto each_use = [&](const auto& use) {
    for (const NodeId reader : order) {
      const std::uint32_t r = index_of(reader);
      for (std::uint32_t k = input_begin[r]; k < input_begin[r + 1]; ++k) {
        const std::uint32_t read = inputs[k];
        if (last_reader[read] != r) use(read, r);
        last_reader[read] = r;
      }
    }
  };
  use_begin.assign(rows + 1, 0);
  each_use([&](std::uint32_t read, std::uint32_t) { ++use_begin[read + 1]; });
  for (std::size_t i = 0; i < rows; ++i) use_begin[i + 1] += use_begin[i];
  uses.resize(use_begin[rows]);
  std::vector<std::uint32_t> at(use_begin.begin(), use_begin.end() - 1);
  // The last reader counted and the first to fill differ unless there is only one.
  std::fill(last_reader.begin(), last_reader.end(), LATHE_NONE_ID);
  each_use([&](std::uint32_t read, std::uint32_t reader) { uses[at[read]++] = reader; });
  const bool ends = !order.empty() && opcode[index_of(order.back())] == LATHE_OPCODE_OUTPUT;
  output = ends ? order.back() : NodeId::none;
}

EdgeColumns edges_of(const NodeTable& nodes, std::vector<NodeId> order) {
  EdgeColumns out;
  out.order = std::move(order);
  out.reserve(nodes.size(), nodes.size() + nodes.size() / 4);
  for_each_row(nodes, [&](std::size_t, const Node* node) {
    node != nullptr ? out.append(*node) : out.append_blank();
  });
  return out;
}

TextColumns::TextColumns(const NodeTable& nodes) {
  const std::size_t rows = nodes.size();
  op.resize(rows, str_of(""));
  name.resize(rows, str_of(""));
  target.resize(rows, str_of(""));
  std::vector<char> text;
  text.reserve(32 * rows);
  const auto keep = [&](lathe_str& cell, const std::string& of) {
    cell = {nullptr, of.size()};  // its place is known once `text` stops growing
    text.insert(text.end(), of.begin(), of.end());
  };
  for_each_row(nodes, [&](std::size_t i, const Node* node) {
    if (node == nullptr) return;
    op[i] = str_of(interned(node->op));
    keep(name[i], node->name);
    keep(target[i], node->target);
  });
  letters = std::make_shared<const std::vector<char>>(std::move(text));
  const char* at = letters->data();
  for (std::size_t i = 0; i < rows; ++i) {
    for (lathe_str* cell : {&name[i], &target[i]}) {
      if (cell->data != nullptr) continue;  // a blank row
      cell->data = cell->size == 0 ? "" : at;
      at += cell->size;
    }
  }
}

TextColumns::TextColumns(const TextColumns& other, std::span<const RemovedNode> removed)
    : op(other.op), name(other.name), target(other.target), letters(other.letters) {
  for (const auto& [id, node] : removed) {
    op[index_of(id)] = name[index_of(id)] = target[index_of(id)] = str_of("");
  }
}

ResultColumns::ResultColumns(const NodeTable& nodes) {
  dtype.reserve(nodes.size());
  shape_begin.reserve(nodes.size() + 1);
  shape.reserve(2 * nodes.size());
  for_each_row(nodes, [&](std::size_t, const Node* node) {
    shape_begin.push_back(static_cast<std::uint32_t>(shape.size()));
    dtype.push_back(node == nullptr ? lathe_dtype{LATHE_DTYPE_NONE}
                                    : static_cast<lathe_dtype>(node->result.dtype));
    if (node == nullptr) return;
    shape.insert(shape.end(), node->result.shape.begin(), node->result.shape.end());
  });
  shape_begin.push_back(static_cast<std::uint32_t>(shape.size()));
}

ResultColumns::ResultColumns(const ResultColumns& other, std::span<const RemovedNode> removed)
    : dtype(other.dtype) {
  std::vector<bool> gone(dtype.size(), false);
  for (const auto& [id, node] : removed) {
    gone[index_of(id)] = true;
    dtype[index_of(id)] = LATHE_DTYPE_NONE;
  }
  shape_begin.reserve(other.shape_begin.size());
  shape.reserve(other.shape.size());
  for (std::size_t i = 0; i < dtype.size(); ++i) {
    shape_begin.push_back(static_cast<std::uint32_t>(shape.size()));
    if (gone[i]) continue;
    shape.insert(shape.end(), other.shape.begin() + other.shape_begin[i],
                 other.shape.begin() + other.shape_begin[i + 1]);
  }
  shape_begin.push_back(static_cast<std::uint32_t>(shape.size()));
}

NameIndex::NameIndex(const std::shared_ptr<const TextColumns>& texts) : letters(texts->letters) {
  ids.reserve(texts->name.size());
  for (std::uint32_t i = 0; i < texts->name.size(); ++i) {
    const lathe_str name = texts->name[i];
    if (name.size != 0) ids.emplace(std::string_view(name.data, name.size), NodeId{i});
  }
}

GraphColumns GraphColumns::empty() {
  static const GraphColumns columns{
      std::make_shared<const EdgeColumns>(),        std::make_shared<Lazy<TextColumns>>(),
      std::make_shared<Lazy<ResultColumns>>(),      std::make_shared<Lazy<NameIndex>>(),
      std::make_shared<LazyRows<ProfileColumns>>(), std::make_shared<Lazy<ParameterColumns>>()};
  return columns;
}

void GraphColumns::forget_texts() {
  texts = std::make_shared<Lazy<TextColumns>>();
  names = std::make_shared<Lazy<NameIndex>>();
}

void GraphColumns::forget_results() { results = std::make_shared<Lazy<ResultColumns>>(); }

void GraphColumns::forget_parameters() { parameters = std::make_shared<Lazy<ParameterColumns>>(); }

void GraphColumns::renew_profiles(std::span<const NodeId> edited) {
  if (edited.empty()) return;
  profiles = std::make_shared<LazyRows<ProfileColumns>>(*profiles, edited, edges->alive.size());
}

namespace {

// What nobody has looked at is not worth a copy; and it must not be made from the nodes of a graph
// that still has what was removed from this one.
template <typename T>
void blank_rows(std::shared_ptr<Lazy<T>>& group, std::span<const RemovedNode> removed) {
  const std::shared_ptr<const T> made = group->made();
  group = made ? std::make_shared<Lazy<T>>(std::make_shared<const T>(*made, removed))
               : std::make_shared<Lazy<T>>();
}

}  // namespace

void GraphColumns::blank(std::span<const RemovedNode> removed) {
  if (removed.empty()) return;
  blank_rows(texts, removed);
  blank_rows(results, removed);
  if (!names->made()) names = std::make_shared<Lazy<NameIndex>>();
}

}  // namespace lathe
