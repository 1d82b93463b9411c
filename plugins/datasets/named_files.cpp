#include "named_files.hpp"

#include "file_bytes.hpp"
#include "near_file.hpp"

namespace datasets {

named_files::named_files(known_set set, std::string_view data_dir)
    : set_(std::move(set)), data_dir_(lathe::to_string(data_dir)) {}

std::vector<std::string> named_files::from_option(lathe::value_view value, const char* option) {
  std::vector<std::string> names;
  if (value.kind() == LATHE_VALUE_STRING) {
    names.push_back(lathe::to_string(value.text()));
  } else if (value.kind() == LATHE_VALUE_LIST && value.size() > 0) {
    for (std::uint64_t i = 0; i < value.size(); ++i) {
      if (value[i].kind() == LATHE_VALUE_STRING) names.push_back(lathe::to_string(value[i].text()));
    }
  }
  if (names.empty() || (value.kind() == LATHE_VALUE_LIST && names.size() != value.size())) {
    throw lathe::invalid_argument(
        lathe::join({"option '", option, "' is the name of a file, or a list of names"}))
        .at_option(option);
  }
  for (std::string& name : names) name = in_home(name);
  return names;
}

std::string named_files::find(const std::string& name) const {
  if (is_file(name)) return name;
  std::string looked = lathe::join({"'", name, "'"});
  if (name.empty() || name.front() != '/') {
    for (const std::string& folder : folders()) {
      const std::string path = lathe::join({folder, "/", name});
      if (is_file(path)) return path;
      looked += lathe::join({", '", path, "'"});
    }
  }
  throw lathe::not_found(
      lathe::join({"there is no such file; looked for: ", looked, near_file(name)}))
      .at_file(name);
}

std::string named_files::find_official(const std::vector<std::string>& names) const {
  for (const std::string& folder : folders()) {
    for (const std::string& name : names) {
      std::string path = lathe::join({folder, "/", name});
      if (is_file(path)) return path;
    }
  }
  if (set_.whole_file != nullptr && !data_dir_.empty()) {
    for (const std::string& folder : {folders().front(), data_dir_}) {
      std::string path = lathe::join({folder, "/", set_.whole_file});
      if (is_file(path)) return path;
    }
  }
  std::string where;
  for (const std::string& folder : folders()) {
    where += lathe::join({where.empty() ? "'" : " and '", folder, "'"});
  }
  if (where.empty()) where = "no folder, since none is set";
  throw lathe::not_found(lathe::join(
      {"'", names.front(), "' was looked for in ", where, "; get it by 'lathe data fetch ",
       set_.name, "', or set --data-dir or LATHE_DATA_DIR to the folder that holds '", set_.name,
       "', or name files by the options train, validation and test"}));
}

std::vector<std::string> named_files::folders() const {
  if (data_dir_.empty()) return {};
  std::vector<std::string> all{lathe::join({data_dir_, "/", set_.name})};
  for (const char* subfolder : set_.subfolders) {
    all.push_back(lathe::join({all.front(), "/", subfolder}));
  }
  for (const char* other : set_.others) all.push_back(lathe::join({data_dir_, "/", other}));
  return all;
}

}  // namespace datasets
