// libcurl's easy interface; each attempt is a transfer of what is missing (RFC 9110, section 14).
#include "core/fetch/download.hpp"

#include "core/base/file.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

namespace lathe {

namespace {

constexpr long kConnectSeconds = 30;
// A connection that brings nothing for so long is broken.
constexpr long kSilentSeconds = 60;
constexpr long kMostRedirects = 10;

std::uint64_t size_of(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// What went wrong inside a callback, and whether another attempt may help.
struct Refusal {
  std::string text;
  bool discard = false;  // the bytes at hand are wrong
};

class Attempt {
 public:
  Attempt(const Download& what, const FetchRequest& request, const std::atomic<bool>& cancelled)
      : what_(what), request_(request), cancelled_(cancelled), tag_file_(what.part) {
    tag_file_ += ".tag";
    const bool known = what.is_checked_later || !stored_tag().empty();
    begin_ = known ? size_of(what.part) : 0;
    if (what.size != 0 && begin_ > what.size) begin_ = 0;
  }

  // True if the file is whole; false if the connection broke and another attempt may go on.
  bool run() {
    if (what_.size != 0 && begin_ == what_.size) return true;
    file_.reset(std::fopen(what_.part.c_str(), begin_ == 0 ? "wb" : "ab"));
    if (file_ == nullptr) throw write_failure(what_.part, errno);
    at_ = begin_;
    const CURLcode code = transfer();
    if (!write_failure_ && std::fflush(file_.get()) != 0) fail_writing();
    file_.reset();
    if (refusal_) {
      if (refusal_->discard) discard();
      throw run_error(LATHE_DATA_LOSS, refusal_->text);
    }
    if (write_failure_) throw Error(*write_failure_);
    if (cancelled_.load(std::memory_order_relaxed)) {
      throw run_error(LATHE_CANCELLED,
                      fmt::format("cancelled; the {} bytes of '{}' that came are kept, and the "
                                  "next fetch goes on with them",
                                  at_, what_.name));
    }
    return judge(code);
  }

  const std::string& broken_by() const { return broken_by_; }

 private:
  CURLcode transfer() {
    const std::unique_ptr<CURL, Closer> owner(curl_easy_init());
    curl_ = owner.get();
    if (curl_ == nullptr) throw std::bad_alloc();
    curl_easy_setopt(curl_, CURLOPT_URL, what_.url.c_str());
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl_, CURLOPT_MAXREDIRS, kMostRedirects);
    curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_TIME, kSilentSeconds);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_USERAGENT, "lathe");
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &Attempt::on_body);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, &Attempt::on_header);
    curl_easy_setopt(curl_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(curl_, CURLOPT_XFERINFOFUNCTION, &Attempt::on_progress);
    curl_easy_setopt(curl_, CURLOPT_XFERINFODATA, this);
    curl_easy_setopt(curl_, CURLOPT_NOPROGRESS, 0L);
    char reason[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, reason);
    std::unique_ptr<curl_slist, Closer> headers;
    if (begin_ > 0) {
      // A Range of one's own, not CURLOPT_RESUME_FROM: a server may answer with the whole file.
      const std::string range = fmt::format("Range: bytes={}-", begin_);
      headers.reset(curl_slist_append(nullptr, range.c_str()));
      if (const std::string tag = stored_tag(); !tag.empty()) {
        // Only while the file there is still the one that was begun.
        curl_slist_append(headers.get(), fmt::format("If-Range: {}", tag).c_str());
      }
      curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers.get());
    }
    const CURLcode code = curl_easy_perform(curl_);
    broken_by_ = *reason != '\0' ? reason : curl_easy_strerror(code);
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status_);
    curl_ = nullptr;
    return code;
  }

  // Bodies of other answers than the file are not written.
  bool judge(CURLcode code) {
    const bool answered = status_ != 0 && header_seen_;
    if (answered && status_ == 416) {
      // What is here is more than there is.
      discard();
      broken_by_ = "the server has fewer bytes than were here";
      return false;
    }
    const bool leads_elsewhere = status_ >= 300 && status_ < 400 && code != CURLE_OK;
    if (answered && status_ != 200 && status_ != 206 && !leads_elsewhere) {
      const bool may_pass = status_ == 408 || status_ == 429 || status_ >= 500;
      broken_by_ = fmt::format("the server answers {}", status_);
      if (may_pass) return false;
      throw run_error(LATHE_NOT_FOUND, fmt::format("'{}': {}; give another address by --from",
                                                   what_.url, broken_by_));
    }
    if (code == CURLE_OK) {
      const std::uint64_t whole = what_.size != 0 ? what_.size : total_;
      if (whole == 0 || at_ == whole) return true;
      broken_by_ = fmt::format("it ended after {} of {} bytes", at_, whole);
      return false;
    }
    if (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING ||
        code == CURLE_SEND_ERROR || code == CURLE_OPERATION_TIMEDOUT ||
        code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
        code == CURLE_HTTP2_STREAM || code == CURLE_SSL_CONNECT_ERROR) {
      return false;
    }
    throw run_error(LATHE_UNAVAILABLE,
                    fmt::format("'{}' cannot be downloaded: {}", what_.url, broken_by_));
  }

  static std::size_t on_header(char* data, std::size_t one, std::size_t size, void* self) {
    return static_cast<Attempt*>(self)->header({data, one * size}) ? one * size : 0;
  }
  bool header(std::string_view line) {
    line = trimmed(line);
    if (line.starts_with("HTTP/")) {  // of each answer, redirects included
      header_seen_ = true;
      length_.reset();
      range_ = {};
      tag_.clear();
      return true;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    const std::string name = lower(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (name == "content-length") length_ = number(value);
    if (name == "content-range") range_ = value;
    // A weak tag does not promise the same bytes.
    if (name == "etag" && !value.starts_with("W/")) tag_ = value;
    return true;
  }

  static std::size_t on_body(char* data, std::size_t one, std::size_t size, void* self) {
    return static_cast<Attempt*>(self)->body({data, one * size});
  }
  std::size_t body(std::string_view bytes) {
    if (!began_ && !begin_body()) return 0;
    if (skip_) return bytes.size();
    const std::uint64_t most = what_.size != 0 ? what_.size : total_;
    if (most != 0 && bytes.size() > most - std::min(most, at_)) {
      refusal_ = {fmt::format("'{}' sends more than the {} bytes it should; it is another file",
                              what_.url, most),
                  true};
      return 0;
    }
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
      fail_writing();
      return 0;
    }
    at_ += bytes.size();
    return bytes.size();
  }

  // Before the first byte: which answer is this, and where do its bytes belong?
  bool begin_body() {
    began_ = true;
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 && status != 206) {
      skip_ = true;
      return true;
    }
    if (status == 200 && begin_ > 0) {
      // The whole file instead of the rest: from the beginning.
      file_.reset(std::freopen(what_.part.c_str(), "wb", file_.release()));
      if (file_ == nullptr) {
        fail_writing();
        return false;
      }
      begin_ = at_ = 0;
    }
    if (status == 206 && !range_continues()) {
      refusal_ = {fmt::format("'{}' answers with another part than was asked for ('{}')", what_.url,
                              range_),
                  true};
      return false;
    }
    total_ = length_ ? begin_ + *length_ : 0;
    if (what_.size != 0 && total_ != 0 && total_ != what_.size) {
      refusal_ = {fmt::format("'{}' has {} bytes; {} has {}: it is another file", what_.url, total_,
                              what_.name, what_.size),
                  true};
      return false;
    }
    return store_tag();
  }

  // Called by libcurl, through which no exception may pass.
  bool store_tag() {
    try {
      write_atomically(tag_file_, tag_, Sync::no_wait);
    } catch (const Error& error) {
      write_failure_ = error;
    }
    return !write_failure_;
  }
  void fail_writing() { write_failure_ = write_failure(what_.part, errno); }

  // "bytes 1000-1999/2000"
  bool range_continues() const {
    constexpr std::string_view kUnit = "bytes ";
    if (!std::string_view(range_).starts_with(kUnit)) return false;
    const std::string_view rest = std::string_view(range_).substr(kUnit.size());
    return number(rest.substr(0, rest.find('-'))) == begin_;
  }

  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const Attempt& attempt = *static_cast<const Attempt*>(self);
    if (attempt.cancelled_.load(std::memory_order_relaxed)) return 1;
    const std::uint64_t total = attempt.what_.size != 0 ? attempt.what_.size : attempt.total_;
    if (attempt.request_.progress && attempt.at_ > 0) {
      attempt.request_.progress(attempt.what_.name, attempt.at_, total);
    }
    return 0;
  }

  std::string stored_tag() const {
    std::ifstream in(tag_file_);
    std::string tag;
    std::getline(in, tag);
    return tag;
  }
  void discard() {
    std::error_code ignored;
    std::filesystem::remove(what_.part, ignored);
    std::filesystem::remove(tag_file_, ignored);
  }

  const Download& what_;
  const FetchRequest& request_;
  const std::atomic<bool>& cancelled_;
  std::filesystem::path tag_file_;  // the entity tag of what was begun
  std::uint64_t begin_ = 0;         // bytes at hand before this attempt
  std::uint64_t at_ = 0;            // bytes at hand
  std::uint64_t total_ = 0;         // as the server says; 0: it does not
  std::unique_ptr<std::FILE, Closer> file_;
  CURL* curl_ = nullptr;
  long status_ = 0;
  bool header_seen_ = false, began_ = false, skip_ = false;
  std::optional<std::uint64_t> length_;
  std::string range_, tag_;
  std::optional<Refusal> refusal_;
  std::optional<Error> write_failure_;
  std::string broken_by_;
};

