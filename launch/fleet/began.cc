// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/began.h"

#include <charconv>
#include <fstream>
#include <iterator>

#include "launch/config/paths.h"
#include "launch/show/replaced_file.h"

namespace interimap {

Began::Began(const std::string& configuration)
    : configuration_(configuration),
      path_(resolvePath(kDataHome, "interimap", splitPath(configuration).name + ".began")) {}

void Began::note(std::int64_t now) const {
  requireDirectory(splitPath(path_).directory);
  replaceFile(path_, std::to_string(now) + " " + configuration_ + "\n");
}

std::optional<std::int64_t> Began::time() const {
  std::ifstream file(path_);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  std::int64_t at = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), at);
  if (error != std::errc() || at < 0) return std::nullopt;
  return std::string(end, text.data() + text.size()) == " " + configuration_ + "\n" ? std::optional(at)
                                                                                    : std::nullopt;
}

}  // namespace interimap
