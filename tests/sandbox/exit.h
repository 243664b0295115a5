// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Exit statuses of the prober beside errno, which ends below them.
#pragma once

inline constexpr int kNotLockedIn = 200, kMistake = 201;
