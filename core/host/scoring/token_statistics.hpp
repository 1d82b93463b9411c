// Which statistics are told of tokens, and which of anything but tokens.
#pragma once

#include "core/host/statistics.hpp"

namespace lathe {

// Of cross_entropy of tokens, which is that of several classes a row, those of tokens and what is
// counted over all of them; of anything else, all but those of tokens.
bool is_told_of(const Statistic& statistic, Loss loss, const Field& target);

}  // namespace lathe
