// TPE against Optuna: the densities of fixed histories to the digits that the golden files have,
// and 5,000 suggestions each against Optuna's 20,000.
#include "plugins/search_strategies/tpe/model.hpp"
#include "tests/support/same_law.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

namespace {

using lathe_test::same_law;
using nlohmann::json;
using namespace search_strategies;

struct History {
  std::string file;
  json golden;
  Space space;
  std::vector<std::string> names;

  explicit History(const std::string& name) : file(name), golden(lathe_test::golden_json(name)) {
    for (const json& direction : golden.at("directions"))
      space.directions.push_back(direction == "minimize" ? LATHE_DIRECTION_MINIMIZE
                                                         : LATHE_DIRECTION_MAXIMIZE);
    for (const auto& [key, row] : golden.at("space").items()) {
      Parameter parameter;
      parameter.name = key;
      if (row.at("kind") == "cat") {
        parameter.choices = row.at("n");
      } else {
        parameter.kind = row.at("kind") == "int" ? LATHE_PARAMETER_INTEGER : LATHE_PARAMETER_REAL;
        parameter.low = row.at("low");
        parameter.high = row.at("high");
        parameter.logarithmic = row.at("log");
        if (row.contains("step") && !row.at("step").is_null()) parameter.step = row.at("step");
      }
      names.push_back(key);
      space.parameters.push_back(parameter);
    }
  }

  // As Optuna of a version has it: "optuna-3.1.0", "optuna-3.1.0-stable-ties", "optuna-5.0.0.dev".
  TpeOptions options(const std::string& version, bool multivariate) const {
    TpeOptions options =
        TpeOptions::defaults(space.directions.size(), version.find("3.1.0") != version.npos);
    options.together = multivariate ? Together::kAlways : Together::kNone;
    options.failed_ignored = true;
    options.uncapped = !options.optuna31;
    return options;
  }

  TpeModel told(const TpeOptions& options) const {
    TpeModel model(space, options);
    for (const json& trial : golden.at("trials")) {
      std::vector<double> values;
      for (const std::string& name : names)
        values.push_back(trial.at("params").value(name, kAbsent));
      const std::uint64_t number = trial.at("number");
      model.started(number, values.data());
      if (trial.at("state") == "COMPLETE") {
        const std::vector<double> result = trial.at("values");
        model.finished(number, LATHE_STATE_COMPLETE, result.data(), 0);
      } else if (trial.at("state") == "PRUNED") {
        std::int64_t step = -1;
        double last = 0;
        const json intermediate = trial.value("intermediate", json::object());
        for (const auto& [key, value] : intermediate.items())
          if (std::stoll(key) > step) step = std::stoll(key), last = value;
        model.finished(number, LATHE_STATE_PRUNED, step < 0 ? nullptr : &last, step);
      } else {
        model.finished(number, LATHE_STATE_FAIL, nullptr, 0);
      }
    }
    return model;
  }
};

std::vector<std::string> files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(lathe_test::golden("tpe")))
    if (entry.path().filename().string().front() == 'f')
      names.push_back("tpe/" + entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

// What a comparison is called, and how likely it is.
using Comparisons = std::vector<std::pair<double, std::string>>;

// None of them may be rejected at 0.001 after Holm's correction.
void check_all(Comparisons comparisons) {
  std::sort(comparisons.begin(), comparisons.end());
  BOOST_REQUIRE(!comparisons.empty());
  for (std::size_t i = 0; i < comparisons.size(); ++i)
    BOOST_CHECK_MESSAGE(comparisons[i].first * static_cast<double>(comparisons.size() - i) >= 0.001,
                        comparisons[i].second << ": p = " << comparisons[i].first);
  BOOST_TEST_MESSAGE("tpe: " << comparisons.size() << " comparisons, least p "
                             << comparisons[0].first << " of " << comparisons[0].second);
}

// 5,000 points, as columns.
std::vector<std::vector<double>> draws(const TpeModel& model, std::size_t parameters) {
  std::mt19937_64 random(1);
  const Uniform uniform = [&](std::size_t, std::uint64_t, double* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = 0x1p-53 * static_cast<double>(random() >> 11);
  };
  std::vector<std::vector<double>> columns(parameters);
  std::vector<double> point(parameters);
  for (int i = 0; i < 5000; ++i) {
    model.suggest(0, uniform, point.data());
    for (std::size_t p = 0; p < parameters; ++p) columns[p].push_back(point[p]);
  }
  return columns;
}

std::vector<double> choice_counts(const std::vector<double>& drawn, std::size_t choices) {
  std::vector<double> counts(choices, 0.0);
  for (double value : drawn) counts[static_cast<std::size_t>(value)] += 1;
  return counts;
}

std::vector<double> histogram(const std::vector<double>& drawn, const std::vector<double>& edges) {
  std::vector<double> counts(edges.size() - 1, 0.0);
  for (double value : drawn) {
    const auto after = std::upper_bound(edges.begin(), edges.end(), value) - edges.begin();
    const auto last = static_cast<std::ptrdiff_t>(counts.size()) - 1;
    counts[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(after - 1, 0, last))] += 1;
  }
  return counts;
}

