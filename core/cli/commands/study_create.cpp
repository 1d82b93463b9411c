// lathe study create: a study that any program can work on.
#include "core/cli/commands/rows.hpp"
#include "core/cli/found_plugins.hpp"
#include "core/cli/study/chosen_study.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/json.hpp"
#include "core/search/plan/study_description.hpp"
#include "core/search/space/written_space.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {
namespace {

std::vector<lathe_direction> directions_of(const Invocation& call) {
  std::vector<lathe_direction> directions;
  for (const std::string& word : call.get(kDirections))
    directions.push_back(word == "maximize" ? LATHE_DIRECTION_MAXIMIZE : LATHE_DIRECTION_MINIMIZE);
  if (directions.empty()) directions.push_back(LATHE_DIRECTION_MINIMIZE);
  return directions;
}

StudyDescription described(const Invocation& call, const std::string& name) {
  StudyDescription description;
  description.name = name;
  description.directions = directions_of(call);
  if (const OptionalText space = call.get(kSearchSpace))
    for (const SearchParameter& parameter :
         read_written_space(json_given(*space, "--search-space")).parameters)
      description.parameters.push_back(stored_parameter(parameter));
  const Registry registry = registry_of(call);
  const SamplerChoice sampler =
      choose_sampler(parse_component(call.get(kSampler).value_or("tpe"), "--sampler"), registry);
  description.user_attributes.set("seed", call.get(kSeed));
  description.user_attributes.set("sampler", sampler.name());
  description.user_attributes.set("sampler_options", sampler.options());
  return description;
}

}  // namespace

void create_study(const Invocation& call) {
  const std::string name = call.get(kStudy).value_or("lathe");
  const StudyDescription description = described(call, name);
  const ChosenStorage place = chosen_storage(call, There::or_new);
  const std::vector<std::string> names = place.storage->studies();
  const bool exists = std::ranges::count(names, name) > 0;
  if (exists && !call.get(kSkipIfExists))
    throw usage_error(
        fmt::format("there is a study '{}' in '{}' already; choose another --study, "
                    "or leave it as it is with --skip-if-exists",
                    name, place.url));
  if (!exists) place.storage->open_study(description);
  if (call.get(kJson))
    return write_json({{"study", name}, {"storage", place.url}, {"created", !exists}});
  write_output(fmt::format("{}\n", name));
}

}  // namespace lathe
