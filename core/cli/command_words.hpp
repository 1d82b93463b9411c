// The words of a command that has subcommands of its own: lathe plugin, data, export. Knows none of
// them.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include <string>
#include <vector>

namespace lathe {

// `options` and what all of them take: --json, --help and, under "words", every plain word.
// `command` is how it is called, eg: "plugin". Throws usage_error. No guessing: "--plug" for
// "--plugin" would break when an option is added.
boost::program_options::variables_map parse_command_words(
    const std::string& command, boost::program_options::options_description options,
    const std::vector<std::string>& words);

}  // namespace lathe
