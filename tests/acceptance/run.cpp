#include "tests/acceptance/run.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

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

}  // namespace lathe_test
