// The search space of the run's config file: what a study would ask, and what a trial would make of
// the graph. A pass that takes a `search_space` argument has it; it is opened by of().
#pragma once

#include <lathe/svc/space.h>
#include <lathe/hpp/graph.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

// One parameter of a space; borrowed.
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
