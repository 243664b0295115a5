// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/last_success.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <string_view>

#include "ipc/descriptor.h"

namespace interimap {

namespace {

// Of one size, so that what was there is written over in one call.
constexpr int kDigits = 19;
constexpr std::size_t kSize = kDigits + 1;

}  // namespace

bool LastSuccess::note(std::int64_t now) const {
  char line[kSize + 1];
  if (now < 0 || std::snprintf(line, sizeof line, "%0*lld\n", kDigits, static_cast<long long>(now)) !=
                     static_cast<int>(kSize))
    return false;
  Descriptor file(open(path_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  return file && pwrite(file.get(), line, kSize, 0) == static_cast<ssize_t>(kSize);
}

std::optional<std::int64_t> LastSuccess::time() const {
  char line[kSize + 1];
  Descriptor file(open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file || pread(file.get(), line, sizeof line, 0) != static_cast<ssize_t>(kSize)) return std::nullopt;
  std::int64_t at = 0;
  auto [end, error] = std::from_chars(line, line + kDigits, at);
  if (error != std::errc() || end != line + kDigits || *end != '\n' || at < 0) return std::nullopt;
  return at;
}

}  // namespace interimap
