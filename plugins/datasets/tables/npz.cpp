#include "npz.hpp"

#include "../file_bytes.hpp"
#include "numbers.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <lathe/lathe.hpp>

#include <algorithm>
#include <memory>

namespace datasets {

namespace {

class npz_reader {
 public:
  explicit npz_reader(const std::string& path) : path_(path) {
    // By the directory at its end: read from its beginning, a file that is cut would just have
    // fewer arrays.
    archive_read_support_format_zip_seekable(archive_.get());
    if (archive_read_open_filename(archive_.get(), path.c_str(), 1 << 16) != ARCHIVE_OK) {
      throw damaged();
    }
  }

  // Moves to the next array; its name without ".npy", or "" after the last.
  std::string next() {
    for (;;) {
      const int code = archive_read_next_header(archive_.get(), &entry_);
      if (code == ARCHIVE_EOF) return {};
      if (code != ARCHIVE_OK) throw damaged();
      const char* name = archive_entry_pathname(entry_);
      const std::string_view text = name == nullptr ? "" : name;
      constexpr std::string_view kEnd = ".npy";
      if (text.size() > kEnd.size() && text.substr(text.size() - kEnd.size()) == kEnd) {
        return lathe::to_string(text.substr(0, text.size() - kEnd.size()));
      }
    }
  }

  stored_array read(const std::string& name, bool header_only) {
    stored_array array{lathe::join({path_, "[", name, "]"}), {}, {}};
    // Deflate packs 1032 bytes into one at best.
    const la_int64_t said = archive_entry_size(entry_);
    if (archive_entry_size_is_set(entry_) == 0 || said < 0 ||
        static_cast<std::uint64_t>(said) / 1032 > file_size(path_)) {
      throw lathe::data_loss("the NPZ file says a size that cannot be true; it is damaged")
          .at_file(array.place);
    }
    const auto size = static_cast<std::uint64_t>(said);
    append(array.bytes, size < kLongestNpyHeader ? size : kLongestNpyHeader);
    array.header = npy_header_of(array.bytes, size, array.place);
    if (header_only) return array;
    append(array.bytes, size - array.bytes.size());
    char more = 0;
    if (archive_read_data(archive_.get(), &more, 1) != 0) throw damaged();
    make_row_major(array.bytes, array.header);
    return array;
  }

 private:
  struct closer {
    void operator()(archive* reader) const { archive_read_free(reader); }
  };

  lathe::error damaged() const {
    const char* text = archive_error_string(archive_.get());
    // Some of libarchive's sentences end in a line break.
    std::string_view why = text == nullptr ? "its zip archive cannot be read" : text;
    why = why.substr(0, why.find_first_of("\r\n"));
    return lathe::data_loss(lathe::join({"the NPZ file is damaged: ", why})).at_file(path_);
  }

  void append(std::string& bytes, std::uint64_t count) {
    std::size_t done = bytes.size();
    bytes.resize(done + count);
    while (done < bytes.size()) {
      const la_ssize_t got = archive_read_data(archive_.get(), &bytes[done], bytes.size() - done);
      if (got <= 0) throw damaged();
      done += static_cast<std::size_t>(got);
    }
  }

  std::string path_;
  std::unique_ptr<archive, closer> archive_{archive_read_new()};
  archive_entry* entry_ = nullptr;
};

}  // namespace

void stored_array::row(std::uint64_t row, float* out) const {
  const std::uint64_t width = header.width();
  header.type.read(bytes.data() + header.data_offset + row * width * header.type.size, width, out);
}

bool is_zip(std::string_view begin) { return begin.substr(0, 4) == "PK\3\4"; }

stored_array array_of_npy(const std::string& path, bool header_only) {
  stored_array array{path, file_bytes(path, header_only ? kLongestNpyHeader : UINT64_MAX), {}};
  array.header = npy_header_of(array.bytes, file_size(path), path);
  if (!header_only) make_row_major(array.bytes, array.header);
  return array;
}

std::vector<std::string> npz_names(const std::string& path) {
  std::vector<std::string> names;
  npz_reader reader(path);
  for (std::string name = reader.next(); !name.empty(); name = reader.next()) {
    names.push_back(name);
  }
  return names;
}

std::vector<std::string> usual_names(const std::vector<const char*>& words, const char* unnamed,
                                     lathe::split s, bool of_one_split) {
  std::vector<std::string> splits{lathe::split_name(s)};
  if (s == lathe::split::validation) splits.insert(splits.end(), {"val", "valid"});
  std::vector<std::string> names;
  for (const std::string& name : splits) {
    for (const char* word : words) names.push_back(lathe::join({word, "_", name}));
  }
  for (const std::string& name : splits) {
    for (const char* word : words) names.push_back(lathe::join({name, "_", word}));
  }
  if (of_one_split) {
    names.insert(names.end(), words.begin(), words.end());
    names.emplace_back(unnamed);
  }
  return names;
}

std::string npz_listing(const std::string& path) {
  std::string text;
  for (const std::string& name : npz_names(path)) {
    text += lathe::join({text.empty() ? "" : ", ", quoted(name)});
  }
  return text.empty() ? "no array at all" : text;
}

stored_array array_of_npz(const std::string& path, const std::vector<std::string>& names,
                          bool header_only) {
  const std::vector<std::string> found = npz_names(path);
  for (const std::string& wanted : names) {
    if (std::find(found.begin(), found.end(), wanted) == found.end()) continue;
    npz_reader reader(path);
    for (std::string name = reader.next(); !name.empty(); name = reader.next()) {
      if (name == wanted) return reader.read(name, header_only);
    }
  }
  // The usual names are many.
  constexpr std::size_t kMostListed = 4;
  std::string wanted;
  for (std::size_t i = 0; i < names.size() && i < kMostListed; ++i) {
    wanted += lathe::join({i == 0 ? "" : ", ", quoted(names[i])});
  }
  if (names.size() > kMostListed) wanted += " or the like";
  throw lathe::data_loss(
      lathe::join({"the NPZ file has no array ", wanted, "; it has ", npz_listing(path),
                   "; name arrays by the options samples and labels"}))
      .at_file(path);
}

}  // namespace datasets