// Puts choices of equal l/g together: Optuna breaks such ties by rounding noise.
std::vector<double> without_ties(const TpeModel::Densities& d, const std::vector<double>& counts) {
  std::vector<double> cells(counts.size(), 0.0);
  for (std::size_t c = 0; c < counts.size(); ++c) {
    std::size_t cell = c;
    for (std::size_t e = 0; e < c; ++e)
      if (std::abs(d.l[c] / d.g[c] - d.l[e] / d.g[e]) < 1e-9 * d.l[c] / d.g[c]) {
        cell = e;
        break;
      }
    cells[cell] += counts[c];
  }
  return cells;
}

// How many points have each combination of choices that a golden file lists.
std::vector<double> joint_counts(const History& history, const json& joint,
                                 const std::vector<std::vector<double>>& columns,
                                 std::vector<double>& theirs) {
  std::vector<std::size_t> order;
  for (const std::string name : joint.at("order"))
    order.push_back(static_cast<std::size_t>(
        std::find(history.names.begin(), history.names.end(), name) - history.names.begin()));
  std::map<std::vector<double>, std::size_t> cell;
  theirs.clear();
  for (const json& row : joint.at("cells")) {
    std::vector<double> key(row.begin(), row.end() - 1);
    cell.emplace(key, theirs.size());
    theirs.push_back(row.back());
  }
  for (std::size_t i = 0; i < columns[0].size(); ++i) {
    std::vector<double> key;
    for (std::size_t p : order) key.push_back(columns[p][i]);
    if (cell.emplace(key, theirs.size()).second) theirs.push_back(0);
  }
  std::vector<double> ours(theirs.size(), 0.0);
  for (std::size_t i = 0; i < columns[0].size(); ++i) {
    std::vector<double> key;
    for (std::size_t p : order) key.push_back(columns[p][i]);
    ours[cell.at(key)] += 1;
  }
  return ours;
}

}  // namespace

BOOST_AUTO_TEST_CASE(tpe_has_the_categorical_densities_of_optuna) {
  int checked = 0;
  for (const std::string& file : files()) {
    const History history(file);
    for (const std::string version : {"optuna-3.1.0", "optuna-5.0.0.dev"}) {
      const TpeModel model = history.told(history.options(version, false));
      const json& params =
          history.golden.at("frequencies").at(version).at("independent").at("params");
      for (std::size_t p = 0; p < history.names.size(); ++p) {
        if (!history.space.parameters[p].categorical()) continue;
        const json& expected = params.at(history.names[p]);
        const TpeModel::Densities d = model.categorical(p);
        for (std::size_t c = 0; c < d.l.size(); ++c) {
          BOOST_TEST_CONTEXT(file << " " << version << " " << history.names[p] << " choice " << c) {
            // The file has twelve digits.
            BOOST_CHECK_SMALL(d.l[c] - expected.at("l")[c].get<double>(), 1e-12);
            BOOST_CHECK_SMALL(d.g[c] - expected.at("g")[c].get<double>(), 1e-12);
            ++checked;
          }
        }
      }
    }
  }
  BOOST_TEST_MESSAGE("tpe: l and g of " << checked << " choices in " << files().size() << " files");
  BOOST_CHECK_GT(checked, 200);
}

