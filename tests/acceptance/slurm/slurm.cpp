// slurm_node starts the daemons and stops them; commands run by the shell.
#include "tests/acceptance/slurm/slurm.hpp"

#include "tests/support/process.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace lathe_test {

namespace {

constexpr const char* kCommands = "PATH=$PATH:/usr/sbin:/sbin command -v";

std::string node(const std::string& words) {
  return (source_dir() / "tests/acceptance/slurm/slurm_node").string() + " " + words;
}

}  // namespace

Slurm::Slurm(int cpus) {
  for (const char* command : {"munged", "slurmctld", "slurmd"})
    if (std::system(fmt::format("{} {} > /dev/null", kCommands, command).c_str()) != 0)
      skip("slurm-wlm and munge are not installed");
  const std::string start =
      node(fmt::format("start {} {} {}", folder().string(), cpus, ::getpid()));
  if (std::system(start.c_str()) != 0) throw std::runtime_error(start);
}

Slurm::~Slurm() {
  if (std::system(node("stop " + folder().string()).c_str()) != 0)
    std::fprintf(stderr, "slurm_node left something of %s\n", folder().c_str());
}

std::string Slurm::run(const std::string& line) const {
  const std::string command = fmt::format(
      "cd '{0}' && export SLURM_CONF='{0}/slurm.conf' HOME='{0}' PATH='{1}':\"$PATH\" && ({2}) "
      "> shell.out 2> shell.err",
      folder().string(), executable().parent_path().string(), line);
  if (std::system(command.c_str()) != 0)
    throw std::runtime_error(line + "\n" + read_file(folder() / "shell.err"));
  return read_file(folder() / "shell.out");
}

std::string Slurm::state(const std::string& task) const {
  std::string state = run("squeue -h -o %t -j " + task + " || true");
  if (!state.empty()) state.pop_back();
  return state;
}

void Slurm::wait_until(const std::string& what, const std::function<bool()>& holds) const {
  using namespace std::chrono_literals;
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end)
      throw std::runtime_error("not within a minute: " + what + "\n" +
                               run("squeue; tail -n 5 lathe-*.log || true"));
    std::this_thread::sleep_for(100ms);
  }
}

}  // namespace lathe_test
