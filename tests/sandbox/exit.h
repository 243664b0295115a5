// Exit statuses of the prober beside errno, which ends below them.
#pragma once

inline constexpr int kNotLockedIn = 200, kMistake = 201;