BOOST_AUTO_TEST_CASE(tpe_suggests_categories_by_the_exact_law) {
  int checked = 0;
  for (const std::string& file : files()) {
    const History history(file);
    for (const std::string version : {"optuna-3.1.0", "optuna-5.0.0.dev"}) {
      const TpeModel model = history.told(history.options(version, false));
      for (const auto& [mode, candidates] :
           std::map<std::string, std::uint64_t>{{"independent", 24},
                                                {"independent_n_ei_candidates_1", 1},
                                                {"independent_n_ei_candidates_3", 3}}) {
        const json& modes = history.golden.at("frequencies").at(version);
        if (!modes.contains(mode)) continue;
        for (std::size_t p = 0; p < history.names.size(); ++p) {
          if (!history.space.parameters[p].categorical()) continue;
          const json& expected = modes.at(mode).at("params").at(history.names[p]);
          const TpeModel::Densities d = model.categorical(p);
          const auto law = CategoricalChoice(d.l, d.g, candidates).probabilities();
          double total = 0;
          for (std::size_t c = 0; c < law.size(); ++c) {
            BOOST_TEST_CONTEXT(file << " " << version << " " << mode << " " << history.names[p]
                                    << " choice " << c) {
              // Ten digits, of numbers near l^24.
              const double exact = expected.at("exact")[c];
              BOOST_CHECK_SMALL(law[c] - exact, 1e-9 * exact + 1e-15);
              ++checked;
            }
            total += law[c];
          }
          BOOST_CHECK_CLOSE_FRACTION(total, 1.0, 1e-12);
        }
      }
    }
  }
  BOOST_TEST_MESSAGE("tpe: " << checked << " exact probabilities");
  BOOST_CHECK_GT(checked, 400);
}

// Every parameter of every file, version and mode, and joint counts where there are any; but for
// discrete numbers without stable ties, of which no law is known.
BOOST_AUTO_TEST_CASE(tpe_draws_as_often_as_optuna) {
  Comparisons comparisons;
  for (const std::string& file : files()) {
    const History history(file);
    for (const auto& [version, modes] : history.golden.at("frequencies").items()) {
      for (const auto& [mode, row] : modes.items()) {
        TpeOptions options = history.options(version, mode == "multivariate");
        if (mode.find("candidates_") != mode.npos)
          options.candidates = static_cast<std::uint64_t>(std::stoul(mode.substr(mode.size() - 1)));
        const TpeModel model = history.told(options);
        const auto columns = draws(model, history.names.size());
        const std::string what = file + " " + version + " " + mode + " ";
        for (const auto& [name, expected] : row.at("params").items()) {
          std::vector<double> theirs, ours;
          if (name == "_joint") {
            ours = joint_counts(history, expected, columns, theirs);
          } else {
            const auto p = static_cast<std::size_t>(
                std::find(history.names.begin(), history.names.end(), name) -
                history.names.begin());
            const Parameter& parameter = history.space.parameters[p];
            theirs = expected.at("counts").get<std::vector<double>>();
            if (!parameter.categorical()) {
              const bool stable = version.find("stable") != version.npos;
              const bool gaps = version.find("3.1.0") == version.npos || mode != "multivariate";
              if (parameter.step > 0 && gaps && !stable) continue;
              ours = histogram(columns[p], expected.at("edges"));
            } else {
              ours = choice_counts(columns[p], parameter.choices);
              if (mode != "multivariate") {
                ours = without_ties(model.categorical(p), ours);
                theirs = without_ties(model.categorical(p), theirs);
              }
            }
          }
          comparisons.emplace_back(same_law(ours, theirs), what + name);
        }
      }
    }
  }
  check_all(std::move(comparisons));
}
