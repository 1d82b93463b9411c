// What a run has: rows of its data set, what earlier passes left, the search space of its config. A
// pass that takes a `data` argument is marked as one that reads data.
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

// One parameter of a search space; borrowed.
class space_parameter {
 public:
  explicit space_parameter(const lathe_space_parameter& row) : row_(&row) {}
  std::string_view name() const { return to_view(row_->name); }
  lathe_space_part part() const { return row_->part; }
  std::uint64_t choice_count() const { return row_->choice_count; }  // 0: it has no list of choices
  value_view choice(std::uint64_t i) const { return &row_->choices[i]; }
  // With one of these choices of the parent it exists; without a parent always.
  std::optional<std::uint32_t> parent() const {
    return row_->parent == LATHE_NONE_ID ? std::nullopt : std::optional(row_->parent);
  }
  span<const std::uint64_t> parent_choices() const {
    return {row_->parent_choices, row_->parent_choice_count};
  }

 private:
  const lathe_space_parameter* row_;
};

// A space as it is of one graph. Valid until the pass returns.
class opened_space {
 public:
  opened_space(lathe_call* call, const lathe_space_api* api, lathe_search_space* space)
      : call_(call), api_(api), space_(space) {}

  // In the study's order: a parent comes before what hangs on it.
  std::vector<space_parameter> parameters() const {
    lathe_space_table table = {};
    table.struct_size = sizeof table;
    detail::check(call_, api_->parameters(call_, space_, &table));
    std::vector<space_parameter> all;
    for (std::uint64_t i = 0; i < table.count; ++i) {
      all.emplace_back(detail::row(table.rows, table.row_size, i));
    }
    return all;
  }
  // A copy of the graph as a trial would have it, with a choice for each parameter by number.
  graph build(span<const std::uint64_t> choices) const {
    lathe_graph* made = nullptr;
    detail::check(call_, api_->build(call_, space_, choices.data(), choices.size(), &made));
    return {call_, made};
  }

 private:
  lathe_call* call_;
  const lathe_space_api* api_;
  lathe_search_space* space_;
};

// The search space of the run's config file: what a study would ask, and what a trial would make of
// the graph.
class search_space {
 public:
  explicit search_space(lathe_call* call)
      : call_(call),
        api_(detail::service<lathe_space_api>(call, LATHE_SVC_SPACE,
                                              LATHE_SIZE_UP_TO(lathe_space_api, build))) {}

  // Throws LATHE_FAILED_PRECONDITION if the run has no search space.
  opened_space of(const graph& g) const {
    lathe_search_space* opened = nullptr;
    detail::check(call_, api_->open(call_, g.raw(), &opened));
    return {call_, api_, opened};
  }

 private:
  lathe_call* call_;
  const lathe_space_api* api_;
};

}  // namespace lathe

#pragma GCC visibility pop
