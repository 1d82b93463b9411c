#include "tools/sampler_quality/one_at_a_time.hpp"

#include "core/base/file.hpp"
#include "core/base/json.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace lathe::quality {

OneAtATime::OneAtATime(const Function& function) : function_(&function) {
  std::vector<double> first;
  for (const SearchParameter& variable : function.space.parameters) {
    if (variable.infinite() || variable.condition.parent != Condition::kAlways)
      throw usage_error(fmt::format(
          "{}: '{}' {}, which no additive model of choices has", function.id, variable.name,
          variable.infinite() ? "has no end of values" : "does not always exist"));
    first.push_back(variable.at(0));
  }
  points_.push_back(first);
  for (std::size_t v = 0; v < first.size(); ++v) {
    const SearchParameter& variable = function.space.parameters[v];
    for (std::uint64_t choice = 1; choice < variable.count(); ++choice) {
      points_.push_back(first);
      points_.back()[v] = variable.at(choice);
    }
  }
}

std::string OneAtATime::file_text(const std::vector<std::vector<double>>& values,
                                  const std::vector<std::string>& objectives) const {
  Json file = Json::object();
  for (std::size_t objective = 0; objective < objectives.size(); ++objective) {
    const double constant = values.front()[objective];
    Json contributions{{"", {constant}}};
    std::size_t point = 1;
    for (const SearchParameter& variable : function_->space.parameters) {
      Json row = Json::array({0.0});
      for (std::uint64_t choice = 1; choice < variable.count(); ++choice)
        row.push_back(values[point++][objective] - constant);
      contributions[variable.name] = std::move(row);
    }
    file[objectives[objective]] = std::move(contributions);
  }
  return file.dump(1);
}

TemporaryFile::TemporaryFile(const std::string& text) {
  std::string pattern = (std::filesystem::temp_directory_path() / "lathe-additive-XXXXXX").string();
  const int file = ::mkstemp(pattern.data());
  if (file < 0) throw write_failure(pattern, errno);
  ::close(file);
  path_ = pattern;
  write_atomically(path_, text, Sync::no_wait);
}

TemporaryFile::~TemporaryFile() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace lathe::quality
