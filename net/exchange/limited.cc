// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/limited.h"

#include <charconv>
#include <utility>

#include "net/wire/limits.h"

namespace interimap {

namespace {

// resp-text-code =/ "MESSAGELIMIT" SP number [SP nz-number]: the lowest UID that was worked on.
std::optional<UidNext> lowest(const RespText& text) {
  std::string_view arguments = text.arguments;
  auto blank = arguments.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  std::string_view digits = arguments.substr(blank + 1);
  std::uint32_t uid = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), uid);
  if (error != std::errc() || end != digits.data() + digits.size() || uid == 0) return std::nullopt;
  return UidNext{uid};
}

}  // namespace

std::vector<UidSet> Limited::next(const UidSet& uids) {
  pieces_ = uids.pieces(limits::kLongestSet);
  unanswered_ = pieces_.size();
  return pieces_;
}

bool Limited::completed(std::size_t index, const StatusResponse& status) {
  if (unanswered_ > 0) --unanswered_;
  if (status.what.code != "MESSAGELIMIT" || index >= pieces_.size()) return true;
  auto from = lowest(status.what);
  if (!limited_ || !from) return false;
  UidSet rest = pieces_[index].intersect(UidSet::below(*from));
  if (rest == pieces_[index]) return false;
  rest_.add(rest);
  return true;
}

}  // namespace interimap