// Waits, but not for someone who has cancelled.
void wait(std::chrono::milliseconds time, const std::atomic<bool>& cancelled) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until && !cancelled.load()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

void download(const Download& what, const FetchRequest& request,
              const std::atomic<bool>& cancelled) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw run_error(LATHE_UNAVAILABLE, curl_easy_strerror(started));
  int failures = 0;
  std::uint64_t farthest = size_of(what.part);
  for (;;) {
    Attempt attempt(what, request, cancelled);
    if (attempt.run()) break;
    // A server that begins anew each time brings bytes, and yet nothing.
    const std::uint64_t here = size_of(what.part);
    failures = here > farthest ? 1 : failures + 1;
    farthest = std::max(farthest, here);
    if (failures > request.retries) {
      throw run_error(
          LATHE_UNAVAILABLE,
          fmt::format(
              "'{}' cannot be downloaded: {}; {} bytes are here, and the next fetch goes on "
              "with them",
              what.url, attempt.broken_by(), size_of(what.part)));
    }
    if (request.warning) {
      request.warning(fmt::format("'{}': {}; trying again", what.url, attempt.broken_by()));
    }
    wait(request.retry_delay * (1 << (failures - 1)), cancelled);
  }
  std::filesystem::path tag = what.part;
  tag += ".tag";
  std::error_code ignored;
  std::filesystem::remove(tag, ignored);
}

}  // namespace lathe
