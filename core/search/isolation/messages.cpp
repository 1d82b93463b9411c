#include "core/search/isolation/messages.hpp"

#include "core/search/isolation/wire.hpp"

namespace lathe {

std::string body_of(const Scalars& scalars) {
  WireWriter out;
  out.value(scalars.software).value(scalars.hardware).whole(scalars.pruned ? 1 : 0);
  return out.texts(scalars.untrained).texts(scalars.troubles).bytes();
}

Scalars scalars_of(std::string_view body) {
  WireReader in(body);
  Scalars scalars;
  scalars.software = in.value();
  scalars.hardware = in.value();
  scalars.pruned = in.whole() != 0;
  scalars.untrained = in.texts();
  scalars.troubles = in.texts();
  in.end();
  return scalars;
}

std::string body_of(const std::exception& error) {
  const auto* const ours = dynamic_cast<const Error*>(&error);
  const Blame blame = ours != nullptr ? ours->blame() : Blame::run;
  const lathe_code code = ours != nullptr ? ours->code() : LATHE_INTERNAL;
  WireWriter out;
  out.whole(static_cast<std::uint64_t>(blame)).whole(static_cast<std::uint64_t>(code));
  return out.text(error.what()).bytes();
}

Error error_of(std::string_view body) {
  WireReader in(body);
  const Blame blame =
      in.whole() == static_cast<std::uint64_t>(Blame::usage) ? Blame::usage : Blame::run;
  const auto code = static_cast<lathe_code>(in.whole());
  const std::string sentence = in.text();
  in.end();
  return {blame, code, sentence};
}

std::string body_of(const Reported& reported) {
  return WireWriter().whole(static_cast<std::uint64_t>(reported.step)).real(reported.value).bytes();
}

Reported reported_of(std::string_view body) {
  WireReader in(body);
  Reported reported;
  reported.step = static_cast<std::int64_t>(in.whole());
  reported.value = in.real();
  in.end();
  return reported;
}

std::string body_of(const LogLine& line) {
  return WireWriter().whole(static_cast<std::uint64_t>(line.level)).text(line.text).bytes();
}

LogLine log_line_of(std::string_view body) {
  WireReader in(body);
  LogLine line;
  line.level = static_cast<LogLevel>(in.whole());
  line.text = in.text();
  in.end();
  return line;
}

}  // namespace lathe
