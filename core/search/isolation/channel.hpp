// Messages between the search and a helper process, over a socket: a kind and a body.
#pragma once

#include "core/search/isolation/forking/descriptor.hpp"

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace lathe {

enum class MessageKind : std::uint8_t {
  ready,        // from a helper: it can take trials
  refused,      // it cannot; an error
  log,          // a line of its log
  report,       // how a trial comes along; it waits for the answer
  environment,  // what ran in it so far
  outcome,      // of the trial
  failed,       // the trial; an error
  names,        // of scalars
  answer,       // to a helper: whether to give the trial up
  evaluate,     // a point
  name,         // the scalars that the runners publish
};
constexpr MessageKind kLastKind = MessageKind::name;

struct Message {
  MessageKind kind{};
  std::string body;
};

// One end. A descriptor that is no socket any more, because somebody closed it, counts as gone.
class Channel {
 public:
  explicit Channel(Descriptor socket) : socket_(std::move(socket)) {}

  // Whole, waiting if need be. False: the other end is gone. Thread-safe.
  bool send(MessageKind kind, std::string_view body = {});
  // Waits for the next one; nothing: the other end is gone, or garbled().
  std::optional<Message> receive();

  // Takes what has arrived, without waiting. False: nothing more will come.
  bool take();
  // The first of what was taken; nothing: none is whole yet, or garbled().
  std::optional<Message> next();
  bool garbled() const { return garbled_; }

  void say_no_more();  // the other end reads that this one is gone
  int descriptor() const { return socket_.get(); }

 private:
  bool read(int flags);

  Descriptor socket_;
  std::mutex sending_;
  std::string taken_;
  bool garbled_ = false;
};

}  // namespace lathe
