// A message: a mark, the kind, the size of the body, the body.
#include "core/search/isolation/channel.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace lathe {
namespace {

struct Header {
  std::uint16_t mark = 0x4c48;
  std::uint16_t kind = 0;
  std::uint32_t size = 0;
};
constexpr std::uint32_t kMostBytes = 1U << 28;

bool send_whole(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

bool Channel::send(MessageKind kind, std::string_view body) {
  Header header;
  header.kind = static_cast<std::uint16_t>(kind);
  header.size = static_cast<std::uint32_t>(body.size());
  if (body.size() > kMostBytes) return false;
  std::string bytes(sizeof header, '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  bytes += body;
  const std::lock_guard lock(sending_);
  return send_whole(socket_.get(), bytes);
}

bool Channel::read(int flags) {
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t got = recv(socket_.get(), buffer.data(), buffer.size(), flags);
    if (got > 0) {
      taken_.append(buffer.data(), static_cast<std::size_t>(got));
      return true;
    }
    if (got < 0 && errno == EINTR) continue;
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }
}

bool Channel::take() {
  for (;;) {
    const std::size_t before = taken_.size();
    if (!read(MSG_DONTWAIT)) return false;
    if (taken_.size() == before) return true;
  }
}

std::optional<Message> Channel::next() {
  Header header;
  if (garbled_ || taken_.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, taken_.data(), sizeof header);
  garbled_ = header.mark != Header{}.mark || header.size > kMostBytes ||
             header.kind > static_cast<std::uint16_t>(kLastKind);
  if (garbled_ || taken_.size() < sizeof header + header.size) return std::nullopt;
  Message message{static_cast<MessageKind>(header.kind), taken_.substr(sizeof header, header.size)};
  taken_.erase(0, sizeof header + header.size);
  return message;
}

std::optional<Message> Channel::receive() {
  for (;;) {
    if (std::optional<Message> message = next()) return message;
    if (garbled_ || !read(0)) return std::nullopt;
  }
}

void Channel::say_no_more() { shutdown(socket_.get(), SHUT_WR); }

}  // namespace lathe
