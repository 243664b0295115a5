// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What mailboxes are for, as --check tells it: "Drafts (\Drafts), Sent (\Sent)".
#pragma once

#include <cstddef>
#include <iterator>
#include <string>

#include "ipc/imap.h"
#include "ipc/special_use.h"

namespace interimap {

class SpecialUses {
 public:
  void add(const answer::ListEntry& entry) {
    if (entry.uses == 0 || text_.ends_with(kMore)) return;
    if (text_.size() + entry.mailbox.bytes.size() > kMost) {
      text_ += kMore;
      return;
    }
    for (std::size_t i = 0; i < std::size(kSpecialUses); ++i)
      if ((entry.uses >> i & 1) != 0)
        text_ += (text_.empty() ? "" : ", ") + entry.mailbox.bytes + " (" + kSpecialUses[i] + ")";
  }
  const std::string& text() const { return text_; }  // empty: no mailbox is for anything

 private:
  static constexpr std::size_t kMost = 2000;  // octets that are shown
  static constexpr const char* kMore = " ...";
  std::string text_;
};

}  // namespace interimap
