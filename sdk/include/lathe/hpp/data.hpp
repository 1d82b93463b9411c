// Rows of the run's data set, and what earlier passes left. A pass that takes a `data` argument is
// marked as one that reads data.
#pragma once

#include <lathe/hpp/field.hpp>
#include <lathe/hpp/graph.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

class data {
 public:
  explicit data(lathe_call* call)
      : call_(call),
        api_(detail::service<lathe_data_api>(call, LATHE_SVC_DATA,
                                             LATHE_SIZE_UP_TO(lathe_data_api, read))) {}

  // What a row is made of.
  std::vector<field> fields() const {
    lathe_field_table table = {};
    table.struct_size = sizeof table;
    detail::check(call_, api_->fields(call_, &table));
    return detail::fields_of(table);
  }
  // Rows of a split; 0 if there are none.
  std::uint64_t count(std::string_view split) const {
    std::uint64_t rows = 0;
    detail::check(call_, api_->count(call_, to_str(split), &rows));
    return rows;
  }
  // Rows of a split, one tensor per field; valid until the pass returns, or release().
  std::vector<const lathe_tensor*> read(std::string_view split,
                                        const std::vector<std::uint64_t>& index) const {
    const lathe_tensor* const* tensors = nullptr;
    std::uint64_t count = 0;
    detail::check(call_,
                  api_->read(call_, to_str(split), index.data(), index.size(), &tensors, &count));
    return {tensors, tensors + count};
  }
  void release(const std::vector<const lathe_tensor*>& tensors) const {
    for (const lathe_tensor* t : tensors) lathe::release(call_, *t);
  }
  // Rows first, ..., first + count - 1.
  std::vector<const lathe_tensor*> read(std::string_view split, std::uint64_t first,
                                        std::uint64_t count) const {
    std::vector<std::uint64_t> index(count);
    for (std::uint64_t i = 0; i < count; ++i) index[i] = first + i;
    return read(split, index);
  }

 private:
  lathe_call* call_;
  const lathe_data_api* api_;
};

// Notes at nodes, for later passes of the run, and scalars of earlier ones.
class meta {
 public:
  explicit meta(lathe_call* call)
      : call_(call),
        api_(detail::service<lathe_meta_api>(call, LATHE_SVC_META,
                                             LATHE_SIZE_UP_TO(lathe_meta_api, erase))) {}

  // Let the key begin with the pass's id: "example.fisher/mean". One that begins with "common/",
  // "software/" or "hardware/" shows in node.metadata() at that path.
  void set(const graph& g, node_id node, std::string_view key, const value& v) const {
    value::storage arrays;
    const lathe_value c = v.c_value(arrays);
    detail::check(call_, api_->set(call_, g.raw(), node.index, to_str(key), &c));
  }
  // The same at many nodes, for little more than at one.
  void set_all(const graph& g, const std::vector<std::uint32_t>& nodes, std::string_view key,
               const value& v) const {
    value::storage arrays;
    const lathe_value c = v.c_value(arrays);
    detail::check(call_,
                  api_->set_all(call_, g.raw(), nodes.data(), nodes.size(), to_str(key), &c));
  }
  // Drops the note of that key and those below it, at one node or at all.
  void erase(const graph& g, node_id node, std::string_view key) const {
    detail::check(call_, api_->erase(call_, g.raw(), node.index, to_str(key)));
  }
  void erase(const graph& g, std::string_view key) const { erase(g, node_id(), key); }
  // None if nobody left one.
  value_view get(const graph& g, node_id node, std::string_view key) const {
    const lathe_value* found = nullptr;
    detail::check(call_, api_->get(call_, g.raw(), node.index, to_str(key), &found));
    return found;
  }
  // What the last pass of that id published under that name; none if it did not.
  value_view scalar(std::string_view pass, std::string_view name) const {
    const lathe_value* found = nullptr;
    detail::check(call_, api_->scalar(call_, to_str(pass), to_str(name), &found));
    return found;
  }

 private:
  lathe_call* call_;
  const lathe_meta_api* api_;
};

}  // namespace lathe

#pragma GCC visibility pop
