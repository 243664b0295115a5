// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/log_keys.h"

#include "launch/show/log_prefix.h"

namespace interimap {

namespace {

// "local(INBOX): ", "local: " or nothing.
constexpr std::string_view kPrefix = "%?n?%?m?%n(%m)&%n?: ?";

bool isLogPrefix(std::string_view value) { return isTextOrEmpty(value) && value.size() <= kLongestLogPrefix; }

constexpr Key kKeys[] = {{"logfile", isAbsolute}, {"log-prefix", isLogPrefix}};

}  // namespace

const std::span<const Key> kLogKeys(kKeys);

LogKeys LogKeys::read(const Keys& keys) { return {keys.get("logfile"), keys.get("log-prefix", kPrefix)}; }

}  // namespace interimap
