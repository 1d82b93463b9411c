// sampler_quality: runs a sampler on functions whose optimum is known, and prints how good the best
// trial is after 25, 50, 100, ... trials.
#include "core/base/file.hpp"
#include "core/base/words/suggest.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/csv.hpp"
#include "core/report/table.hpp"
#include "tools/sampler_quality/comparison.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <boost/program_options.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <sstream>
#include <thread>

namespace lathe::quality {
namespace {

namespace po = boost::program_options;

struct Settings {
  std::string functions, sampler;
  std::vector<std::string> only;
  std::int64_t trials = 300, seeds = 30, lookahead = 4, jobs = 1;
  bool repeat = false, as_int = false, csv = false;
  std::vector<std::string> plugins;
};

struct Row {
  const Function* function;
  std::uint64_t seed;
  std::vector<double> scores, elapsed;  // by budget
};

std::vector<std::string> split(const std::string& words) {
  std::vector<std::string> result;
  std::string_view rest = words;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (comma > 0) result.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return result;
}

std::int64_t checked(std::string_view flag, std::int64_t number, std::int64_t least) {
  if (number < least || number > 100'000'000)
    throw usage_error(
        fmt::format("{} takes an integer in {}..100000000; got {}", flag, least, number));
  return number;
}

// Nothing: help was asked for, and printed.
std::optional<Settings> read_settings(int argc, char** argv) {
  Settings settings;
  std::string only;
  po::options_description options("Options");
  auto option = options.add_options();
  option("functions", po::value(&settings.functions)->value_name("PATH"),
         "a file of a function, or a folder of such files");
  option("sampler", po::value(&settings.sampler)->value_name("SAMPLER"),
         "with its options in angle brackets: 'tpe<multivariate=true>'");
  option("trials", po::value(&settings.trials)->value_name("N")->default_value(300),
         "trials of each run");
  option("seeds", po::value(&settings.seeds)->value_name("N")->default_value(30),
         "runs of each function, with seeds 0 to N-1");
  option("only", po::value(&only)->value_name("IDS"),
         "functions to take, by id or what stands in front of its first _: p01,p02");
  option("lookahead", po::value(&settings.lookahead)->value_name("N")->default_value(4),
         "a trial knows the outcomes of those below its number - N");
  option("repeat", po::bool_switch(&settings.repeat), "points may come again");
  option("as-int", po::bool_switch(&settings.as_int),
         "asks every choice as an integer, as MASE does");
  option("jobs", po::value(&settings.jobs)->value_name("N")->default_value(1),
         "runs at a time; the scores do not depend on it");
  option("plugin", po::value(&settings.plugins)->value_name("FILE"), "a plugin file; repeatable");
  option("csv", po::bool_switch(&settings.csv),
         "a row for each run and budget; else a table of medians");
  option("help,h", "prints this");
  po::variables_map given;
  try {
    po::store(
        po::command_line_parser(argc, argv)
            .options(options)
            .positional({})
            .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
            .run(),
        given);
    po::notify(given);
  } catch (const po::error& error) {
    throw usage_error(error.what());
  }
  if (given.count("help") > 0) {
    std::ostringstream text;
    text << "usage: sampler_quality --functions PATH --sampler SAMPLER [options]\n\n" << options;
    write_output(text.str());
    return std::nullopt;
  }
  if (settings.functions.empty() || settings.sampler.empty())
    throw usage_error("give --functions PATH and --sampler SAMPLER; --help says more");
  checked("--trials", settings.trials, 1);
  checked("--seeds", settings.seeds, 1);
  checked("--lookahead", settings.lookahead, 0);
  checked("--jobs", settings.jobs, 1);
  settings.only = split(only);
  return settings;
}

std::vector<Function> chosen_functions(const Settings& settings) {
  std::vector<Function> all = read_functions(settings.functions);
  std::vector<Function> chosen;
  std::vector<std::string> unknown = settings.only;
  std::vector<std::string> known;
  for (Function& function : all) {
    const std::string front = function.id.substr(0, function.id.find('_'));
    const auto meant = [&](const std::string& word) {
      return word == function.id || word == front;
    };
    known.push_back(front);
    if (!settings.only.empty() && std::ranges::none_of(settings.only, meant)) continue;
    std::erase_if(unknown, meant);
    if (settings.as_int) function.ask_choices_as_integers();
    chosen.push_back(std::move(function));
  }
  if (!unknown.empty())
    throw usage_error(fmt::format("--only: there is no function '{}' in '{}'{}", unknown.front(),
                                  settings.functions, suggestion(unknown.front(), known)));
  return chosen;
}

Row row_of(const Function& function, std::uint64_t seed, const Run& run, std::size_t trials) {
  Row row{&function, seed, {}, {}};
  for (const std::size_t budget : budgets(trials)) {
    // A small space may have ended before.
    const std::size_t count = std::min(budget, run.trials.size());
    row.scores.push_back(score(std::span(run.trials).first(count), function.reference));
    row.elapsed.push_back(count == 0 ? 0 : run.elapsed[count - 1]);
  }
  return row;
}

std::vector<Row> run_all(const std::vector<Function>& functions, const Settings& settings,
                         const Registry& registry) {
  const Task task{parse_component(settings.sampler, "--sampler"), settings.trials,
                  settings.lookahead, settings.repeat};
  const auto seeds = static_cast<std::size_t>(settings.seeds);
  std::vector<Row> rows(functions.size() * seeds);
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    for (std::size_t i = next++; i < rows.size(); i = next++) {
      try {
        const Function& function = functions[i / seeds];
        const std::uint64_t seed = i % seeds;
        rows[i] = row_of(function, seed, run(function, task, seed, registry),
                         static_cast<std::size_t>(settings.trials));
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = rows.size();
      }
    }
  };
  std::vector<std::jthread> others;
  for (std::int64_t i = 1; i < settings.jobs; ++i) others.emplace_back(work);
  work();
  others.clear();
  if (failure) std::rethrow_exception(failure);
  return rows;
}

TextTable every_run(const std::vector<Row>& rows, const Settings& settings) {
  TextTable table{{"version", "function", "sampler", "seed", "budget", "score", "elapsed_s"}, {}};
  const std::vector<std::size_t> all = budgets(static_cast<std::size_t>(settings.trials));
  for (const Row& row : rows)
    for (std::size_t b = 0; b < all.size(); ++b)
      table.rows.push_back({"lathe-" LATHE_VERSION, row.function->id, settings.sampler,
                            fmt::format("{}", row.seed), fmt::format("{}", all[b]),
                            fmt::format("{:.9g}", row.scores[b]),
                            fmt::format("{:.3f}", row.elapsed[b])});
  return table;
}

double median(std::vector<double> numbers) {
  std::ranges::sort(numbers);
  const std::size_t half = numbers.size() / 2;
  return numbers.size() % 2 == 1 ? numbers[half] : (numbers[half - 1] + numbers[half]) / 2;
}

TextTable medians(const std::vector<Row>& rows, const Settings& settings) {
  const std::vector<std::size_t> all = budgets(static_cast<std::size_t>(settings.trials));
  TextTable table{{"function"}, {}};
  for (const std::size_t budget : all) table.columns.push_back(fmt::format("{}", budget));
  table.columns.emplace_back("optimum");
  const auto seeds = static_cast<std::size_t>(settings.seeds);
  for (std::size_t first = 0; first < rows.size(); first += seeds) {
    const Function& function = *rows[first].function;
    std::vector<std::string> cells{function.id};
    for (std::size_t b = 0; b < all.size(); ++b) {
      std::vector<double> scores;
      for (std::size_t i = first; i < first + seeds; ++i) scores.push_back(rows[i].scores[b]);
      cells.push_back(number_text(median(std::move(scores)), 4));
    }
    cells.push_back(function.best_known ? number_text(*function.best_known, 4) : "-");
    table.rows.push_back(std::move(cells));
  }
  return table;
}

void compare(int argc, char** argv) {
  const std::optional<Settings> settings = read_settings(argc, argv);
  if (!settings) return;
  const Registry registry(default_plugin_folders(),
                          {settings->plugins.begin(), settings->plugins.end()});
  const std::vector<Function> functions = chosen_functions(*settings);
  const std::vector<Row> rows = run_all(functions, *settings, registry);
  if (settings->csv)
    write_data(csv_text(every_run(rows, *settings)));
  else
    write_output(render(medians(rows, *settings)));
}

int told(std::string_view sentence, int exit_code) {
  write_talk(fmt::format("error: {}\n", sentence));
  return exit_code;
}

}  // namespace

int run_program(int argc, char** argv) {
  try {
    open_standard_streams();
    claim_stdout();
    spdlog::set_default_logger(spdlog::stderr_logger_mt("sampler_quality"));
    compare(argc, argv);
    return 0;
  } catch (const Error& error) {
    return told(error.what(), error.exit_code());
  } catch (const std::bad_alloc&) {
    return told("out of memory", 1);
  } catch (const std::system_error& error) {
    return told(system_failure(error).what(), 1);
  } catch (const std::exception& error) {
    return told(error.what(), 1);
  }
}

}  // namespace lathe::quality

int main(int argc, char** argv) { return lathe::quality::run_program(argc, argv); }
