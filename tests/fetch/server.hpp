// A web server on loopback that does what a test tells it, right or wrong.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace lathe_test {

class Server {
 public:
  // Sends bytes; false if the other side or the test is gone.
  using Send = std::function<bool(const std::string& bytes)>;
  // Answers one request (its head); the connection is closed afterwards.
  using Handler = std::function<void(const std::string& request, const Send& send)>;

  explicit Server(Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string url(const std::string& path = "/") const;
  std::vector<std::string> requests() const;

 private:
  void serve();
  void answer(int connection);

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

// "HTTP/1.1 200 OK" and headers, one per line without its end.
std::string head(const std::string& status, const std::vector<std::string>& headers);
// A whole answer with its length.
std::string answer_of(const std::string& body, const std::string& status = "200 OK",
                      std::vector<std::string> headers = {});
// The first byte that "Range: bytes=N-" asks for; 0 without a range.
std::size_t range_of(const std::string& request);
// Answers with files by path, ranges as they should be, 404 for the rest.
Server::Handler serving(std::vector<std::pair<std::string, std::string>> files);

}  // namespace lathe_test
