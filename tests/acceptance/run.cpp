#include "tests/acceptance/run.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include <chrono>
#include <random>

namespace lathe_test {

Outcome succeed(const Words& words, const std::filesystem::path& folder, const Words& variables) {
  Outcome outcome = run_lathe(words, folder, variables);
  if (outcome.exit_code != 0) {
    std::string command = "lathe";
    for (const std::string& word : words) command += " " + word;
    throw std::runtime_error(command + "\nended with " + std::to_string(outcome.exit_code) + "\n" +
                             outcome.err);
  }
  return outcome;
}

std::string letters() {
  const std::string folder = (data_dir() / "tabular").string();
  return "csv<train=" + folder + "/letterAE_train.csv,validation=" + folder +
         "/letterAE_val.csv,test=" + folder + "/letterAE_test.csv>";
}

std::string log_without_times(const std::filesystem::path& log_json) {
  nlohmann::ordered_json log = nlohmann::ordered_json::parse(read_file(log_json));
  std::string text;
  for (auto& [number, trial] : log.items()) {
    for (const char* column : {"datetime_start", "datetime_complete", "duration"}) {
      if (!trial.contains(column))
        throw std::runtime_error("trial " + number + " has no " + column);
      trial.erase(column);
    }
    text += number + " " + trial.dump() + "\n";
  }
  return text;
}

std::string golden_search_file(std::size_t which, const std::filesystem::path& folder) {
  const nlohmann::json golden = golden_json("search_space.json");
  const std::string name = "search_" + std::to_string(which) + ".toml";
  write_file(folder / name, golden.at("cases").at(which).at("toml").get<std::string>());
  return name;
}

bool kill_after(int process, int milliseconds) {
  for (int waited = 0; waited < milliseconds; ++waited) {
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == process)
      return false;
    const timespec millisecond{0, 1'000'000};
    nanosleep(&millisecond, nullptr);
  }
  kill(process, SIGKILL);
  return true;
}

std::vector<std::string> kill_ten_times(
    const std::function<Words(const std::string& project)>& words,
    const std::filesystem::path& folder) {
  const auto began = std::chrono::steady_clock::now();
  succeed(words("whole"), folder);
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  // Parts of what the whole takes here and now: several kills of one, however fast the machine is.
  std::mt19937 random(3);
  std::uniform_int_distribution<int> milliseconds(static_cast<int>(whole.count() / 12),
                                                  static_cast<int>(whole.count() / 6));
  std::vector<std::string> projects;
  for (int kills = 0; kills < 10;) {
    projects.push_back("killed_" + std::to_string(projects.size()));
    bool killed = true;
    for (; killed && kills < 10; kills += killed) {
      const int process =
          start_lathe(words(projects.back()), folder, folder / "out", folder / "err");
      killed = kill_after(process, milliseconds(random));
      const int code = wait_for(process);
      if (!killed && code != 0) throw std::runtime_error(read_file(folder / "err"));
    }
    succeed(words(projects.back()), folder);
  }
  return projects;
}

}  // namespace lathe_test
