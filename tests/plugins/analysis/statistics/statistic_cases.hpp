// The plugin's statistics as tests make and read them: options and results as JSON.
#pragma once

#include "plugins/analysis/statistics/catalogue.hpp"
#include "tests/plugins/analysis/statistics/oracle.hpp"

namespace lathe_test {

inline lathe::value sdk_value(const nlohmann::json& j) {
  if (j.is_null()) return {};
  if (j.is_boolean()) return lathe::value(j.get<bool>());
  if (j.is_number_integer()) return lathe::value(j.get<std::int64_t>());
  if (j.is_number()) return lathe::value(j.get<double>());
  if (j.is_string()) return lathe::value(j.get<std::string>());
  std::vector<lathe::value> items;
  for (const nlohmann::json& item : j) items.push_back(sdk_value(item));
  return lathe::value::list(std::move(items));
}

inline nlohmann::json json_of(lathe::value_view v) {
  switch (v.kind()) {
    case LATHE_VALUE_INT:
      return v.integer();
    case LATHE_VALUE_FLOAT:
      return v.real();
    case LATHE_VALUE_STRING:
      return std::string(v.text());
    case LATHE_VALUE_LIST: {
      nlohmann::json out = nlohmann::json::array();
      for (std::uint64_t i = 0; i < v.size(); ++i) out.push_back(json_of(v[i]));
      return out;
    }
    case LATHE_VALUE_MAP: {
      nlohmann::json out = nlohmann::json::object();
      for (const lathe_entry& e : v.entries()) {
        out[std::string(lathe::to_view(e.key))] = json_of(lathe::value_view(&e.value));
      }
      return out;
    }
    default:
      return nullptr;
  }
}

inline nlohmann::json result_of(const statistics::Statistic& statistic) {
  const lathe::value result = statistic.result();
  lathe::value::storage arrays;
  const lathe_value c = result.c_value(arrays);
  return json_of(lathe::value_view(&c));
}

// With the defaults that the option table has.
inline std::unique_ptr<statistics::Statistic> statistic(const std::string& name,
                                                        const nlohmann::json& args) {
  const nlohmann::json defaults = {{"device", "cpu"},
                                   {"dims", "all"},
                                   {"abs", false},
                                   {"var_mode", "online"},
                                   {"num_sigma", 3.0},
                                   {"quantile", 0.975},
                                   {"add_new_dim_before_concat", false}};
  lathe::value options = lathe::value::map();
  for (const auto& [key, value] : defaults.items()) {
    options.set(key, sdk_value(args.contains(key) ? args.at(key) : value));
  }
  lathe::value::storage arrays;
  const lathe_value c = options.c_value(arrays);
  return statistics::make_statistic(name, lathe::options(lathe::value_view(&c)));
}

inline Oracle oracle(const std::vector<Sample>& samples, const nlohmann::json& args) {
  return Oracle(samples, args.contains("dims") ? args.at("dims") : nlohmann::json("all"),
                args.value("abs", false));
}

inline void see(statistics::Statistic& to, const Sample& sample) {
  to.see({sample.data.data(), 1, {sample.shape.data(), sample.shape.size()}});
}

}  // namespace lathe_test
