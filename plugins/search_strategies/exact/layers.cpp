#include "layers.hpp"

namespace search_strategies {

namespace {

constexpr std::size_t kMostOptions = 100'000;

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::vector<double> comparable(std::vector<double> values) {
  for (double& x : values) {
    if (is_absent(x)) x = -1;
  }
  return values;
}

std::string names(const ContributionsFile& file) {
  std::string all;
  for (const auto& [name, rows] : file.objectives) all += (all.empty() ? "'" : ", '") + name + "'";
  return all;
}

}  // namespace

Table table_of(const Space& space, const ContributionsFile& file, const std::string& objective,
               const std::string& file_name) {
  const auto found = file.objectives.find(objective);
  if (found == file.objectives.end()) {
    throw std::invalid_argument(file_name + " has nothing of '" + objective + "', but of " +
                                names(file));
  }
  const Contributions& rows = found->second;
  Table table;
  if (const auto constant = rows.find(""); constant != rows.end()) {
    if (constant->second.values.size() != 1) {
      throw std::invalid_argument(constant->second.place + ": \"\" is what no choice of '" +
                                  objective + "' changes: one number, not " +
                                  std::to_string(constant->second.values.size()));
    }
    table.constant = constant->second.values[0];
  }
  std::size_t known = rows.count("");
  for (const Parameter& parameter : space.parameters) {
    const auto row = rows.find(parameter.name);
    if (row == rows.end()) {
      if (parameter.count() != 1) {
        throw std::invalid_argument(file_name + ": '" + objective + "' has no values of '" +
                                    parameter.name +
                                    "', a parameter of this search; run the pass 'sensitivity' "
                                    "with the search's own config");
      }
      table.values.push_back({0});
      continue;
    }
    ++known;
    if (row->second.values.size() != parameter.count()) {
      throw std::invalid_argument(row->second.place + ": '" + parameter.name + "' has " +
                                  counted(row->second.values.size(), "value") + " of '" +
                                  objective + "' and " + counted(parameter.count(), "choice") +
                                  " in this search; run the pass 'sensitivity' with the search's "
                                  "own config");
    }
    table.values.push_back(row->second.values);
  }
  if (known == rows.size()) return table;
  for (const auto& [name, row] : rows) {
    const bool exists =
        name.empty() || std::any_of(space.parameters.begin(), space.parameters.end(),
                                    [&n = name](const Parameter& p) { return p.name == n; });
    if (!exists) {
      throw std::invalid_argument(row.place + ": '" + name +
                                  "' is no parameter of this search; run the pass 'sensitivity' "
                                  "with the search's own config");
    }
  }
  return table;
}

Layers::Layers(const Space& space, const Table& values, const Table* costs) {
  std::vector<std::size_t> group_of(space.parameters.size());
  for (std::size_t p = 0; p < space.parameters.size(); ++p) {
    const Parameter& parameter = space.parameters[p];
    if (parameter.count() == 0) {
      throw std::invalid_argument("'exact' adds up choices, and '" + parameter.name +
                                  "' is a range; list its choices or give it a step");
    }
    const bool root = parameter.parent == LATHE_NONE_ID;
    group_of[p] = root ? groups_.size() : group_of[parameter.parent];
    if (root) groups_.emplace_back();
    groups_[group_of[p]].parameters.push_back(p);
  }
  std::vector<Class> classes;
  std::vector<double> point(space.parameters.size(), kAbsent);
  for (Group& group : groups_) {
    enumerate(space, group, 0, point);
    Class options;
    for (const std::vector<double>& option : group.options) {
      Option sums{0, 0};
      for (std::size_t i = 0; i < option.size(); ++i) {
        if (is_absent(option[i])) continue;
        const std::size_t p = group.parameters[i];
        const Parameter& parameter = space.parameters[p];
        const double number =
            parameter.categorical() ? option[i] : (option[i] - parameter.low) / parameter.step;
        const auto choice = static_cast<std::size_t>(std::llround(number));
        sums.value += values.values[p][choice];
        if (costs != nullptr) sums.cost += costs->values[p][choice];
      }
      group.numbers.emplace(comparable(option), static_cast<std::uint32_t>(options.size()));
      options.push_back(sums);
    }
    classes.push_back(std::move(options));
  }
  knapsack_ = Knapsack(std::move(classes));
}

void Layers::enumerate(const Space& space, Group& group, std::size_t place,
                       std::vector<double>& point) const {
  if (place == group.parameters.size()) {
    std::vector<double> option;
    for (const std::size_t p : group.parameters) option.push_back(point[p]);
    group.options.push_back(std::move(option));
    if (group.options.size() > kMostOptions) {
      throw std::invalid_argument("'exact' takes what hangs on one parameter together, and '" +
                                  space.parameters[group.parameters[0]].name + "' has more than " +
                                  std::to_string(kMostOptions) +
                                  " combinations; search fewer options of it");
    }
    return;
  }
  const std::size_t p = group.parameters[place];
  if (space.exists(p, point.data())) {
    for (std::uint64_t i = 0; i < space.parameters[p].count(); ++i) {
      point[p] = space.parameters[p].value(i);
      enumerate(space, group, place + 1, point);
    }
  } else {
    enumerate(space, group, place + 1, point);
  }
  point[p] = kAbsent;
}

void Layers::write(const Choice& choice, double* point) const {
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const Group& group = groups_[g];
    for (std::size_t i = 0; i < group.parameters.size(); ++i) {
      point[group.parameters[i]] = group.options[choice[g]][i];
    }
  }
}

Choice Layers::choice_of(const double* point) const {
  Choice choice;
  for (const Group& group : groups_) {
    std::vector<double> values;
    for (const std::size_t p : group.parameters) values.push_back(point[p]);
    choice.push_back(group.numbers.at(comparable(std::move(values))));
  }
  return choice;
}

}  // namespace search_strategies
