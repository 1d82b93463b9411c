// fork and exec, output into files: nothing blocks, however much is written.
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>

namespace lathe_test {

namespace {

// The variables a child sees: a clean few, so that results do not depend on who runs the tests.
Words environment(const std::filesystem::path& folder, const Words& more) {
  Words all{"HOME=" + folder.string(), "NO_COLOR=1", "LC_ALL=C"};
  for (const char* kept : {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH", "TMPDIR"})
    if (const char* value = std::getenv(kept); value != nullptr)
      all.push_back(std::string(kept) + "=" + value);
  for (const std::string& variable : more) {
    const std::string name = variable.substr(0, variable.find('=')) + "=";
    std::erase_if(all, [&](const std::string& known) { return known.starts_with(name); });
    if (variable.find('=') != std::string::npos) all.push_back(variable);
  }
  return all;
}

std::vector<char*> pointers(Words& words) {
  std::vector<char*> all;
  for (std::string& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

void redirect(const std::filesystem::path& path, int descriptor) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0 || dup2(file, descriptor) < 0) _exit(126);
  close(file);
}

}  // namespace

std::string Outcome::last_line() const {
  std::string text = err;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

nlohmann::json Outcome::json() const {
  try {
    return nlohmann::json::parse(out);
  } catch (const std::exception& error) {
    throw std::runtime_error(std::string(error.what()) + "\nstdout: " + out + "\nstderr: " + err);
  }
}

int start_lathe(const Words& words, const std::filesystem::path& folder,
                const std::filesystem::path& out, const std::filesystem::path& err,
                const Words& variables, const std::function<void()>& in_child) {
  Words command{executable().string()};
  command.insert(command.end(), words.begin(), words.end());
  Words variable_words = environment(folder, variables);
  const std::vector<char*> arguments = pointers(command);
  const std::vector<char*> variable_pointers = pointers(variable_words);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    if (chdir(folder.c_str()) != 0) _exit(126);
    redirect("/dev/null", STDIN_FILENO);
    redirect(out, STDOUT_FILENO);
    redirect(err, STDERR_FILENO);
    if (in_child) in_child();
    execve(command.front().c_str(), arguments.data(), variable_pointers.data());
    _exit(127);
  }
  return child;
}

int wait_for(int process) {
  int status = 0;
  if (waitpid(process, &status, 0) != process) throw std::runtime_error("waitpid failed");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Outcome run_lathe(const Words& words, const std::filesystem::path& folder, const Words& variables,
                  const std::function<void()>& in_child) {
  const TemporaryFolder captured;
  const auto out = captured.path() / "out";
  const auto err = captured.path() / "err";
  Outcome outcome;
  outcome.exit_code = wait_for(start_lathe(words, folder, out, err, variables, in_child));
  outcome.out = read_file(out);
  outcome.err = read_file(err);
  return outcome;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_file(const std::filesystem::path& path, const std::string& contents) {
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out << contents;
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

Outcome good(const Words& words, const std::filesystem::path& folder) {
  Outcome outcome = run_lathe(words, folder);
  BOOST_REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return outcome;
}

}  // namespace lathe_test
