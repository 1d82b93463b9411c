// Sequences of tokens, each token's target the next one.
#include <lathe/lathe.hpp>

#include <algorithm>
#include <optional>

#include "../file_bytes.hpp"
#include "../named_files.hpp"
#include "sequences.hpp"

namespace {

using lathe::split;

constexpr split kSplits[] = {split::train, split::validation, split::test};

struct Tokens {
  static constexpr lathe_option options[] = {
      lathe::path_option("train",
                         "Tokens to train on: an NPY file of whole numbers, rows [N, length] that "
                         "are taken as they are or one stream [T]; or text in UTF-8.")
          .nullable(),
      lathe::path_option("validation", "Tokens to validate on, likewise.").nullable(),
      lathe::path_option("test", "Tokens to test on, likewise.").nullable(),
      lathe::path_option("tokenizer",
                         "What makes tokens of text: a JSON file of tokens with their scores "
                         "(kind bpe_by_score).")
          .nullable(),
      lathe::int_option("length",
                        "Tokens of a sequence; needed of streams and text. Rows have their own.")
          .nullable()
          .within("2..")
          .in("tokens"),
      lathe::int_option("stride",
                        "From the beginning of a sequence to that of the next; without it, length. "
                        "length - 1 makes every token of a stream but the first a target once.")
          .nullable()
          .within("1..")
          .in("tokens"),
      lathe::int_option("pad",
                        "The token that fills sequences, of rows wherever it stands; with it the "
                        "end of a stream is a sequence too. It never counts.")
          .nullable()
          .within("0.."),
      lathe::int_option("vocabulary",
                        "How many tokens there are. Without it, those of the tokenizer, else those "
                        "that loaded weights were trained on, else one more than the largest.")
          .nullable()
          .within("2..")
          .in("tokens"),
  };

  Tokens(lathe::options o, std::string_view data_dir) : where_({"tokens", {}}, data_dir) {
    bool any = false;
    for (const split s : kSplits) {
      name(s) = o.text_or(lathe::split_name(s), "");
      any = any || !name(s).empty();
    }
    if (!any) {
      throw lathe::invalid_argument(
          "no file is named: give tokens<train=FILE, validation=FILE, test=FILE>, or those of them "
          "that are needed")
          .at_option("train");
    }
    tokenizer_ = o.text_or("tokenizer", "");
    if (o.has("length")) how_.length = o.integer("length");
    if (o.has("stride")) how_.stride = o.integer("stride");
    if (o.has("pad")) how_.pad = o.integer("pad");
    if (o.has("vocabulary")) vocabulary_ = o.integer("vocabulary");
    if (how_.stride > how_.length && how_.length > 0) {
      throw lathe::invalid_argument(
          "stride is more than length, which would leave tokens out between sequences")
          .at_option("stride");
    }
    check_pad();
  }

  std::vector<lathe::field> fields() const {
    const std::int64_t length = how_.length > 0 ? how_.length : length_by_header();
    lathe::field input = lathe::input_field<std::int64_t>("input_ids", {length});
    lathe::field target = lathe::class_field("labels", vocabulary_, {}, {length});
    if (length == 0) {
      input.shape = target.shape = {};
      input.known_shape = target.known_shape = false;
    }
    return {input, target};
  }

  void open(const lathe::open_request& request) {
    if (!opened_) {
      read_tokenizer();
      find_length();
      take_over(request);
    }
    for (const split s : kSplits) {
      // The largest token of the files at hand decides where nothing else does.
      if (request.asks_for(s) || (vocabulary_ == 0 && is_there(s))) load(s);
    }
    // Nothing that is asked for is named: what a row is made of must be known all the same.
    for (const split s : kSplits) {
      if (!any_read()) load(s);
    }
    decide_vocabulary();
    for (std::size_t i = 0; i < 3; ++i) {
      if (!read_[i] || rows_[i].count() > 0) continue;
      datasets::check_vocabulary(*read_[i], vocabulary_);
      rows_[i] = datasets::sequences(std::move(*read_[i]), how_);
    }
    opened_ = true;
  }

  std::uint64_t count(split s) const { return rows_[static_cast<int>(s)].count(); }

