#include "npz.hpp"

#include "../file_bytes.hpp"
#include "../zip_file.hpp"
#include "numbers.hpp"

#include <lathe/lathe.hpp>

namespace datasets {

namespace {

constexpr std::string_view kEnd = ".npy";

// The name of an array; empty if the entry is none.
std::string_view array_name(const zip_file::entry& entry) {
  const std::string_view name = entry.name;
  if (name.size() <= kEnd.size() || name.substr(name.size() - kEnd.size()) != kEnd) return {};
  return name.substr(0, name.size() - kEnd.size());
}

stored_array read_array(const zip_file& file, const zip_file::entry& entry,
                        const std::string& place, bool header_only) {
  stored_array array{place, file.read(entry, header_only ? kLongestNpyHeader : UINT64_MAX), {}};
  array.header = npy_header_of(array.bytes, entry.size, place);
  if (!header_only) make_row_major(array.bytes, array.header);
  return array;
}

}  // namespace

void stored_array::row(std::uint64_t row, float* out) const {
  const std::uint64_t width = header.width();
  header.type.read(bytes.data() + header.data_offset + row * width * header.type.size, width, out);
}

stored_array array_of_npy(const std::string& path, bool header_only) {
  stored_array array{path, file_bytes(path, header_only ? kLongestNpyHeader : UINT64_MAX), {}};
  array.header = npy_header_of(array.bytes, file_size(path), path);
  if (!header_only) make_row_major(array.bytes, array.header);
  return array;
}

std::vector<std::string> npz_names(const std::string& path) {
  std::vector<std::string> names;
  const zip_file file(path);
  for (const zip_file::entry& entry : file.entries()) {
    const std::string_view name = array_name(entry);
    if (!name.empty()) names.push_back(lathe::to_string(name));
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
  const zip_file file(path);
  for (const std::string& wanted : names) {
    for (const zip_file::entry& entry : file.entries()) {
      if (array_name(entry) != wanted) continue;
      return read_array(file, entry, lathe::join({path, "[", wanted, "]"}), header_only);
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
