#include "core/storage/postgres/server/connection.hpp"

#include "core/storage/postgres/server/complaints.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cstring>

namespace lathe {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kConnects{10000};

// A worker that stands still within a transaction holds up all others. Times are read as they are
// written here.
constexpr const char* kSettings =
    "SET idle_in_transaction_session_timeout = '10s'; SET DateStyle = 'ISO'; "
    "SET client_encoding = 'UTF8'; SET standard_conforming_strings = on";

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using ConnectionOptions = std::unique_ptr<PQconninfoOption, FreeOptions>;

// What libpq complains of may be a part of the password, and is not shown.
ConnectionOptions parsed(const std::string& url) {
  char* complaint = nullptr;
  ConnectionOptions options(PQconninfoParse(url.c_str(), &complaint));
  PQfreemem(complaint);
  const auto is_odd_port = [](const PQconninfoOption& option) {
    constexpr const char* kPorts = "0123456789,";
    return std::string_view(option.keyword) == "port" && option.val != nullptr &&
           option.val[std::strspn(option.val, kPorts)] != '\0';
  };
  bool odd = options == nullptr;
  for (const PQconninfoOption* each = options.get(); !odd && each->keyword != nullptr; ++each)
    odd = is_odd_port(*each);
  if (!odd) return options;
  throw usage_error(
      "cannot read the URL of --storage; write postgresql://USER@HOST:PORT/DATABASE (in a name or "
      "a password, @ is %40, : is %3A, / is %2F, % is %25)");
}

void say_nothing(void*, const char*) {}

}  // namespace

std::string place_of_url(const std::string& url) {
  const ConnectionOptions options = parsed(url);
  std::string user, host, port, database;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || *option->val == '\0') continue;
    const std::string_view key = option->keyword;
    if (key == "user") user = fmt::format("{}@", option->val);
    if (key == "host" || (key == "hostaddr" && host.empty())) host = option->val;
    if (key == "port") port = fmt::format(":{}", option->val);
    if (key == "dbname") database = option->val;
  }
  if (host.starts_with("/"))  // a folder with a socket
    return fmt::format("postgresql://{}/{}?host={}{}", user, database, host,
                       port.empty() ? "" : fmt::format("&port={}", port.substr(1)));
  return fmt::format("postgresql://{}{}{}/{}", user, host, port, database);
}

ServerConnection::ServerConnection(std::string url)
    : url_(std::move(url)), place_(place_of_url(url_)) {}

ServerConnection::~ServerConnection() = default;

void ServerConnection::close() { connection_.reset(); }

void ServerConnection::lose(const std::string& why) {
  const Error away = server_away(place_, why);
  close();
  throw away;
}

void ServerConnection::wait_for(bool to_read, Clock::time_point until) {
  constexpr milliseconds kLook{50};  // and see whether the patience has changed
  pollfd socket{PQsocket(connection_.get()), static_cast<short>(to_read ? POLLIN : POLLOUT), 0};
  const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
  if (left.count() <= 0) lose("it does not answer");
  poll(&socket, 1, static_cast<int>(std::min(left, kLook).count()) + 1);
}

void ServerConnection::connect() {
  if (connection_ && PQstatus(connection_.get()) == CONNECTION_OK) return;
  make();
  ++generation_;
  set_up();
}

void ServerConnection::make() {
  const char* const keys[] = {"dbname", "fallback_application_name", "client_encoding", nullptr};
  const char* const values[] = {url_.c_str(), "lathe", "UTF8", nullptr};
  connection_.reset(PQconnectStartParams(keys, values, 1));
  if (!connection_) throw std::bad_alloc();
  PQsetNoticeProcessor(connection_.get(), say_nothing, nullptr);
  const Clock::time_point began = Clock::now();
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (PQstatus(connection_.get()) != CONNECTION_BAD && status != PGRES_POLLING_OK) {
    const int socket = PQsocket(connection_.get());
    if (socket < 0) break;
    pollfd ready{socket, static_cast<short>(status == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    const auto limit = std::min(kConnects, patience_.load());
    if (Clock::now() - began > limit) lose("it does not answer");
    if (poll(&ready, 1, 50) == 0) continue;
    status = PQconnectPoll(connection_.get());
    if (status == PGRES_POLLING_FAILED) break;
  }
  if (PQstatus(connection_.get()) == CONNECTION_OK) return;
  const Error refused = connection_refused(place_, PQerrorMessage(connection_.get()));
  close();
  throw refused;
}

void ServerConnection::set_up() { execute(kSettings); }

ServerResult ServerConnection::finished(bool sent) {
  if (!sent) lose(PQerrorMessage(connection_.get()));
  const Clock::time_point began = Clock::now();
  while (PQflush(connection_.get()) == 1) wait_for(false, began + patience_.load());
  ServerResult last;
  for (;;) {
    while (PQisBusy(connection_.get()) == 1) {
      wait_for(true, began + patience_.load());
      if (PQconsumeInput(connection_.get()) == 0) lose(PQerrorMessage(connection_.get()));
    }
    ServerResult next(PQgetResult(connection_.get()));
    if (!next) break;
    // The first complaint is the one that matters.
    if (!last || PQresultStatus(last.get()) != PGRES_FATAL_ERROR) last = std::move(next);
  }
  if (PQstatus(connection_.get()) == CONNECTION_BAD) lose(PQerrorMessage(connection_.get()));
  const ExecStatusType status = last ? PQresultStatus(last.get()) : PGRES_FATAL_ERROR;
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return last;
  const Error complaint = complaint_of(place_, last.get());
  if (complaint.code() == LATHE_UNAVAILABLE) close();
  throw complaint;
}

ServerResult ServerConnection::execute(const std::string& sql) {
  need_connection();
  return finished(PQsendQuery(connection_.get(), sql.c_str()) == 1);
}

void ServerConnection::prepare(const std::string& name, const std::string& sql) {
  need_connection();
  finished(PQsendPrepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr) == 1);
}

ServerResult ServerConnection::execute(const std::string& prepared, const Parameters& parameters) {
  need_connection();
  std::vector<const char*> values;
  for (const auto& parameter : parameters)
    values.push_back(parameter ? parameter->c_str() : nullptr);
  return finished(PQsendQueryPrepared(connection_.get(), prepared.c_str(),
                                      static_cast<int>(values.size()), values.data(), nullptr,
                                      nullptr, 0) == 1);
}

void ServerConnection::need_connection() const {
  if (!connection_) throw server_away(place_, "the connection is lost");
}

}  // namespace lathe
