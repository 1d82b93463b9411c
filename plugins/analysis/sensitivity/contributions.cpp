#include "contributions.hpp"

#include <cmath>
#include <cstdio>

namespace sensitivity {

namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// As many digits as give the number again.
std::string number(double x) {
  if (!std::isfinite(x)) return "null";
  char text[32];
  for (int digits = 15; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, x);
    if (std::strtod(text, nullptr) == x) break;
  }
  return text;
}

std::string entry(std::string_view key, const std::vector<double>& values) {
  std::string text = "    " + quoted(key) + ": [";
  for (std::size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : ", ") + number(values[i]);
  return text + "]";
}

}  // namespace

Contributions::Contributions(std::string objective, const Parameters& parameters, double constant)
    : objective_(std::move(objective)), parameters_(parameters), constant_(constant) {
  for (const Parameter& p : *parameters_) values_.emplace_back(p.choices);
}

void Contributions::add(const Grid& grid, const std::vector<double>& values, double factor) {
  const Split split(grid, values);
  constant_ += factor * split.constant;
  for (std::size_t place = 0; place < grid.parameters().size(); ++place) {
    std::vector<double>& into = values_[grid.parameters()[place]];
    for (std::size_t c = 0; c < into.size(); ++c) {
      into[c] += factor * split.by_parameter[place][c];
    }
  }
}

std::string Contributions::json() const {
  std::string text = "  " + quoted(objective_) + ": {\n" + entry("", {constant_});
  for (std::size_t p = 0; p < values_.size(); ++p) {
    text += ",\n" + entry((*parameters_)[p].name, values_[p]);
  }
  return text + "\n  }";
}

std::vector<Contributions> costs_of(const Sites& sites) {
  constexpr double kFloatBits = 32;
  const bool has_weights = sites.weights > 0;
  Contributions width("average_bitwidth", sites.parameters,
                      has_weights ? sites.other_weight_bits / sites.weights : kFloatBits);
  Contributions bitops("total_bitops", sites.parameters, sites.other_bit_operations);
  for (const NodeCost& cost : sites.costs) {
    if (has_weights) width.add(cost.grid, cost.weight_bits, 1 / sites.weights);
    bitops.add(cost.grid, cost.bit_operations);
  }
  return {std::move(width), std::move(bitops)};
}

std::string file_text(const std::vector<Contributions>& objectives) {
  std::string text = "{";
  for (const Contributions& objective : objectives) {
    text += (text.size() == 1 ? "\n" : ",\n") + objective.json();
  }
  return text + "\n}\n";
}

}  // namespace sensitivity
