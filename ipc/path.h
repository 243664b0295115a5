// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Reverse-path and forward-path: the two things from outside that end up on an SMTP command line. RFC 5321
// section 4.1.2. Neither can hold CR, LF, NUL, another control character, "<" or ">", so none can end its
// line or its brackets early. Octets above 0x7f are UTF-8 and may be sent only under SMTPUTF8 (RFC 6531).
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace interimap {

// The sizes of RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.2 together: 64 "@" 255, without the brackets.
inline constexpr std::size_t kLongestPath = 320;

// Where a message came from, and where a bounce would go; or the null reverse-path, which nothing answers.
class ReversePath {
 public:
  ReversePath() = default;  // null

  // Mailbox = Local-part "@" ( Domain / address-literal ), without brackets. Empty: the null reverse-path.
  static std::optional<ReversePath> parse(std::string_view text);

  // From an address of an ENVELOPE (RFC 3501 section 7.4.2), whose two halves are whatever a header held. The
  // local part is quoted if it must be; the null reverse-path if there is no way to write them down.
  static ReversePath ofSender(std::string_view localPart, std::string_view host);

  bool null() const { return text_.empty(); }
  bool needsSmtpUtf8() const;
  const std::string& text() const { return text_; }  // without brackets; empty if null
  auto operator<=>(const ReversePath&) const = default;

 private:
  explicit ReversePath(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// A recipient. Without a domain it is one of the server's own, as LMTP and deliver-rcpt know them.
class ForwardPath {
 public:
  // Mailbox / Local-part, without brackets; never empty.
  static std::optional<ForwardPath> parse(std::string_view text);

  // A recipient of deliver-rcpt for messages of that mailbox: its name, as on the wire, stands where the
  // local part has "%l", and "%" where it has "%%". Nothing if there is no way to write that down.
  static std::optional<ForwardPath> ofMailbox(std::string_view text, std::string_view mailbox);
  static bool namesMailbox(std::string_view text);

  bool needsSmtpUtf8() const;
  const std::string& text() const { return text_; }  // without brackets
  std::string_view localPart() const;                // as it stands there: in quotes, if it is
  auto operator<=>(const ForwardPath&) const = default;

 private:
  explicit ForwardPath(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace interimap
