#include "core/cli/format/numbers.hpp"

#include "core/base/file.hpp"
#include "core/base/words/near_path.hpp"
#include "core/base/words/shown.hpp"
#include "core/checkpoint/npy.hpp"
#include "core/tensor/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>

namespace lathe {

namespace {

// Its parser rounds to float32 once.
using Float32Json = nlohmann::basic_json<std::map, std::vector, std::string, bool, std::int64_t,
                                         std::uint64_t, float>;

constexpr std::string_view kForm = "{\"shape\": [2, 3], \"data\": [1, 2, 3, 4, 5, 6]}";

std::string contents_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.is_open() && !in.bad()) return text;
  const int code = errno;
  throw usage_error(
      "the file cannot be read: " + system_text(code) + (code == ENOENT ? near_path(path) : ""),
      {path.string()});
}

// Line and column of a byte, from 1; columns count bytes.
Position place_of(const std::filesystem::path& path, std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const auto line = std::ranges::count(before, '\n');
  const std::size_t start = before.rfind('\n') + 1;  // 0 without one
  return {path.string(), static_cast<int>(line) + 1, static_cast<int>(before.size() - start) + 1};
}

// What nlohmann::json says behind its own number and place.
std::string reason_of(const std::exception& error) {
  std::string_view text = error.what();
  const std::size_t bracket = text.find("] ");
  if (bracket != std::string_view::npos) text.remove_prefix(bracket + 2);
  const std::size_t colon = text.find(": ");
  if (text.starts_with("parse error at line") && colon != std::string_view::npos)
    text.remove_prefix(colon + 2);
  return std::string(text);
}

Float32Json parsed(const std::filesystem::path& path, const std::string& text) {
  try {
    return Float32Json::parse(text);
  } catch (const Float32Json::parse_error& error) {
    const std::size_t byte = error.byte == 0 ? 0 : error.byte - 1;
    throw usage_error(fmt::format("this is no JSON: {}; numbers that are not finite are the texts "
                                  "\"inf\", \"-inf\" and \"nan\"",
                                  shown(reason_of(error))),
                      place_of(path, text, byte));
  } catch (const Float32Json::out_of_range& error) {
    throw usage_error(fmt::format("a number lies beyond float32 ({}); write \"inf\" or \"-inf\"",
                                  shown(reason_of(error))),
                      {path.string()});
  }
}

class JsonNumbers {
 public:
  explicit JsonNumbers(const std::filesystem::path& path)
      : path_(path), json_(parsed(path, contents_of(path))) {
    if (!json_.is_object()) throw wrong(fmt::format("holds no object; write {}", kForm));
    for (const auto& [key, value] : json_.items())
      if (key != "shape" && key != "data")
        throw wrong(fmt::format("has a key '{}'; 'shape' and 'data' are the two there are", key));
  }

  Tensor tensor() const {
    const Shape shape = shape_of();
    const Float32Json& data = list("data");
    std::int64_t count = 1;
    bool fits = true;
    for (const std::int64_t extent : shape)
      fits = fits && !__builtin_mul_overflow(count, extent, &count);
    if (!fits || static_cast<std::uint64_t>(count) != data.size())
      throw wrong(fmt::format("has {} numbers in 'data', which are not the {} of shape {}",
                              data.size(), fits ? fmt::to_string(count) : "endless many",
                              shape.text()));
    std::vector<float> numbers;
    numbers.reserve(data.size());
    for (const Float32Json& item : data) numbers.push_back(number_of(item, numbers.size()));
    return Tensor::of<float>(DType::float32, shape, numbers);
  }

 private:
  Error wrong(const std::string& what) const { return usage_error(what, {path_.string()}); }

  const Float32Json& list(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) throw wrong(fmt::format("lacks '{}'; write {}", key, kForm));
    if (!found->is_array()) throw wrong(fmt::format("has no list in '{}'; write {}", key, kForm));
    return *found;
  }

  Shape shape_of() const {
    std::vector<std::int64_t> extents;
    for (const Float32Json& item : list("shape")) {
      const bool whole = item.is_number_integer();
      if (!whole || item.get<std::int64_t>() < 0)
        throw wrong(
            fmt::format("has {} in 'shape'; extents are whole numbers from 0", shown(item.dump())));
      extents.push_back(item.get<std::int64_t>());
    }
    return Shape(std::move(extents));
  }

  float number_of(const Float32Json& item, std::size_t index) const {
    if (item.is_number_unsigned()) return static_cast<float>(item.get<std::uint64_t>());
    if (item.is_number_integer()) return static_cast<float>(item.get<std::int64_t>());
    if (item.is_number_float()) return item.get<float>();
    if (item == "inf") return INFINITY;
    if (item == "-inf") return -INFINITY;
    if (item == "nan") return NAN;
    if (item.is_array())
      throw wrong(
          fmt::format("has a list as element {} of 'data', which is one flat list, row by "
                      "row; 'shape' says how it is divided",
                      index));
    throw wrong(
        fmt::format("has {} as element {} of 'data'; it takes numbers and the texts "
                    "\"inf\", \"-inf\" and \"nan\"",
                    shown(item.dump(-1, ' ', true, Float32Json::error_handler_t::replace)), index));
  }

  const std::filesystem::path& path_;
  Float32Json json_;
};

}  // namespace

Tensor read_numbers(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw usage_error("this is a folder, not a file of numbers", {path.string()});
  const std::string extension = path.extension().string();
  if (extension == ".json") return JsonNumbers(path).tensor();
  if (extension != ".npy")
    throw usage_error(
        fmt::format("'{}' is no file of numbers by its name, which ends in .json or "
                    ".npy",
                    path.string()));
  try {
    return read_npy(path);
  } catch (const Error& error) {
    throw usage_error(error.message(), error.position());
  }
}

Tensor normal_numbers(std::uint64_t seed) {
  constexpr std::int64_t kRows = 256;
  std::vector<double> drawn(static_cast<std::size_t>(kRows * kRows));
  normal(seed, stream_of("format"), 0, drawn);
  std::vector<float> numbers(drawn.size());
  std::ranges::transform(drawn, numbers.begin(), [](double x) { return static_cast<float>(x); });
  return Tensor::of<float>(DType::float32, {kRows, kRows}, numbers);
}

std::string float32_text(float number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  std::string text = fmt::format("{}", number);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string json_float32(float number) {
  const std::string text = float32_text(number);
  return std::isfinite(number) ? text : '"' + text + '"';
}

Json json_number(double number) {
  if (std::isfinite(number)) return number;
  return std::isnan(number) ? "nan" : number < 0 ? "-inf" : "inf";
}

Json json_short(float number) {
  return std::isfinite(number) ? json_number(std::stod(float32_text(number)))
                               : json_number(static_cast<double>(number));
}

}  // namespace lathe
