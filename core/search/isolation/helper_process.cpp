#include "core/search/isolation/helper_process.hpp"

#include "core/host/stdout_guard.hpp"
#include "core/search/isolation/forking/processes.hpp"
#include "core/search/isolation/helper.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

namespace lathe {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLookEveryMs = 20;  // at the flag that stops a trial
// A helper that ends closes its connection a little before that is told.
constexpr std::chrono::seconds kLongestSilent{5};
constexpr std::size_t kLongestLine = 400;

// What there is, without waiting.
std::string read_some(const Descriptor& from) {
  std::array<char, 8192> buffer;
  ssize_t got = 0;
  do {
    got = read(from.get(), buffer.data(), buffer.size());
  } while (got < 0 && errno == EINTR);
  return {buffer.data(), static_cast<std::size_t>(got > 0 ? got : 0)};
}

}  // namespace

struct HelperProcess::Connections {
  DescriptorPair talk = connected_sockets(), output = pipe_to_us(), words = pipe_to_us(),
                 leash = connected_sockets();
};

HelperProcess::HelperProcess(Zygote& zygote, OnLog on_log)
    : HelperProcess(zygote, std::move(on_log), Connections()) {}

HelperProcess::HelperProcess(Zygote& zygote, OnLog on_log, Connections connections)
    : on_log_(std::move(on_log)),
      talk_(std::move(connections.talk.ours)),
      output_(std::move(connections.output.ours)),
      words_pipe_(std::move(connections.words.ours)),
      leash_(std::move(connections.leash.ours)) {
  const HelperEnds ends{std::move(connections.talk.theirs), std::move(connections.output.theirs),
                        std::move(connections.words.theirs)};
  // Where it fails, the leash tells that the zygote is gone.
  static_cast<void>(zygote.spawn(ends, connections.leash.theirs));
}

HelperProcess::~HelperProcess() { kill(); }

std::optional<Message> HelperProcess::wait(const std::atomic<bool>& stop) {
  for (;;) {
    if (std::optional<Message> message = next_but_log()) return message;
    if (ended_ || stop) return std::nullopt;
    look(kLookEveryMs);
  }
}

bool HelperProcess::has_ended() {
  look(0);
  return ended_;
}

// Takes what has come, after at most so long.
void HelperProcess::look(int wait_ms) {
  if (ended_) return;
  std::array<pollfd, 3> watched{{{leash_.get(), POLLIN, 0},
                                 {silent_since_ ? -1 : talk_.descriptor(), POLLIN, 0},
                                 {output_is_over_ ? -1 : output_.get(), POLLIN, 0}}};
  if (poll(watched.data(), watched.size(), wait_ms) > 0) {
    const bool over = watched[0].revents != 0;
    if (over) end_ = read_end(leash_.get());
    output_is_over_ = watched[2].revents == POLLHUP;
    take();
    ended_ = over;
  }
  if (silent_since_ && Clock::now() - *silent_since_ > kLongestSilent)
    break_off("closed its connection to lathe");
}

void HelperProcess::take() {
  if (!silent_since_ && !talk_.take()) silent_since_ = Clock::now();
  for (std::string text = read_some(output_); !text.empty(); text = read_some(output_))
    pass_on(text);
  words_ += read_some(words_pipe_);
}

void HelperProcess::pass_on(std::string_view text) {
  steer_terminal(text);
  for (const char c : text) {
    if (c != '\n') {
      if (unfinished_.size() < kLongestLine) unfinished_ += c;
    } else if (!unfinished_.empty()) {
      written_ = std::exchange(unfinished_, {});
    }
  }
}

std::optional<Message> HelperProcess::next_but_log() {
  while (std::optional<Message> message = talk_.next()) {
    if (message->kind != MessageKind::log) return message;
    const LogLine line = log_line_of(message->body);
    logged_ = line.text.substr(0, kLongestLine);
    on_log_(line);
  }
  if (talk_.garbled()) break_off("sent what is none of its messages");
  return std::nullopt;
}

void HelperProcess::break_off(const char* why) {
  if (ended_ || broken_off_ != nullptr) return;
  broken_off_ = why;
  kill();
}

void HelperProcess::kill() {
  if (ended_) return;
  const char any = 0;
  static_cast<void>(::send(leash_.get(), &any, 1, MSG_NOSIGNAL));
  while (!ended_) look(kLookEveryMs);
  while (next_but_log()) {
  }
}

void HelperProcess::wait_for_end(std::chrono::milliseconds at_most) {
  const auto until = Clock::now() + at_most;
  while (!ended_ && Clock::now() < until) {
    look(kLookEveryMs);
    static_cast<void>(next_but_log());
  }
  break_off("did not end when it was done");
}

bool HelperProcess::in_order() const {
  return broken_off_ == nullptr && end_ && end_->kind == HelperEnd::Kind::ended &&
         WIFEXITED(end_->number) && WEXITSTATUS(end_->number) == 0;
}

std::string HelperProcess::how() const {
  const int status = end_ ? end_->number : 0;
  // It may have ended by itself before it was killed.
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (broken_off_ != nullptr && killed) return broken_off_;
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNobodyListens && words_.empty())
    return "lost its connection to lathe, which a plugin may have closed,";
  return text_of_status(status);
}

const std::string& HelperProcess::last_line() const {
  return !unfinished_.empty() ? unfinished_ : !written_.empty() ? written_ : logged_;
}

void HelperProcess::start_of_trial() {
  written_.clear();
  unfinished_.clear();
  logged_.clear();
}

}  // namespace lathe
