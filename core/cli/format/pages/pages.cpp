#include "core/cli/format/pages/pages.hpp"

#include "core/base/file.hpp"
#include "core/cli/format/numbers.hpp"
#include "core/cli/format/pages/picture.hpp"
#include "core/cli/pages/markdown.hpp"
#include "core/report/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lathe {

namespace {

using namespace markdown;

std::string digits(double number) { return number_text(number, 4); }
std::string float_cell(double number) { return float32_text(static_cast<float>(number)); }

std::string count_cell(const Representable& r) {
  return fmt::format("{}{}", r.complete ? "" : "at least ", number_text(r.count, 17));
}
std::string positive_cell(const Representable& r) {
  return r.smallest_positive > 0 ? float_cell(r.smallest_positive) : "none";
}

std::string values_text(const Representable& r) {
  if (!r.unknown.empty()) return "";
  std::string list;
  for (std::size_t i = 0; i < r.values.size(); ++i) {
    const bool listed = r.lists_all() || i < kEnds || i + kEnds >= r.values.size();
    if (listed) list += (list.empty() ? "" : ", ") + float32_text(r.values[i]);
    if (!r.lists_all() && i + 1 == kEnds) list += ", ...";
  }
  return fmt::format("\nValues, found {}: {}\n", r.how, list);
}

// What it is with its defaults.
std::string defaults_text(const DescribedFormat& format) {
  const Representable& r = format.representable;
  std::string text = heads({"property", "value"});
  text += row({"bits per element, of a weight of 256 by 256", digits(format.bits)});
  text += row({"precision in MASE's metadata", cell_text(format.precision)});
  if (r.unknown.empty()) {
    text += row({"values", count_cell(r)});
    text += row({"lowest", float_cell(r.lowest)});
    text += row({"smallest positive", positive_cell(r)});
    text += row({"largest", float_cell(r.largest)});
  }
  text += row({"integer codes", format.has_codes ? "yes" : "no"});
  text += row({"gradient", format.has_gradient ? "its own" : "straight-through"});
  text += row({"on normal numbers: signal to noise", digits(format.error.snr_db) + " dB"});
  text +=
      row({"maximum and mean absolute error",
           fmt::format("{} and {}", digits(format.error.max_abs), digits(format.error.mean_abs))});
  text += row({"levels used", fmt::to_string(format.error.levels_used)});
  return text + values_text(r);
}

std::string names_text(const DescribedFormat& format) {
  if (format.other_names.empty()) return "";
  return fmt::format("\nOther names: `{}`.\n", fmt::join(format.other_names, "`, `"));
}

std::string page_of(const DescribedFormat& format,
                    const std::vector<const DescribedFormat*>& neighbours) {
  const Component& c = *format.component;
  std::string text = fmt::format("# {}\n\n{}\n{}", c.id, c.doc, names_text(format));
  if (format.representable.unknown.empty()) {
    Cells beside;
    for (const DescribedFormat* other : neighbours)
      beside.push_back(fmt::format("[{0}]({0}.md)", other->component->id));
    text += fmt::format("\n![Values of {0}]({0}.svg)\n\nWith default options{1}.\n", c.id,
                        beside.empty() ? "" : fmt::format(", beside {}", fmt::join(beside, ", ")));
  }
  if (!c.details.empty()) text += "\n" + c.details + "\n";
  text += "\n## Options\n\n" + options_text(c.options.options);
  text += "\n## With its defaults\n\n" + defaults_text(format);
  return text;
}

std::string index_of(const std::vector<DescribedFormat>& formats) {
  std::string text =
      "# Number formats\n\nEach page says what values a format has, how it rounds and where it "
      "comes "
      "from, and lists its options. All pages are written by `lathe format --pages docs/formats` "
      "(`scripts/docs`) from what the formats say of themselves; `lathe format FORMAT` shows the "
      "same of any format, with any options and on numbers of your own.\n\nWith default options, "
      "as a weight of 256 by 256; signal to noise on standard normal numbers. A picture shows a "
      "format beside the three that are nearest to it in bits of storage, and of as many bits in "
      "dynamic range, of those that are not the same but for a scale.\n\n";
  text += heads({"format", "other names", "bits", "values", "smallest positive", "largest",
                 "signal to noise, dB", "codes", "gradient", "what it is"});
  for (const DescribedFormat& f : formats) {
    const Representable& r = f.representable;
    const bool known = r.unknown.empty();
    text += row({fmt::format("[{0}]({0}.md)", f.component->id),
                 fmt::format("{}", fmt::join(f.other_names, ", ")), digits(f.bits),
                 known ? count_cell(r) : "", known ? positive_cell(r) : "",
                 known ? float_cell(r.largest) : "", number_text(f.error.snr_db, 3),
                 f.has_codes ? "yes" : "no", f.has_gradient ? "its own" : "straight-through",
                 cell(f.component->doc)});
  }
  return text +
         "\nWhere values follow from the tensor (a scale, an exponent of a block), those of a "
         "tensor "
         "whose largest magnitude is 1 are given.\n";
}

}  // namespace

std::size_t write_format_pages(const Registry& registry, const std::filesystem::path& folder) {
  const std::vector<DescribedFormat> formats = built_in_formats(registry);
  make_folders(folder);
  for (const DescribedFormat& format : formats) {
    const std::string& id = format.component->id;
    const auto neighbours = neighbours_of(format, formats);
    write_atomically(folder / (id + ".md"), page_of(format, neighbours), Sync::no_wait);
    if (!format.representable.unknown.empty()) continue;
    std::vector<const DescribedFormat*> drawn{&format};
    drawn.insert(drawn.end(), neighbours.begin(), neighbours.end());
    write_atomically(folder / (id + ".svg"), value_picture(drawn), Sync::no_wait);
  }
  write_atomically(folder / "README.md", index_of(formats), Sync::no_wait);
  return formats.size();
}

}  // namespace lathe
