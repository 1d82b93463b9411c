#include "core/cli/command_words.hpp"

#include "core/base/error.hpp"

#include <fmt/format.h>
#include <boost/program_options/parsers.hpp>

namespace lathe {

namespace po = boost::program_options;

po::variables_map parse_command_words(const std::string& command, po::options_description options,
                                      const std::vector<std::string>& words) {
  options.add_options()("json", po::bool_switch())("help,h", po::bool_switch())(
      "words", po::value<std::vector<std::string>>());
  po::positional_options_description positions;
  positions.add("words", -1);
  const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
  try {
    po::variables_map map;
    po::store(
        po::command_line_parser(words).options(options).positional(positions).style(style).run(),
        map);
    return map;
  } catch (const po::error& error) {
    throw usage_error(
        fmt::format("lathe {}: {}; see lathe {} --help", command, error.what(), command));
  }
}

}  // namespace lathe
