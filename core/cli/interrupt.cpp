// The handler touches lock-free atomics, posts a semaphore and writes one line: all safe in a
// signal handler. Everything slower is done by a thread that sleeps until the first signal; being a
// thread of the host's, it also takes the signals that a plugin's thread holds back.
#include "core/cli/interrupt.hpp"

#include "core/plugin/in_plugin.hpp"

#include <semaphore.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

namespace lathe {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Since the signal, or since the plugin's function began. Less than the ten seconds after which
// container engines kill.
constexpr auto kUntilSaid = 1s;
constexpr auto kUntilEnded = 5s;
constexpr auto kLookEvery = 50ms;

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

std::atomic<bool> interrupted{false};
std::atomic<int> received{0};
std::atomic<pid_t> host_process{0};  // what a plugin forks is killed by the first signal
std::atomic<bool> leaving{false};
std::atomic<bool> pausing{false};
bool has_thread = false;
sem_t first_signal, thread_ended;
static_assert(std::atomic<bool>::is_always_lock_free);

// Ends as the signal would have, so that a shell sees 130 or 143 and stops its script.
void die_of(int signal) {
  std::signal(signal, SIG_DFL);
  sigset_t own;
  sigemptyset(&own);
  sigaddset(&own, signal);
  pthread_sigmask(SIG_UNBLOCK, &own, nullptr);
  kill(getpid(), signal);
}

void on_signal(int signal) {
  if (host_process != getpid()) return die_of(signal);
  received = signal;
  if (!interrupted.exchange(true)) {
    mark_running_calls();
    SignalLine() << "\ninterrupted: ending and saving what is done (once more kills at once)\n";
    sem_post(&first_signal);
    return;
  }
  SignalLine line;
  line << "\nerror: killed";
  if (const auto call = unreturned_call()) line << " while " << *call << " did not come back";
  line << "; what was written before is kept\n";
  line.write();
  die_of(signal);
}

void say_who_is_waited_for(const PluginCall& call) {
  SignalLine()
      << "waiting for " << call
      << ", which does not look at `cancelled`; the run is ended in 4 seconds, whatever it "
         "does\n";
}

// No call: the work is done, and what libraries do at the end of a process does not end.
[[noreturn]] void end_run(const std::optional<PluginCall>& call) {
  SignalLine line;
  if (call)
    line << "error: " << *call
         << " did not come back within 5 seconds of the interrupt and was ended with the run";
  else
    line << "error: a plugin or a library did not let the process end within 5 seconds";
  line << "; what was written before is kept\n";
  line.write();
  for (;;) {
    die_of(received);
    std::this_thread::sleep_for(kLookEvery);
  }
}

// Host functions look at the flag themselves; only a plugin's can stay away.
void wait_for_plugins() {
  while (sem_wait(&first_signal) != 0) {
  }
  if (pausing) return;
  auto since = Clock::now();
  bool said = false;
  for (; !pausing; std::this_thread::sleep_for(kLookEvery)) {
    const auto call = unreturned_call();
    if (!call && !leaving) {
      mark_running_calls();
      since = Clock::now();
      said = false;
      continue;
    }
    if (call && !said && Clock::now() - since > kUntilSaid) {
      say_who_is_waited_for(*call);
      said = true;
    }
    if (Clock::now() - since > kUntilEnded) end_run(call);
  }
}

void start_thread() {
  try {
    std::thread([] {
      wait_for_plugins();
      sem_post(&thread_ended);
    }).detach();
    has_thread = true;
  } catch (const std::system_error&) {
    // No thread to be had: a second signal ends what does not come back.
  }
}

void start_waiting() {
  static const bool once = [] {
    sem_init(&first_signal, 0, 0);
    sem_init(&thread_ended, 0, 0);
    start_thread();
    return true;
  }();
  static_cast<void>(once);
}

void end_thread() {
  if (!std::exchange(has_thread, false)) return;
  pausing = true;
  sem_post(&first_signal);
  while (sem_wait(&thread_ended) != 0) {
  }
}

void go_on() {
  while (sem_trywait(&first_signal) == 0) {
  }
  pausing = false;
  if (interrupted) sem_post(&first_signal);
  start_thread();
}

}  // namespace

const std::atomic<bool>& catch_interrupts() {
  host_process = getpid();
  start_waiting();
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESTART);
  sigemptyset(&action.sa_mask);
  for (const int signal : kSignals) {
    struct sigaction before{};
    sigaction(signal, nullptr, &before);
    // Under nohup the run outlives its terminal.
    if (signal == SIGHUP && before.sa_handler == SIG_IGN) continue;
    sigaction(signal, &action, nullptr);
  }
  return interrupted;
}

std::shared_ptr<void> pause_interrupt_thread() {
  end_thread();
  return {nullptr, [](void*) { go_on(); }};
}

void leave_interrupts() {
  leaving = interrupted.load();
  for (const int signal : kSignals) {
    struct sigaction now{};
    sigaction(signal, nullptr, &now);
    if (now.sa_handler == on_signal) std::signal(signal, SIG_DFL);
  }
}

}  // namespace lathe
