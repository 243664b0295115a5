// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The two spellings of a mailbox's name.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <utility>

namespace interimap {

// As one server spells it: modified UTF-7 (or whatever bytes that server uses), with its reference and its
// hierarchy delimiter. Opaque: never decoded, only quoted when it is sent.
struct WireName {
  std::string bytes;
  auto operator<=>(const WireName&) const = default;
};

// As both servers and the database know it: no reference, each hierarchy delimiter a NUL, INBOX in upper
// case. Never empty, at most kLongest bytes.
class MailboxName {
 public:
  static constexpr std::size_t kLongest = 4096;
  static std::optional<MailboxName> of(std::string bytes) {
    if (bytes.empty() || bytes.size() > kLongest) return std::nullopt;
    return MailboxName(std::move(bytes));
  }
  const std::string& bytes() const { return bytes_; }
  bool isInbox() const { return bytes_ == "INBOX"; }
  auto operator<=>(const MailboxName&) const = default;

 private:
  explicit MailboxName(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

}  // namespace interimap
