// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/chatter.h"

#include "net/wire/limits.h"

namespace interimap {

void Chatter::say(const std::string& kind, LogLevel level, const std::string& text, Clock::time_point now) {
  auto it = said_.find(kind);
  if (it == said_.end()) {
    // Kinds that a server can make up must not fill the memory either.
    if (said_.size() == limits::kMostKinds) return;
    it = said_.emplace(kind, Said{level, now}).first;
  }
  Said& said = it->second;
  if (now - said.since >= std::chrono::minutes(1)) {
    tell(kind, said);
    said = Said{level, now};
  }
  if (said.lines == limits::kMostOfAKind) {
    ++said.counted;
    return;
  }
  bool last = ++said.lines == limits::kMostOfAKind;
  log_(level, text + (last ? " (what more of this kind comes within the minute is counted)" : ""));
}

void Chatter::tell() {
  for (auto& [kind, said] : said_) tell(kind, said);
}

void Chatter::tell(const std::string& kind, Said& said) {
  if (said.counted > 0) log_(said.level, std::to_string(said.counted) + " more of this kind: " + kind);
  said.counted = 0;
}

}  // namespace interimap
