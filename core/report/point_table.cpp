// Names are long and values short: that is why parameters that do not fit beside the points become
// rows.
#include "core/report/point_table.hpp"

#include "core/base/words/shown.hpp"
#include "core/report/width.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

using Parameters = std::vector<std::size_t>;  // indexes

struct Label {
  std::string text;
  std::size_t parameter = kNone;  // kNone: what the names of the next ones begin with

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
};

// "seq_blocks_2/config/" of "seq_blocks_2/config/weight_width".
std::string_view beginning(std::string_view name) { return name.substr(0, name.rfind('/') + 1); }

// As many of the parameters from `at` on as begin alike.
std::size_t alike(const PointTable& table, const Parameters& shown, std::size_t at) {
  std::size_t end = at + 1;
  while (end < shown.size() &&
         beginning(table.parameters[shown[end]]) == beginning(table.parameters[shown[at]]))
    ++end;
  return end - at;
}

Parameters those_that(const PointTable& table, bool differ) {
  Parameters chosen;
  for (std::size_t p = 0; p < table.parameters.size(); ++p) {
    const std::vector<std::string>& cells = table.choices[p];
    const bool same =
        std::ranges::all_of(cells, [&](const std::string& cell) { return cell == cells.front(); });
    if (same != differ) chosen.push_back(p);
  }
  return chosen;
}

TextTable with_columns(const PointTable& table, const Parameters& shown) {
  TextTable whole = table.points;
  for (const std::size_t p : shown) {
    whole.columns.push_back(table.parameters[p]);
    for (std::size_t row = 0; row < whole.rows.size(); ++row)
      whole.rows[row].push_back(table.choices[p][row]);
  }
  return whole;
}

// A line for each parameter; where names are long, what they begin with stands above them.
std::vector<Label> labels_of(const PointTable& table, const Parameters& parameters,
                             std::size_t columns) {
  const bool are_long = std::ranges::any_of(
      parameters, [&](std::size_t p) { return width_of(table.parameters[p]) > columns / 2; });
  std::vector<Label> labels;
  for (std::size_t i = 0; i < parameters.size();) {
    const std::size_t count = alike(table, parameters, i);
    const std::string_view name = table.parameters[parameters[i]];
    const std::string_view first = beginning(name);
    const bool apart = are_long && !first.empty();
    if (apart) labels.push_back({shown(first), Label::kNone});
    for (const std::size_t end = i + count; i < end; ++i) {
      const std::string_view whole = table.parameters[parameters[i]];
      labels.push_back(
          {apart ? "  " + shown(whole.substr(first.size())) : shown(whole), parameters[i]});
    }
  }
  return labels;
}

std::string cut_to(const std::string& text, std::size_t room) {
  constexpr std::string_view kMore = "...";
  if (width_of(text) <= room) return text;
  if (room <= kMore.size()) return first_letters(text, room);
  return first_letters(text, room - kMore.size()) + std::string(kMore);
}

struct Piece {
  std::vector<std::size_t> points;
  std::vector<std::size_t> widths;
};

// The next points that fit beside names of that width; one at least.
Piece next_piece(const PointTable& table, const Parameters& parameters, std::size_t from,
                 std::size_t room) {
  Piece piece;
  std::size_t used = 0;
  for (std::size_t point = from; point < table.points.rows.size(); ++point) {
    std::size_t width = width_of(table.points.rows[point].front());
    for (const std::size_t p : parameters)
      width = std::max(width, width_of(shown(table.choices[p][point])));
    width = std::min(width, room > 2 ? room - 2 : 1);
    if (!piece.points.empty() && used + 2 + width > room) break;
    used += 2 + width;
    piece.points.push_back(point);
    piece.widths.push_back(width);
  }
  return piece;
}

template <typename CellOf>
std::string line_of(const std::string& label, std::size_t label_width, const Piece& piece,
                    const CellOf& cell_of) {
  std::string line = label + std::string(label_width - width_of(label), ' ');
  for (std::size_t i = 0; i < piece.points.size(); ++i) {
    const std::string cell = cut_to(cell_of(piece.points[i]), piece.widths[i]);
    line += "  " + std::string(piece.widths[i] - width_of(cell), ' ') + cell;
  }
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

std::string turned(const PointTable& table, const Parameters& parameters, std::size_t columns) {
  const std::vector<Label> labels = labels_of(table, parameters, columns);
  const std::string& corner = table.points.columns.front();
  std::size_t label_width = width_of(corner);
  for (const Label& label : labels)
    if (label.parameter != Label::kNone) label_width = std::max(label_width, width_of(label.text));
  const std::size_t room = columns > label_width ? columns - label_width : 0;
  std::string text;
  for (std::size_t point = 0; point < table.points.rows.size();) {
    const Piece piece = next_piece(table, parameters, point, room);
    point += piece.points.size();
    text += "\n" + line_of(corner, label_width, piece,
                           [&](std::size_t i) { return table.points.rows[i].front(); });
    text += std::string(label_width, '-');
    for (const std::size_t width : piece.widths) text += "  " + std::string(width, '-');
    text += "\n";
    for (const Label& label : labels)
      text += label.parameter == Label::kNone
                  ? label.text + "\n"
                  : line_of(label.text, label_width, piece, [&](std::size_t i) {
                      return shown(table.choices[label.parameter][i]);
                    });
  }
  return text;
}

// "  seq_blocks_2/config/  data_in_width 4, weight_width 2", cut into lines between the parameters.
std::string common_text(const PointTable& table, const Parameters& parameters,
                        std::size_t columns) {
  std::string text = table.points.rows.size() == 1 ? "\nparameters\n" : "\nthe same in all\n";
  for (std::size_t i = 0; i < parameters.size();) {
    const std::string_view first = beginning(table.parameters[parameters[i]]);
    std::string line = "  " + shown(first) + (first.empty() ? "" : " ");
    bool begun = !first.empty();
    for (const std::size_t end = i + alike(table, parameters, i); i < end; ++i) {
      const std::string_view key =
          std::string_view(table.parameters[parameters[i]]).substr(first.size());
      std::string words = shown(fmt::format("{} {}", key, table.choices[parameters[i]].front()));
      if (begun && width_of(line) + 2 + width_of(words) > columns) {
        text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
        line = "    ";
        begun = false;
      }
      line += (begun ? " " : "") + words + (i + 1 < end ? "," : "");
      begun = true;
    }
    text += line + "\n";
  }
  return text;
}

}  // namespace

std::string render(const PointTable& table, std::size_t columns) {
  if (table.points.rows.empty()) return render(table.points);
  const Parameters different = those_that(table, true);
  const Parameters common = those_that(table, false);
  const TextTable whole = with_columns(table, different);
  std::string text;
  if (width_of(whole) <= columns) {
    text = render(whole);
  } else {
    text = render(table.points, columns) + turned(table, different, columns);
  }
  if (!common.empty()) text += common_text(table, common, columns);
  return text;
}

}  // namespace lathe
