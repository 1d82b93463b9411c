// lathe study suggest: what a sampler would suggest next, drawn many times.
#include "core/cli/commands/rows.hpp"
#include "core/cli/found_plugins.hpp"
#include "core/cli/study/history.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/json.hpp"
#include "core/report/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

// The options of the command line before those of the file.
SamplerChoice sampler_of(const Invocation& call, const History& history, const Registry& registry) {
  const OptionalText text = call.get(kSampler);
  ComponentText sampler = parse_component(text.value_or("tpe"), "--sampler");
  for (const auto& [key, value] : history.sampler.as_map())
    if (sampler.options.find(key) == nullptr) sampler.options.set(key, value);
  return choose_sampler(sampler, registry);
}

std::vector<std::uint64_t> counts_of(const Domain& parameter, const std::vector<double>& draws) {
  std::vector<std::uint64_t> counts(parameter.choices.size());
  for (const double number : draws)
    if (!std::isnan(number)) ++counts[static_cast<std::size_t>(number)];
  return counts;
}

Json json_of(const History& history, const std::vector<std::vector<double>>& draws) {
  Json params = Json::object();
  for (std::size_t p = 0; p < draws.size(); ++p) {
    const SearchParameter& parameter = history.space.parameters[p];
    if (parameter.categorical()) {
      params[parameter.name] = {{"counts", counts_of(parameter, draws[p])}};
      continue;
    }
    Json samples = Json::array();
    for (const double number : draws[p])
      samples.push_back(std::isnan(number) ? Json()
                                           : json_of(parameter.value(number, parameter.name)));
    params[parameter.name] = {{"samples", std::move(samples)}};
  }
  return params;
}

// Of choices how often each comes, of numbers where most of them lie.
TextTable table_of(const History& history, const std::vector<std::vector<double>>& draws) {
  TextTable table{{"parameter", "value", "share"}, {}};
  for (std::size_t p = 0; p < draws.size(); ++p) {
    const SearchParameter& parameter = history.space.parameters[p];
    const auto row = [&](const std::string& value, double share) {
      table.rows.push_back({parameter.name, value, fmt::format("{:.4f}", share)});
    };
    if (parameter.categorical()) {
      const std::vector<std::uint64_t> counts = counts_of(parameter, draws[p]);
      for (std::size_t choice = 0; choice < counts.size(); ++choice)
        row(parameter.choices[choice].text(),
            static_cast<double>(counts[choice]) / static_cast<double>(draws[p].size()));
      continue;
    }
    std::vector<double> numbers = draws[p];
    std::erase_if(numbers, [](double number) { return std::isnan(number); });
    std::ranges::sort(numbers);
    for (const double share : {0.05, 0.25, 0.5, 0.75, 0.95}) {
      if (numbers.empty()) break;
      const auto last = static_cast<double>(numbers.size() - 1);
      const double number = numbers[static_cast<std::size_t>(share * last)];
      row(fmt::format("at most {}", number_text(number)), share);
    }
  }
  return table;
}

}  // namespace

void suggest_trials(const Invocation& call) {
  const OptionalText file = call.get(kHistory);
  if (!file) throw usage_error("give the history to go on from: --history FILE");
  const Registry registry = registry_of(call);
  const History history = read_history(*file);
  const SamplerChoice sampler = sampler_of(call, history, registry);
  const std::int64_t n = call.get(kDraws);
  const std::vector<std::vector<double>> draws = draw_suggestions(
      history, sampler, static_cast<std::uint64_t>(call.get(kSeed)), static_cast<std::uint64_t>(n));
  if (call.get(kJson)) return write_json({{"n", n}, {"params", json_of(history, draws)}}, -1);
  write_output(output_table(table_of(history, draws)));
}

}  // namespace lathe
