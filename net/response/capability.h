// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the server said it can do (RFC 3501 section 7.2.1), and what it has therefore.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ipc/extension_set.h"

namespace interimap {

class Capabilities {
 public:
  // capability-data without its first word: atoms between blanks. More blanks than needed do no harm.
  static Capabilities parse(std::string_view text);

  bool has(std::string_view name) const;  // a name in upper case, as it stands
  bool hasAny(std::string_view prefix) const { return !behind(prefix).empty(); }
  std::vector<std::string> behind(std::string_view prefix) const;  // what follows it in each that begins so
  const std::vector<std::string>& names() const { return names_; }
  bool known() const { return !names_.empty(); }  // a server that told them told at least IMAP4rev1
  // Those named, and those that IMAP4rev2 implies (RFC 9051 appendix E).
  const ExtensionSet& extensions() const { return extensions_; }

 private:
  std::vector<std::string> names_;  // in upper case
  ExtensionSet extensions_;
};

}  // namespace interimap
