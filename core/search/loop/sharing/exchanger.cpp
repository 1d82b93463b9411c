#include "core/search/loop/sharing/exchanger.hpp"

#include "core/base/error.hpp"
#include "core/base/log.hpp"

namespace lathe {
namespace {

using std::chrono::milliseconds;

// How long what others did may stay unknown.
constexpr milliseconds kInterval{25};
// Between tries of a server that is away.
constexpr milliseconds kShortest{100}, kLongest{5000};
// Once nobody wants to wait any more.
constexpr milliseconds kLastPatience{2000};

}  // namespace

Exchanger::Exchanger(SharedStudy& study, Calls calls)
    : study_(study), calls_(std::move(calls)), thread_([this] { work(); }) {}

Exchanger::~Exchanger() {
  if (!finished_) hurry();
  finish();
  thread_.join();
}

void Exchanger::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void Exchanger::finish() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
}

void Exchanger::hurry() {
  if (hurried_.exchange(true)) return;
  study_.set_patience(kLastPatience);
  wake();
}

void Exchanger::pause() {
  std::unique_lock lock(mutex_);
  if (away_)
    changed_.wait_for(lock, pause_, [&] { return hurried_.load(); });
  else
    changed_.wait_for(lock, kInterval, [&] { return woken_ || over_; });
  woken_ = false;
}

void Exchanger::work() {
  try {
    for (;;) {
      pause();
      bool over = false;
      {
        const std::lock_guard lock(mutex_);
        over = over_;
      }
      const bool exchanged = exchange(over);
      if (!over || (!exchanged && !hurried_)) continue;
      gave_up_ = !exchanged;
      break;
    }
  } catch (...) {
    calls_.fail(std::current_exception());
  }
  finished_ = true;
}

// False: the server is away.
bool Exchanger::exchange(bool over) {
  const Exchange now = calls_.gather(over);
  try {
    ExchangeAnswer answer = study_.exchange(now);
    if (away_) log_warning("the study can be reached again; the search goes on");
    away_ = false;
    calls_.apply(now, std::move(answer));
    return true;
  } catch (const Error& error) {
    if (error.code() != LATHE_UNAVAILABLE) throw;
    pause_ = away_ ? std::min(2 * pause_, kLongest) : kShortest;
    if (!away_)
      log_warning("{}; the search waits for it, and keeps what it finishes", error.message());
    away_ = true;
    return false;
  }
}

}  // namespace lathe
