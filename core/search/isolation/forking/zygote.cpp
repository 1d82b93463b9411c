// This process's side: forks the zygote, asks it for helpers, outlives it in order.
#include "core/search/isolation/forking/zygote.hpp"

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/search/isolation/forking/processes.hpp"
#include "core/search/isolation/forking/zygote_process.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>

namespace lathe {
namespace {

// A thread that has been joined may still stand in /proc.
constexpr auto kLongestGone = std::chrono::milliseconds(1000);

void check_alone() {
  const auto until = std::chrono::steady_clock::now() + kLongestGone;
  std::size_t threads = count_threads();
  for (; threads > 1 && std::chrono::steady_clock::now() < until; threads = count_threads())
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  if (threads == 1) return;
  throw run_error(
      LATHE_FAILED_PRECONDITION,
      fmt::format("--isolate: helper processes must be started before anything runs in parallel, "
                  "but {} threads run already; if passes go before the search, run them with "
                  "'lathe transform' and load the result with --load; if a plugin starts threads "
                  "as it is loaded, leave --isolate out",
                  threads));
}

}  // namespace

std::optional<HelperEnd> read_end(int leash) {
  HelperEnd end;
  ssize_t got = 0;
  do {
    got = recv(leash, &end, sizeof end, MSG_WAITALL);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof end) return std::nullopt;
  return end;
}

Zygote::Zygote(const Work& work) {
  check_alone();
  DescriptorPair ends = connected_sockets();
  std::fflush(nullptr);
  const pid_t host = getpid();
  const pid_t child = fork();
  if (child < 0)
    throw run_error(
        LATHE_RESOURCE_EXHAUSTED,
        fmt::format("--isolate: there is no process to be had to run trials in: {}; raise the "
                    "limit of processes (ulimit -u, or that of the container)",
                    system_text(errno)));
  if (child == 0) {
    ends.ours.close();
    run_zygote(host, std::move(ends.theirs), work);
  }
  process_ = child;
  control_ = std::move(ends.ours);
  // Helpers of a zygote that was killed come here as they end.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}

Zygote::~Zygote() {
  control_.close();
  reap();
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

void Zygote::reap() {
  if (status_) return;
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  status_ = status;
}

bool Zygote::spawn(const HelperEnds& ends, const Descriptor& leash) {
  const std::array numbers{ends.talk.get(), ends.output.get(), ends.words.get(), leash.get()};
  const std::lock_guard lock(sending_);
  return send_descriptors(control_.get(), numbers);
}

std::string Zygote::obituary() {
  const std::lock_guard lock(sending_);
  reap();
  kill_children_but([](pid_t) { return false; });
  return text_of_status(*status_);
}

}  // namespace lathe