  void read(split s, lathe::span<const std::uint64_t> index, lathe::batch out) const {
    const datasets::sequences& rows = rows_[static_cast<int>(s)];
    std::int64_t* tokens = out.values<std::int64_t>(0).data();
    std::int64_t* targets = out.values<std::int64_t>(1).data();
    for (const std::uint64_t row : index) {
      if (row >= rows.count()) {
        throw lathe::error(LATHE_OUT_OF_RANGE,
                           lathe::join({"row ", lathe::to_string(static_cast<std::int64_t>(row)),
                                        " of split '", lathe::split_name(s), "' is not there"}));
      }
      rows.read(row, tokens, targets);
      tokens += how_.length;
      targets += how_.length;
    }
  }

  std::vector<std::string> files() const {
    std::vector<std::string> all;
    for (const datasets::sequences& rows : rows_) {
      if (rows.count() > 0) all.push_back(rows.path());
    }
    if (words_) all.push_back(where_.find(tokenizer_));
    return all;
  }

 private:
  std::string& name(split s) { return names_[static_cast<int>(s)]; }
  const std::string& name(split s) const { return names_[static_cast<int>(s)]; }

  void check_pad() const {
    if (vocabulary_ == 0 || how_.pad < vocabulary_) return;
    throw lathe::error(
        LATHE_OUT_OF_RANGE,
        lathe::join({"pad is the token ", lathe::to_string(how_.pad), ", and the vocabulary has ",
                     lathe::to_string(vocabulary_), ", from 0"}))
        .at_option("pad");
  }

  // Of the first file that is there and has rows; 0: not known. Reads no tokens.
  std::int64_t length_by_header() const {
    for (const std::string& file : names_) {
      try {
        const std::int64_t length = file.empty() ? 0 : datasets::row_length(where_.find(file));
        if (length > 0) return length;
      } catch (const lathe::error&) {
        continue;  // open() says what is wrong
      }
    }
    return 0;
  }

  void read_tokenizer() {
    if (tokenizer_.empty()) return;
    words_.emplace(where_.find(tokenizer_));
    if (vocabulary_ == 0) vocabulary_ = words_->size();
    if (vocabulary_ >= words_->size()) return;
    throw lathe::invalid_argument(
        lathe::join({"vocabulary is ", lathe::to_string(vocabulary_), ", and the tokenizer has ",
                     lathe::to_string(words_->size()), " tokens"}))
        .at_option("vocabulary");
  }

  void find_length() {
    if (how_.length == 0) how_.length = length_by_header();
    if (how_.length == 0) {
      // A file that is not there, or is none of this, says so better.
      for (const std::string& file : names_) {
        if (!file.empty()) datasets::read_tokens(where_.find(file), words_);
      }
      throw lathe::invalid_argument(
          "of a stream of tokens the option length says how long a "
          "sequence is")
          .at_option("length");
    }
    if (how_.length == 1) {
      throw lathe::data_loss("the rows have one token each, so none is followed by another")
          .at_option("train");
    }
    if (how_.stride == 0) how_.stride = how_.length;
  }

  void take_over(const lathe::open_request& request) {
    const lathe::field* trained = request.trained_on(LATHE_FIELD_TARGET);
    if (vocabulary_ == 0 && trained != nullptr && trained->of_classes()) {
      vocabulary_ = trained->classes;
    }
  }

  void load(split s) {
    std::optional<datasets::token_file>& file = read_[static_cast<int>(s)];
    if (!file && !name(s).empty()) file = datasets::read_tokens(where_.find(name(s)), words_);
  }

  bool is_there(split s) const {
    try {
      return !where_.find(name(s)).empty();
    } catch (const lathe::error&) {
      return false;
    }
  }

  bool any_read() const {
    return std::any_of(std::begin(read_), std::end(read_), [](const auto& file) { return !!file; });
  }

  void decide_vocabulary() {
    if (vocabulary_ == 0) {
      std::int64_t largest = std::max<std::int64_t>(how_.pad, 0);
      for (const auto& file : read_) {
        if (!file) continue;
        largest = std::max(largest, *std::max_element(file->tokens.begin(), file->tokens.end()));
      }
      vocabulary_ = largest + 1;
    }
    check_pad();
  }

  datasets::named_files where_;
  std::string names_[3], tokenizer_;
  std::optional<datasets::tokenizer> words_;
  datasets::cutting how_;
  std::int64_t vocabulary_ = 0;  // 0: not known yet
  std::optional<datasets::token_file> read_[3];
  datasets::sequences rows_[3];
  bool opened_ = false;
};

}  // namespace

LATHE_DATASET(Tokens, "tokens", "1.0.0",
              "Sequences of tokens from NPY files or text; the target of each is the next one.")
