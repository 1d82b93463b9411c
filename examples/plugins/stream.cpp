// A data set that is a stream: lines of a file that is never read as a whole, so that nobody knows
// how many there are. Each holds numbers with commas between them, the last a class.
//   lathe train 'mlp<hidden=[8]>' 'example.stream<train=train.txt,validation=valid.txt,
//       features=2,classes=2>' --plugin ./stream.so
#include <lathe/lathe.hpp>

#include <cmath>
#include <cstdlib>
#include <fstream>

class Stream {
 public:
  static constexpr lathe_option options[] = {
      lathe::path_option("train", "Lines to train on.").nullable(),
      lathe::path_option("validation", "Lines to validate on.").nullable(),
      lathe::path_option("test", "Lines to test on.").nullable(),
      lathe::int_option("features", "Numbers before the class.").required().within("1..100000"),
      lathe::int_option("classes", "How many classes there are.").required().within("1..100000"),
  };

  explicit Stream(lathe::options o)
      : features_(o.integer("features")), classes_(o.integer("classes")) {
    for (const char* name : {"train", "validation", "test"}) {
      parts_.push_back({name, o.text_or(name, ""), {}, 0});
    }
  }

  std::vector<lathe::field> fields() const {
    return {lathe::input_field<float>("samples", {features_}),
            lathe::class_field("labels", classes_)};
  }

  // Only the files of the splits that are asked for have to be there.
  void open(const lathe::open_request& request) {
    for (const part& p : parts_) {
      if (request.asks_for(p.name) && !p.path.empty() && !std::ifstream(p.path)) {
        throw lathe::not_found("there is no such file").at_file(p.path);
      }
    }
  }

  // A split without a file has no rows; one with a file is a stream.
  std::uint64_t count(std::string_view split) {
    return of(split).path.empty() ? 0 : lathe::unknown_count;
  }

  std::uint64_t next(std::string_view split, std::uint64_t first, std::uint64_t rows,
                     lathe::batch out) {
    part& p = of(split);
    if (first == 0) {
      p.lines = std::ifstream(p.path);
      p.line = 0;
    }
    const auto samples = out.values<float>("samples");
    const auto labels = out.values<std::int64_t>("labels");
    const auto features = static_cast<std::uint64_t>(features_);
    std::string text;
    std::uint64_t row = 0;
    while (row < rows && std::getline(p.lines, text)) {
      ++p.line;
      const char* at = text.c_str();
      for (std::uint64_t i = 0; i < features; ++i) {
        samples[row * features + i] = static_cast<float>(number(at, ',', p));
      }
      const double label = number(at, '\0', p);
      if (label != std::floor(label) || label < 0 || label >= static_cast<double>(classes_)) {
        throw lathe::data_loss(
            lathe::join({"the last number is no class from 0 to ", lathe::to_string(classes_ - 1)}))
            .at_file(p.path, p.line);
      }
      labels[row++] = static_cast<std::int64_t>(label);
    }
    return row;
  }

  std::vector<std::string> files() const {
    std::vector<std::string> all;
    for (const part& p : parts_) {
      if (!p.path.empty()) all.push_back(p.path);
    }
    return all;
  }

 private:
  struct part {
    std::string name, path;
    std::ifstream lines;
    std::uint64_t line;
  };

  part& of(std::string_view split) {
    for (part& p : parts_) {
      if (p.name == split) return p;
    }
    throw lathe::not_found(lathe::join({"there is no split '", split, "'"}));
  }

  // The number at `at`, which moves behind what ends it.
  static double number(const char*& at, char end, const part& p) {
    char* behind = nullptr;
    const double value = std::strtod(at, &behind);
    if (behind == at || !std::isfinite(value)) {
      throw lathe::data_loss(lathe::join({"a number was expected at '", at, "'"}))
          .at_file(p.path, p.line);
    }
    const char found = *behind == '\r' ? '\0' : *behind;
    if (found != end) {
      throw lathe::data_loss(lathe::join({end == ',' ? "more numbers were expected after '"
                                                     : "the line should end before '",
                                          end == ',' ? at : behind, "'"}))
          .at_file(p.path, p.line);
    }
    at = *behind == '\0' ? behind : behind + 1;
    return value;
  }

  std::int64_t features_, classes_;
  std::vector<part> parts_;
};
LATHE_DATASET(Stream, "example.stream", "1.0.0", "Lines of numbers and a class, as a stream.")
