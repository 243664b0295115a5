// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The flags and keywords of a message (RFC 3501 section 2.3.2).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace interimap {

// A set of flags. Flags are compared ignoring ASCII case but keep the spelling they came with; \Recent, which
// only a server may set, is never in it. Held as one text, "\Answered \Seen work", sorted ignoring case: most
// messages have a flag or two, and a million of them should cost no allocation each.
class Flags {
 public:
  static constexpr std::size_t kMost = 1024;         // flags on one message
  static constexpr std::size_t kLongestFlag = 1024;  // bytes in one flag

  Flags() = default;
  // Flags between blanks, any order, duplicates allowed. Nothing if one of them is no flag (see isFlag) or a
  // limit is exceeded.
  static std::optional<Flags> parse(std::string_view text);

  // An atom, with or without a leading backslash. More lenient than flag-keyword: "]" and 8-bit are let
  // through, as servers send them; what would break a command line is not (control, blank, ( ) { % * " \ ).
  static bool isFlag(std::string_view text);

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }
  bool contains(std::string_view flag) const;

  Flags operator|(const Flags& other) const;  // union, our spelling first
  Flags operator&(const Flags& other) const;
  Flags operator-(const Flags& other) const;
  bool operator==(const Flags& other) const;  // ignores case

  void each(const std::function<void(std::string_view)>& visit) const;
  Flags only(const std::function<bool(std::string_view)>& keep) const;

 private:
  static std::size_t lengthOfFlag(std::string_view text);  // of the one at its beginning; 0: there is none
  // As text_ is: no flag twice, none that is not held, one blank in between.
  static bool isSorted(std::string_view text);

  std::string text_;
};

// What PERMANENTFLAGS says may be stored in a mailbox for good (RFC 3501 section 7.1).
struct StorableFlags {
  bool all = true;        // the server did not say: everything, as the RFC has it
  bool keywords = false;  // "\*": any new keyword, too
  Flags flags;            // named one by one

  bool allows(std::string_view flag) const;
};

}  // namespace interimap
