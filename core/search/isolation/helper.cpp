#include "core/search/isolation/helper.hpp"

#include "core/base/log.hpp"
#include "core/plugin/forked.hpp"
#include "core/plugin/in_plugin.hpp"
#include "core/search/isolation/channel.hpp"
#include "core/search/isolation/messages.hpp"
#include "core/search/isolation/wire.hpp"

#include <memory>
#include <new>

namespace lathe {
namespace {

// The search writes what the helper says where it writes its own.
void log_to(const std::shared_ptr<Channel>& talk) {
  send_log_to([talk](LogLevel level, std::string_view text) {
    talk->send(MessageKind::log, body_of(LogLine{level, std::string(text)}));
  });
}

class Helper {
 public:
  Helper(Channel& talk, HelperWork work) : talk_(talk), work_(std::move(work)) {}

  int run() {
    if (!talk_.send(MessageKind::ready)) return kNobodyListens;
    while (const std::optional<Message> asked = talk_.receive()) {
      const bool heard = asked->kind == MessageKind::name ? name() : evaluate(asked->body);
      if (!heard) return kNobodyListens;
    }
    return talk_.garbled() ? kNobodyListens : 0;
  }

 private:
  bool name() {
    return answer([&] {
      const std::vector<std::string> names = work_.unpromised_scalars();
      return Message{MessageKind::names, WireWriter().texts(names).bytes()};
    });
  }

  bool evaluate(const std::string& body) {
    return answer([&] {
      WireReader in(body);
      const std::vector<double> point = in.reals();
      const Report report = [&](std::int64_t step, double value) {
        return gives_up({step, value});
      };
      return Message{MessageKind::outcome, body_of(work_.evaluate(point, report))};
    });
  }

  // False: nobody listens any more.
  bool answer(const std::function<Message()>& make) {
    Message message;
    try {
      message = make();
    } catch (const std::exception& error) {
      message = {MessageKind::failed, body_of(error)};
    }
    Value ran = work_.environment();
    if (!(ran == told_)) {
      if (!talk_.send(MessageKind::environment, WireWriter().value(ran).bytes())) return false;
      told_ = std::move(ran);
    }
    return talk_.send(message.kind, message.body);
  }

  bool gives_up(const Reported& reported) {
    std::optional<Message> said;
    if (talk_.send(MessageKind::report, body_of(reported))) said = talk_.receive();
    if (!said || said->kind != MessageKind::answer)
      throw run_error(LATHE_CANCELLED, "the search has ended");
    return WireReader(said->body).whole() != 0;
  }

  Channel& talk_;
  const HelperWork work_;
  Value told_;
};

int run(Channel& talk, const std::function<HelperWork()>& make) {
  HelperWork work;
  try {
    work = make();
  } catch (const std::exception& error) {
    talk.send(MessageKind::refused, body_of(error));
    return 0;
  }
  return Helper(talk, std::move(work)).run();
}

}  // namespace

int run_helper(HelperEnds ends, const std::function<HelperWork()>& make) {
  const auto talk = std::make_shared<Channel>(std::move(ends.talk));
  log_to(talk);
  watch_plugins_of_forked(ends.words.get());
  const int status = run(*talk, make);
  work_is_done();
  return status;
}

}  // namespace lathe
