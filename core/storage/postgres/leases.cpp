#include "core/storage/postgres/leases.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <random>

namespace lathe {
namespace {

using std::chrono::milliseconds;

}  // namespace

std::string new_worker_name() {
  char host[256] = "?";
  gethostname(host, sizeof host - 1);
  std::random_device random;
  return fmt::format("{}:{}:{:08x}{:08x}", host, getpid(), random(), random());
}

Leases::Leases(PostgresSql& database, std::string worker, milliseconds duration)
    : worker_(std::move(worker)),
      duration_(fmt::format("{} milliseconds", duration.count())),
      take_(database,
            "INSERT INTO lathe_leases AS l (trial_id, worker, token, duration, expires) "
            "VALUES (?, ?, 1, ?, clock_timestamp() + ?::interval) ON CONFLICT (trial_id) DO UPDATE "
            "SET "
            "worker = excluded.worker, token = l.token + 1, duration = excluded.duration, "
            "expires = excluded.expires"),
      take_over_(database, fmt::format("UPDATE lathe_leases l SET worker = ?, token = l.token + 1, "
                                       "duration = ?, expires = clock_timestamp() + ?::interval "
                                       "WHERE l.trial_id = ? AND {}",
                                       kRunOut)),
      give_up_(database, "DELETE FROM lathe_leases WHERE trial_id = ? AND worker = ?") {}

void Leases::take(std::int64_t trial) { run(take_, trial, worker_, duration_, duration_); }

bool Leases::take_over(std::int64_t trial) {
  return run(take_over_, worker_, duration_, duration_, trial) == 1;
}

bool Leases::give_up(std::int64_t trial) { return run(give_up_, trial, worker_) == 1; }

LeaseRenewal::LeaseRenewal(const std::string& url, std::string worker, milliseconds duration)
    : worker_(std::move(worker)), duration_(duration), database_(url) {
  database_.connection().set_patience(std::max(duration / 3, milliseconds(200)));
  thread_ = std::jthread([this](const std::stop_token& stop) { renew(stop); });
}

LeaseRenewal::~LeaseRenewal() {
  database_.connection().set_patience(milliseconds(0));
  thread_.request_stop();
}

void LeaseRenewal::renew(const std::stop_token& stop) {
  constexpr milliseconds kAgain{500};
  Statement renewal(
      database_, "UPDATE lathe_leases SET expires = clock_timestamp() + duration WHERE worker = ?");
  milliseconds pause = duration_ / 3;
  while (!stop.stop_requested()) {
    std::unique_lock lock(mutex_);
    ended_.wait_for(lock, stop, pause, [] { return false; });
    if (stop.stop_requested()) return;
    try {
      database_.connection().connect();
      run(renewal, worker_);
      pause = duration_ / 3;
    } catch (const Error&) {
      pause = std::min(kAgain, duration_ / 3);
    }
  }
}

}  // namespace lathe
