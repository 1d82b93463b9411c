// The file that the pass `sensitivity` writes: {objective: {parameter: [a value per choice]}}.
// Reads that form of JSON and nothing else of it. Knows nothing of search spaces.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace search_strategies {

// Where in the file something stands, eg "sensitivity.json:3:7".
struct Row {
  std::string place;
  std::vector<double> values;
};

// By the name of the parameter; "" has what no choice changes.
using Contributions = std::map<std::string, Row, std::less<>>;

struct ContributionsFile {
  std::map<std::string, Contributions, std::less<>> objectives;
};

// Throws std::invalid_argument, with the place, if the text is anything else; `name`: of the file.
ContributionsFile read_contributions(std::string_view text, const std::string& name);

// The same of a file on disk.
ContributionsFile load_contributions(const std::string& path);

}  // namespace search_strategies
