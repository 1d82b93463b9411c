// lathe selftest: what Lathe can check of itself where it is installed.
#include "core/base/words/suggest.hpp"
#include "core/cli/commands/installed.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/found_plugins.hpp"
#include "core/cli/layout.hpp"
#include "core/cli/selftest/counts.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/json.hpp"
#include "core/report/table.hpp"
#include "core/report/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe {

namespace {

struct SelfTest {
  std::string_view name, doc;
  void (*run)(const Invocation& call);
};

std::string difference(const CountCheck& check) {
  return check.same() ? "same" : fmt::format("{:+.0f}", check.ours - check.published);
}

void print(const std::vector<CountCheck>& checks) {
  TextTable published{{"network", "figure", "ours", "published", "verdict"}, {}};
  TextTable derived{{"network", "figure", "ours", "derived"}, {}};
  for (const CountCheck& check : checks) {
    std::vector<std::string> row{check.network, check.figure, fmt::format("{:.0f}", check.ours),
                                 fmt::format("{:.0f}", check.published)};
    if (check.derived) {
      derived.rows.push_back(std::move(row));
      continue;
    }
    row.push_back(difference(check));
    published.rows.push_back(std::move(row));
  }
  write_output(
      fmt::format("published\n\n{}\nderived from a reading of each tool's rules, without a "
                  "verdict\n\n{}",
                  output_table(published), output_table(derived)));
}

Json json_of(const std::vector<CountCheck>& checks, bool derived) {
  Json rows = Json::array();
  for (const CountCheck& check : checks) {
    if (check.derived != derived) continue;
    const std::int64_t ours = std::llround(check.ours), theirs = std::llround(check.published);
    Json row{{"network", check.network}, {"figure", check.figure}, {"ours", ours}};
    row[derived ? "derived" : "published"] = theirs;
    row["difference"] = ours - theirs;
    if (!derived) row["source"] = check.source;
    rows.push_back(std::move(row));
  }
  return rows;
}

void check_counts(const Invocation& call) {
  const std::vector<CountCheck> checks =
      replay_counts(registry_of(call), installed("share/lathe/counts"));
  const auto differ = std::ranges::count_if(
      checks, [](const CountCheck& check) { return !check.derived && !check.same(); });
  if (call.get(kJson)) {
    write_json({{"command", "selftest"},
                {"test", "counts"},
                {"passed", differ == 0},
                {"published", json_of(checks, false)},
                {"derived", json_of(checks, true)}});
  } else {
    print(checks);
  }
  if (differ > 0)
    throw run_error(LATHE_INTERNAL,
                    fmt::format("selftest counts: {} of the published figures {} from what is "
                                "counted here",
                                differ, differ == 1 ? "differs" : "differ"));
}

constexpr SelfTest kSelfTests[] = {
    {"counts",
     "published MACs, FLOPs, bit operations and memory of well-known networks against the passes "
     "flops and bitops",
     check_counts},
};

void list_tests(const Invocation& call) {
  Json rows = Json::array();
  std::string text;
  for (const SelfTest& test : kSelfTests) {
    rows.push_back({{"test", test.name}, {"doc", test.doc}});
    text += entry(test.name, test.doc, 12, terminal_width());
  }
  if (call.get(kJson)) return write_json({{"command", "selftest"}, {"tests", rows}});
  write_output(text);
}

}  // namespace

void run_selftest(const Invocation& call) {
  if (call.words.empty()) return list_tests(call);
  const std::string& word = call.words.front();
  const auto test = std::ranges::find(kSelfTests, word, &SelfTest::name);
  if (test != std::end(kSelfTests)) return test->run(call);
  std::vector<std::string> known;
  for (const SelfTest& row : kSelfTests) known.emplace_back(row.name);
  throw usage_error(fmt::format("there is no self-test '{}'{}", word, suggestion(word, known)));
}

}  // namespace lathe
