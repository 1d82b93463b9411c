#include "tests/support/postgres.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <sstream>
#include <thread>

namespace lathe_test {
namespace {

namespace fs = std::filesystem;

fs::path installed_programs() {
  fs::path newest;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored))
    if (fs::exists(version.path() / "bin" / "initdb")) newest = version.path() / "bin";
  return newest;
}

int free_port() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(listener, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  close(listener);
  return ntohs(address.sin_port);
}

std::string output_of(const std::string& command, int& status) {
  FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  std::array<char, 4096> part{};
  for (std::size_t read = 0; (read = fread(part.data(), 1, part.size(), pipe)) > 0;)
    text.append(part.data(), read);
  status = pclose(pipe);
  return text;
}

void insist(const std::string& command) {
  int status = 0;
  const std::string said = output_of(command + " 2>&1", status);
  if (status != 0) throw std::runtime_error(command + "\n" + said);
}

}  // namespace

std::string PostgresServer::as_owner(const std::string& command) const {
  return geteuid() == 0 ? "cd / && runuser -u postgres -- " + command : command;
}

PostgresServer::PostgresServer() : programs_(installed_programs()), port_(free_port()) {
  if (programs_.empty()) skip("PostgreSQL is not installed");
  const fs::path password = folder_.path() / "password";
  std::ofstream(password) << "superuser's\n";
  if (geteuid() == 0) insist(fmt::format("chown -R postgres '{}'", folder_.path().string()));
  insist(as_owner(
      fmt::format("{}/initdb -D '{}' -U postgres --pwfile='{}' --auth-host=scram-sha-256 "
                  "--auth-local=trust --no-locale -E UTF8 --no-instructions -N --wal-segsize=1",
                  programs_.string(), data().string(), password.string())));
  start();
}

PostgresServer::~PostgresServer() {
  try {
    freeze(false);
    kill();
  } catch (const std::exception&) {
    // It is gone already.
  }
}

std::string PostgresServer::url(const std::string& database) const {
  return fmt::format("postgresql://postgres@/{}?host={}&port={}", database, folder_.path().string(),
                     port_);
}

std::string PostgresServer::tcp_url(const std::string& user_and_password,
                                    const std::string& database) const {
  return fmt::format("postgresql://{}@127.0.0.1:{}/{}", user_and_password, port_, database);
}

std::string PostgresServer::psql(const std::string& sql, const std::string& database) const {
  const fs::path script = folder_.path() / "script.sql";
  std::ofstream(script) << sql;
  int status = 0;
  std::string said =
      output_of(fmt::format("{}/psql -X -q -A -t -v ON_ERROR_STOP=1 '{}' < '{}' 2>&1",
                            programs_.string(), url(database), script.string()),
                status);
  if (status != 0) throw std::runtime_error(sql + "\n" + said);
  return said;
}

void PostgresServer::start() {
  insist(
      as_owner(fmt::format(
          "{}/pg_ctl -D '{}' -s -w -t 30 -l '{}/log' -o '-p {} -c listen_addresses=127.0.0.1 "
          "-c unix_socket_directories={} -c fsync=off -c shared_buffers=16MB "
          "-c max_connections=60' start",
          programs_.string(), data().string(), data().string(), port_, folder_.path().string())) +
      " < /dev/null");
}

std::vector<int> PostgresServer::processes() const {
  std::vector<int> all(1);
  std::ifstream(data() / "postmaster.pid") >> all.front();
  if (all.front() == 0) return {};
  int status = 0;
  std::istringstream words(output_of(fmt::format("pgrep -P {}", all.front()), status));
  for (int process = 0; words >> process;) all.push_back(process);
  return all;
}

void PostgresServer::kill() {
  const std::vector<int> all = processes();
  for (const int process : all) ::kill(process, SIGKILL);
  for (const int process : all)
    for (int i = 0; i < 500 && ::kill(process, 0) == 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  // A start waits for no process that has its number now.
  fs::remove(data() / "postmaster.pid");
}

void PostgresServer::freeze(bool frozen) {
  for (const int process : processes()) ::kill(process, frozen ? SIGSTOP : SIGCONT);
}

}  // namespace lathe_test
