// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// resp-text: the words of a status response and the code in front of them (RFC 3501 section 7.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/flags.h"
#include "ipc/uid.h"

namespace interimap {

struct RespText {
  std::string code;       // in upper case; empty if there is none
  std::string arguments;  // what follows in the brackets
  std::string text;       // all of it, brackets included

  // resp-text = ["[" resp-text-code "]" SP] text   ; RFC 3501 section 9
  // A code counts whatever comes after it: servers leave the text out, or write it in their own charset.
  static RespText parse(std::string_view text);

  // What the code carries, if it is that code and well formed.
  std::optional<std::uint64_t> number(std::string_view name) const;
  std::optional<StorableFlags> permanentFlags() const;
};

// resp-code-apnd = "APPENDUID" SP nz-number SP append-uid   ; RFC 4315 section 3
struct AppendUid {
  UidValidity uidValidity;
  std::vector<Uid> uids;  // in the order of the messages; a range is ascending, however it is written

  // Nothing if it is malformed or names more than `most` messages.
  static std::optional<AppendUid> parse(const RespText& text, std::size_t most);
};

// resp-code-copy = "COPYUID" SP nz-number SP uid-set SP uid-set   ; RFC 4315 section 3
struct CopyUid {
  UidValidity uidValidity;
  std::vector<Uid> from, to;  // as many of each: that of a message, and that of its copy

  // Nothing if it is malformed, names more than `most` messages, or one of them twice.
  static std::optional<CopyUid> parse(const RespText& text, std::size_t most);
};

// A status response, tagged or not.
enum class Condition : std::uint8_t { ok, no, bad, bye, preauth };
struct StatusResponse {
  Condition condition = Condition::ok;
  RespText what;

  // `text` begins at the condition's word. Nothing if it is none.
  static std::optional<StatusResponse> parse(std::string_view text);
  // As it came: "NO [OVERQUOTA] Quota exceeded".
  std::string words() const;
};

}  // namespace interimap
