// Times as text, and back. Knows nothing about what they are the times of.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace lathe {

using Time = std::chrono::system_clock::time_point;

Time now();

std::string local_date(Time time);  // "2026-11-27", for names of folders
std::string utc_text(Time time);    // "2026-11-27T02:09:23Z", as ISO 8601 has it
// "2026-11-27 02:09:23.000123" in local time, as Optuna's columns have it.
std::string local_text(Time time);
// The time that local_text() wrote; the epoch if the text is none.
Time time_of_local_text(std::string_view text);

}  // namespace lathe
