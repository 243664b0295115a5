// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A command on its way to the server: text, literals, and where the server has to agree first.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/body.h"
#include "ipc/flags.h"
#include "ipc/uid_set.h"

namespace interimap {

// Everything of a command but its tag and the final CRLF, in pieces.
class Command {
 public:
  struct Piece {
    enum class Kind : std::uint8_t {
      text,      // as it stands
      literal,   // `text`, announced by its size
      body,      // `range` of `bodies`, announced by its size
      response,  // `text`, after the server has answered a line that is complete: "+" (RFC 3501 section 7.5)
    };
    Kind kind = Kind::text;
    std::string text;
    bool secret = false;  // wiped once sent, never shown
    std::shared_ptr<Bodies> bodies;
    BodyRange range;

    std::uint64_t size() const { return kind == Kind::body ? range.size : text.size(); }
  };

  explicit Command(std::string_view text) { add(text); }

  Command& add(std::string_view text);  // verbatim
  // SP astring: an atom if it can be one, else quoted, else a literal (RFC 3501 section 9).
  Command& astring(std::string_view value) { return argument(value, false, false); }
  Command& secret(std::string_view value) { return argument(value, false, true); }
  // SP list-mailbox: "%" and "*" may stand unquoted. Quoted they mean the same.
  Command& pattern(std::string_view value) { return argument(value, true, false); }
  // SP patterns = "(" list-mailbox *(SP list-mailbox) ")"   ; RFC 5258 section 6
  Command& patterns(const std::vector<std::string>& values);
  Command& set(const UidSet& uids);       // SP set
  Command& flagList(const Flags& flags);  // SP "(" flags ")"
  Command& body(std::shared_ptr<Bodies> bodies, BodyRange range);
  Command& response(std::string_view text, bool secret = true);
  Command& secretText(std::string_view text);

  // "SELECT", "UID FETCH": what may be said of it.
  std::string name() const;
  // Without literal or continuation. Behind any other nothing may be sent blindly.
  bool oneLine() const { return !waits_; }
  const std::vector<Piece>& pieces() const { return pieces_; }
  std::vector<Piece>& pieces() { return pieces_; }

 private:
  Command& argument(std::string_view value, bool listChars, bool secret);
  void putAstring(std::string_view value, bool listChars, bool secret);
  Piece& text(bool secret);

  std::vector<Piece> pieces_;
  bool waits_ = false;
};

}  // namespace interimap
