// One thread, no waiting but in poll(). A helper is a subreaper, and so is the zygote: whatever a
// plugin starts is a child of its helper while that lives, also if it is made a daemon, and comes
// to the zygote when the helper has ended. So what is a child and no helper is to be killed.
#include "core/search/isolation/forking/zygote_process.hpp"

#include "core/host/stdout_guard.hpp"
#include "core/plugin/forked.hpp"
#include "core/search/isolation/forking/processes.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>

namespace lathe {
namespace {

// Ctrl-C, and a batch system's SIGTERM to every process of a job, are the host's to answer. Not
// ignored: programs that plugins start would inherit that.
void leave_to_host(int) {}

void leave_signals_to_host() {
  struct sigaction action{};
  action.sa_handler = leave_to_host;
  action.sa_flags = static_cast<int>(SA_RESTART);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP})
    sigaction(signal, &action, nullptr);
}

// Results are the host's, and so is what is typed.
void leave_streams_to_host() {
  const Descriptor nowhere(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nowhere.open()) return;
  dup2(nowhere.get(), STDIN_FILENO);
  const int results = fileno(host_output());
  if (results > STDERR_FILENO) dup3(nowhere.get(), results, O_CLOEXEC);
}

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, SIGUSR1);  // the host is gone
  return set;
}

class ZygoteProcess {
 public:
  ZygoteProcess(Descriptor control, const Zygote::Work& work)
      : work_(work), control_(std::move(control)) {
    const sigset_t watched = watched_signals();
    pthread_sigmask(SIG_BLOCK, &watched, &usual_mask_);
    signals_ = Descriptor(signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  void run() {
    while (signals_.open() && wait()) {
    }
    for (const Helper& helper : helpers_) kill_group(helper.process);
    kill_children_but([](pid_t) { return false; });
  }

 private:
  struct Helper {
    pid_t process;
    Descriptor leash;
    bool killed = false;
  };

  // False: it is over.
  bool wait() {
    std::vector<pollfd> watched{{control_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}};
    for (const Helper& helper : helpers_)
      watched.push_back({helper.killed ? -1 : helper.leash.get(), POLLIN, 0});
    if (poll(watched.data(), watched.size(), -1) < 0) return errno == EINTR;
    for (std::size_t i = 0; i < helpers_.size(); ++i) {
      if (watched[i + 2].revents == 0) continue;
      kill_group(helpers_[i].process);
      helpers_[i].killed = true;
    }
    if (watched[1].revents != 0) {
      signalfd_siginfo info{};
      while (read(signals_.get(), &info, sizeof info) == sizeof info)
        if (info.ssi_signo == SIGUSR1) return false;
    }
    reap();
    if (watched[0].revents == 0) return true;
    auto ends = receive_descriptors(control_.get(), 4);
    if (!ends) return false;
    fork_helper({std::move((*ends)[0]), std::move((*ends)[1]), std::move((*ends)[2])},
                std::move((*ends)[3]));
    return true;
  }

  void fork_helper(HelperEnds ends, Descriptor leash) {
    if (const std::size_t threads = count_threads(); threads != 1)
      return tell(leash, {HelperEnd::Kind::parallel, static_cast<int>(threads)});
    const pid_t zygote = getpid();
    const pid_t child = fork();
    if (child < 0) return tell(leash, {HelperEnd::Kind::not_forked, errno});
    if (child == 0) {
      leash.close();
      become_helper(zygote, std::move(ends));
    }
    setpgid(child, child);  // here too: whoever is first
    helpers_.push_back({child, std::move(leash)});
  }

  [[noreturn]] void become_helper(pid_t zygote, HelperEnds ends) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != zygote) _exit(0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    helpers_.clear();
    control_.close();
    signals_.close();
    pthread_sigmask(SIG_SETMASK, &usual_mask_, nullptr);
    dup2(ends.output.get(), STDOUT_FILENO);
    dup2(ends.output.get(), STDERR_FILENO);
    ends.output.close();
    remember_host_state();
    _exit(work_.helper(std::move(ends)));
  }

  // Leaders go last, so that their number still means their group.
  static void kill_group(pid_t leader) {
    kill(-leader, SIGKILL);
    kill(leader, SIGKILL);
  }

  void reap() {
    for (;;) {
      siginfo_t ended{};
      if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) return;
      const auto helper = std::ranges::find(helpers_, ended.si_pid, &Helper::process);
      if (helper != helpers_.end()) kill_group(ended.si_pid);
      int status = 0;
      waitpid(ended.si_pid, &status, 0);
      if (helper == helpers_.end()) continue;
      const Descriptor leash = std::move(helper->leash);
      helpers_.erase(helper);
      kill_children_but([this](pid_t child) {
        return std::ranges::find(helpers_, child, &Helper::process) != helpers_.end();
      });
      tell(leash, {HelperEnd::Kind::ended, status});
    }
  }

  static void tell(const Descriptor& leash, HelperEnd end) {
    static_cast<void>(send(leash.get(), &end, sizeof end, MSG_NOSIGNAL));
  }

  const Zygote::Work& work_;
  Descriptor control_, signals_;
  sigset_t usual_mask_{};
  std::vector<Helper> helpers_;
};

}  // namespace

void run_zygote(pid_t host, Descriptor control, const Zygote::Work& work) {
  setpgid(0, 0);
  leave_signals_to_host();
  leave_streams_to_host();
  remember_host_state();
  try {
    ZygoteProcess process(std::move(control), work);
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (getppid() != host) _exit(0);
    try {
      if (work.prepare) work.prepare();
    } catch (const std::exception&) {
      // Whoever needs it in a helper is told what is wrong.
    }
    process.run();
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

}  // namespace lathe
