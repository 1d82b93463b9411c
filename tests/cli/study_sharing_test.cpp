// `lathe study` while others work on the same study: a search that runs, programs that ask at once.
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include <signal.h>

using namespace lathe_test;
using nlohmann::json;

namespace {

namespace fs = std::filesystem;

// More points than a test can visit, some milliseconds each.
const std::string kSearch =
    "model = 'jsc-custom<hidden=[128, 128]>'\ndataset = 'jsc-sim'\n"
    "[search.search_space]\nsetup.by = 'type'\n"
    "[search.search_space.seed.linear.config]\nname = ['integer']\n"
    "data_in_width = { low = 2, high = 30, step = 1 }\nweight_width = { low = 2, high = 30, step = "
    "1 }\n"
    "bias_width = { low = 2, high = 30, step = 1 }\n"
    "[search.strategy]\nsw_runner.basic_evaluation.num_samples = 4000\n"
    "setup = { n_trials = 100000000, sampler = 'random' }\n"
    "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n";

json trials(const fs::path& folder, const std::string& study) {
  return good({"study", "trials", study, "--json"}, folder).json().at("trials");
}

template <typename Holds>
void wait_until(Holds holds) {
  for (int tries = 0; !holds(); ++tries) {
    BOOST_REQUIRE(tries < 600);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

// A search that runs until it is ended.
class RunningSearch {
 public:
  explicit RunningSearch(const fs::path& folder) : folder_(folder) {
    write_file(folder / "a.toml", kSearch);
    process_ = start_lathe({"search", "--config", "a.toml", "--project-dir", ".", "--project", "s"},
                           folder, folder / "out", folder / "err");
    wait_until([&] { return fs::exists(study()) && trials(folder_, "s").size() > 3; });
  }
  ~RunningSearch() {
    if (process_ > 0) kill(process_, SIGKILL), wait_for(process_);
  }
  fs::path study() const { return folder_ / "s/software/search_ckpts/study.db"; }
  // Its exit code.
  int ended(int signal) {
    if (signal != 0) kill(process_, signal);
    return wait_for(std::exchange(process_, 0));
  }
  std::string talk() const { return read_file(folder_ / "err"); }

 private:
  fs::path folder_;
  int process_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_running_search_takes_up_what_is_enqueued) {
  const TemporaryFolder folder;
  RunningSearch search(folder.path());
  const auto wide = [&](int width) {
    json params = trials(folder.path(), "s").at(0).at("params");
    for (json& value : params)
      if (value.is_number()) value = width;
    return params;
  };
  const std::vector<json> asked{wide(7), wide(17), wide(27)};
  for (const json& params : asked)
    good({"study", "enqueue", "s", "--params", params.dump()}, folder.path());
  const auto has = [](const json& all, const json& params) {
    return std::any_of(all.begin(), all.end(), [&](const json& trial) {
      return trial.at("state") == "COMPLETE" && trial.at("params") == params;
    });
  };
  const auto has_all = [&](const json& all) {
    return std::all_of(asked.begin(), asked.end(),
                       [&](const json& params) { return has(all, params); });
  };
  wait_until([&] { return has_all(trials(folder.path(), "s")); });
  BOOST_TEST(search.ended(SIGTERM) == 1);
  const json all = trials(folder.path(), "s");
  BOOST_TEST(has_all(all));
  for (std::size_t number = 0; number < all.size(); ++number) {
    BOOST_TEST(all.at(number).at("number") == number);
    // The one that was interrupted waits for whoever goes on.
    const bool interrupted = number + 1 == all.size() && all.at(number).at("state") == "WAITING";
    BOOST_TEST((interrupted || all.at(number).at("state") == "COMPLETE"));
  }
}

BOOST_AUTO_TEST_CASE(a_search_whose_study_others_ask_ends_and_goes_on) {
  const TemporaryFolder folder;
  RunningSearch search(folder.path());
  const json asked = good({"study", "ask", "s"}, folder.path()).json();
  BOOST_TEST(search.ended(0) == 1);
  BOOST_TEST(search.talk().find("another process has added or changed trials") !=
             std::string::npos);
  good({"study", "tell", "s", "--trial-number", asked.at("number").dump(), "--values", "0.5"},
       folder.path());
  const std::size_t number = trials(folder.path(), "s").size();
  good({"search", "--config", "a.toml", "--project-dir", ".", "--project", "s", "--n-trials",
        std::to_string(number + 2)},
       folder.path());
  BOOST_TEST(trials(folder.path(), "s").size() == number + 2);
}

BOOST_AUTO_TEST_CASE(programs_that_ask_at_once_are_given_different_trials) {
  const TemporaryFolder folder;
  good({"study", "create", "s.db", "--search-space", R"({"a": [0, 1, 2, 3], "b": [0, 1, 2, 3]})"},
       folder.path());
  std::vector<int> processes;
  const auto out = [&](std::size_t i) { return folder.path() / ("out" + std::to_string(i)); };
  for (std::size_t i = 0; i < 8; ++i)
    processes.push_back(
        start_lathe({"study", "ask", "s.db"}, folder.path(), out(i), folder.path() / "err"));
  std::set<json> numbers, points;
  for (std::size_t i = 0; i < processes.size(); ++i) {
    BOOST_TEST(wait_for(processes[i]) == 0);
    const json asked = json::parse(read_file(out(i)));
    numbers.insert(asked.at("number"));
    points.insert(asked.at("params"));
  }
  BOOST_TEST(numbers.size() == processes.size());
  BOOST_TEST(*numbers.rbegin() == processes.size() - 1);
  BOOST_TEST(points.size() == processes.size());
}
