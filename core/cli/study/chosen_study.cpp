#include "core/cli/study/chosen_study.hpp"

#include "core/base/file.hpp"
#include "core/base/words/suggest.hpp"
#include "core/cli/run/results/folder.hpp"
#include "core/options/text/json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFileUrl = "sqlite:///";

// The study's file of a run: in the folder itself, or in that of its searches.
fs::path file_of(const fs::path& run, There there) {
  std::error_code ignored;
  if (!fs::is_directory(run, ignored)) {
    if (fs::exists(run, ignored) || there == There::or_new) return run;
    throw usage_error(
        fmt::format("there is no run '{}'; RUN is the folder of a search, or a "
                    "study's file",
                    run.string()));
  }
  for (const fs::path& folder : {run, run / "software" / "search_ckpts"})
    if (fs::exists(folder / kStudyFile, ignored)) return folder / kStudyFile;
  if (there == There::or_new) return run / kStudyFile;
  throw usage_error(
      fmt::format("the folder '{}' has no study: no file {}", run.string(), kStudyFile));
}

}  // namespace

ChosenStorage chosen_storage(const Invocation& call, There there) {
  ChosenStorage place;
  place.values = call.words;
  if (const OptionalText url = call.get(kStorage)) {
    place.url = *url;
  } else {
    if (call.words.empty())
      throw usage_error("say which study: RUN, the folder of a search, or --storage URL");
    place.values.erase(place.values.begin());
    const fs::path file = file_of(call.words.front(), there);
    place.url = fmt::format("{}{}", kFileUrl, absolute_path(file).string());
  }
  check_storage(place.url);
  // SQLite would make the file.
  if (const fs::path file =
          place.url.starts_with(kFileUrl) ? place.url.substr(kFileUrl.size()) : "";
      there == There::already && !file.empty() && !fs::exists(file))
    throw usage_error(
        fmt::format("there is no study file '{}'; lathe study create makes one", file.string()));
  place.storage = open_storage(place.url, {std::chrono::round<std::chrono::milliseconds>(
                                              std::chrono::duration<double>(call.get(kLockWait)))});
  return place;
}

std::string chosen_name(const Invocation& call, const ChosenStorage& place) {
  if (const OptionalText name = call.get(kStudy)) return *name;
  const std::vector<std::string> names = place.storage->studies();
  if (names.size() == 1) return names.front();
  const std::string shown = shown_url(place.url);
  if (names.empty()) throw usage_error(fmt::format("'{}' has no study", shown));
  throw usage_error(fmt::format("'{}' has {} studies; say which with --study: {}", shown,
                                names.size(), fmt::join(names, ", ")));
}

void hold_chosen(const Invocation& call, const ChosenStorage& place, Hold hold,
                 const std::function<void(HeldStudy&)>& act) {
  place.storage->hold_study(chosen_name(call, place), hold, act);
}

SearchSpace space_of(const StudyDescription& description) {
  SearchSpace space;
  for (const StoredParameter& row : description.parameters) {
    SearchParameter parameter;
    parameter.name = row.name;
    static_cast<Domain&>(parameter) = row;
    parameter.condition = row.condition;
    parameter.given = row.written;
    space.parameters.push_back(std::move(parameter));
  }
  return space;
}

Value params_of(const SearchSpace& space, std::span<const double> point) {
  Value params{Value::Map{}};
  for (std::size_t p = 0; p < point.size(); ++p)
    if (!std::isnan(point[p]))
      params.set(space.parameters[p].name,
                 space.parameters[p].value(point[p], space.parameters[p].name));
  return params;
}

std::vector<double> point_of(const SearchSpace& space, const Value& params) {
  std::vector<double> point(space.parameters.size(), std::nan(""));
  for (const auto& [name, value] : params.as_map()) {
    const auto found = std::ranges::find(space.parameters, name, &SearchParameter::name);
    if (found == space.parameters.end()) {
      std::vector<std::string> known;
      for (const SearchParameter& parameter : space.parameters) known.push_back(parameter.name);
      throw usage_error(
          fmt::format("the study has no parameter '{}'{}", name, suggestion(name, known)),
          value.position());
    }
    const auto number = found->number_of(value);
    if (!number)
      throw usage_error(
          fmt::format("'{}' cannot be {}; it takes {}", name, value.text(), found->text()),
          value.position());
    point[static_cast<std::size_t>(found - space.parameters.begin())] = *number;
  }
  return point;
}

Value json_given(const std::string& given, const std::string& flag) {
  const bool text = given.find_first_of("{[") == given.find_first_not_of(" \t\n");
  return text ? parse_json(given, flag) : read_json(given);
}

}  // namespace lathe
