// Plain sockets; one connection at a time.
#include "tests/fetch/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace lathe_test {

Server::Server(Handler handler) : handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || bind(listener_, generic, size) != 0 || listen(listener_, 16) != 0 ||
      getsockname(listener_, generic, &size) != 0)
    throw std::runtime_error("no server on loopback");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

Server::~Server() {
  stopping_ = true;
  thread_.join();
  close(listener_);
}

std::string Server::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

std::vector<std::string> Server::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void Server::serve() {
  while (!stopping_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (poll(&waiting, 1, 20) <= 0) continue;
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    answer(connection);
    close(connection);
  }
}

void Server::answer(int connection) {
  std::string request;
  char buffer[4096];
  while (request.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = recv(connection, buffer, sizeof buffer, 0);
    if (got <= 0) return;
    request.append(buffer, static_cast<std::size_t>(got));
  }
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  handler_(request, [&](const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size() && !stopping_) {
      const ssize_t now = send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (now <= 0) return false;
      sent += static_cast<std::size_t>(now);
    }
    return !stopping_;
  });
}

std::string head(const std::string& status, const std::vector<std::string>& headers) {
  std::string text = "HTTP/1.1 " + status + "\r\nConnection: close\r\n";
  for (const std::string& header : headers) text += header + "\r\n";
  return text + "\r\n";
}

std::string answer_of(const std::string& body, const std::string& status,
                      std::vector<std::string> headers) {
  headers.push_back("Content-Length: " + std::to_string(body.size()));
  return head(status, headers) + body;
}

std::size_t range_of(const std::string& request) {
  const std::string field = "Range: bytes=";
  const std::size_t at = request.find("\r\n" + field);
  return at == std::string::npos ? 0 : std::stoul(request.substr(at + 2 + field.size()));
}

Server::Handler serving(std::vector<std::pair<std::string, std::string>> files) {
  return [files = std::move(files)](const std::string& request, const Server::Send& send) {
    for (const auto& [path, body] : files) {
      if (!request.starts_with("GET " + path + " ")) continue;
      const std::size_t from = range_of(request);
      if (from == 0) {
        send(answer_of(body));
      } else if (from >= body.size()) {
        send(answer_of("", "416 Range Not Satisfiable"));
      } else {
        send(answer_of(body.substr(from), "206 Partial Content",
                       {"Content-Range: bytes " + std::to_string(from) + "-" +
                        std::to_string(body.size() - 1) + "/" + std::to_string(body.size())}));
      }
      return;
    }
    send(answer_of("nothing here", "404 Not Found"));
  };
}

}  // namespace lathe_test
