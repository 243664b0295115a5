// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/remarks.h"

#include "ipc/ascii.h"
#include "net/wire/limits.h"

namespace interimap {

bool saysTokenExpired(std::string_view bye) {
  std::string text = asciiUpper(bye);
  return text.find("ACCESSTOKENEXPIRED") != text.npos || text.find("SESSION EXPIRED") != text.npos;
}

void Remarks::alert(const std::string& text) {
  if (text == alert_) return;
  alert_ = text;
  chatter_.say("[ALERT]", LogLevel::notice, text);
}

void Remarks::malformed(const std::string& kind, const std::string& text) {
  if (warned_.insert(kind).second)
    log_(LogLevel::warning,
         "ignoring a malformed " + kind + " response: " + text.substr(0, limits::kExcerpt));
}

void Remarks::dropped(const FetchResponse& fetch) {
  // A keyword is the server's to choose: so many are remembered.
  bool room = !fetch.dropped.empty() && warned_.size() < limits::kMostKinds;
  if (!room || !warned_.insert("keyword " + fetch.dropped).second) return;
  std::string whose = fetch.uid ? " of UID " + std::to_string(fetch.uid->value()) : std::string();
  chatter_.say(
      "keyword", LogLevel::warning,
      "Leaving out a keyword that cannot be one" + whose + ": " + fetch.dropped.substr(0, limits::kExcerpt));
}

}  // namespace interimap
