// The search's side of one helper: what it says, and how it ends. Not thread-safe.
#pragma once

#include "core/search/isolation/channel.hpp"
#include "core/search/isolation/forking/zygote.hpp"
#include "core/search/isolation/messages.hpp"

#include <atomic>
#include <chrono>

namespace lathe {

class HelperProcess {
 public:
  using OnLog = std::function<void(const LogLine& line)>;

  // Starts it, waiting for nothing. Throws run_error if there is no connection to be had.
  HelperProcess(Zygote& zygote, OnLog on_log);
  // Kills it if it has not ended.
  ~HelperProcess();
  HelperProcess(const HelperProcess&) = delete;
  HelperProcess& operator=(const HelperProcess&) = delete;

  void send(MessageKind kind, std::string_view body = {}) { talk_.send(kind, body); }
  // The next message that is no line of its log; nothing: it has ended, or `stop` became true. What
  // it writes to standard output and error is passed on meanwhile.
  std::optional<Message> wait(const std::atomic<bool>& stop);
  // Whether it has, without waiting.
  bool has_ended();
  void kill();  // and what it started; waits for that
  // Nothing more is asked of it: waits until it has ended, at most so long, then kills it.
  void say_no_more() { talk_.say_no_more(); }
  void wait_for_end(std::chrono::milliseconds at_most);

  // What follows REQUIRES: it has ended.
  // "was killed by SIGSEGV", "ended with exit status 3", "sent what is none of its messages"
  std::string how() const;
  // "pass 'a' of 'a.so' in run() called exit()"; empty: nobody knows
  const std::string& who() const { return words_; }
  bool in_order() const;
  const std::optional<HelperEnd>& end() const { return end_; }  // nothing: the zygote is gone

  // The last line that it wrote, or else said in its log, since start_of_trial(); may be empty.
  const std::string& last_line() const;
  void start_of_trial();

 private:
  struct Connections;
  HelperProcess(Zygote& zygote, OnLog on_log, Connections connections);
  void look(int wait_ms);
  void take();
  void pass_on(std::string_view text);
  std::optional<Message> next_but_log();
  void break_off(const char* why);

  const OnLog on_log_;
  Channel talk_;
  Descriptor output_, words_pipe_, leash_;
  bool ended_ = false;
  bool output_is_over_ = false;
  std::optional<HelperEnd> end_;
  std::optional<std::chrono::steady_clock::time_point> silent_since_;  // it closed its connection
  const char* broken_off_ = nullptr;                                   // why it was killed
  std::string words_, written_, unfinished_, logged_;
};

}  // namespace lathe
