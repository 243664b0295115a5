// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/dropped_fields.h"

#include <algorithm>
#include <utility>

#include "ipc/ascii.h"

namespace interimap {

namespace {

bool isBlank(char c) { return c == ' ' || c == '\t'; }

bool startsAlike(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())),
                    b.begin(), [](char x, char y) { return asciiUpper(x) == asciiUpper(y); });
}

}  // namespace

// field-name *WSP ":", the blanks being obsolete syntax (RFC 5322 section 4.5).
bool DroppedFields::isNamed(std::string_view line) const {
  return std::ranges::any_of(*names_, [&](const std::string& name) {
    if (line.size() <= name.size() || !startsAlike(line, name)) return false;
    std::string_view rest = line.substr(name.size());
    auto colon = std::ranges::find_if_not(rest, isBlank);
    return colon != rest.end() && *colon == ':';
  });
}

bool DroppedFields::mayBeNamed(std::string_view line) const {
  return std::ranges::any_of(*names_, [&](const std::string& name) {
    if (!startsAlike(line, name)) return false;
    return line.size() <= name.size() || std::ranges::all_of(line.substr(name.size()), isBlank);
  });
}

// A line is held back only as long as it could begin with one of the names.
void DroppedFields::header(char c) {
  if (undecided_) {
    line_ += c;
    bool first = line_.size() == 1;
    if (first && isBlank(c)) {  // folded: shares the fate of the line before
      undecided_ = false;
    } else if (c == '\n') {
      if (line_ == "\n" || line_ == "\r\n") inHeader_ = false;
      undecided_ = dropping_ = false;
    } else if (c == ':' && isNamed(line_)) {
      undecided_ = false;
      dropping_ = true;
    } else if (line_ != "\r" && !mayBeNamed(line_)) {
      undecided_ = dropping_ = false;
    }
    if (undecided_) return;
    if (!dropping_) kept_ += line_;
    line_.clear();
  } else if (!dropping_) {
    kept_ += c;
  }
  if (c == '\n') undecided_ = true;
}

std::string_view DroppedFields::feed(std::string_view octets) {
  if (!inHeader_) return octets;
  kept_.clear();
  std::size_t at = 0;
  while (at < octets.size() && inHeader_) header(octets[at++]);
  kept_ += octets.substr(at);
  return kept_;
}

std::string_view DroppedFields::finish() {
  // A message that is all header, without the end of its last line.
  if (!inHeader_) return {};
  kept_ = std::exchange(line_, {});
  inHeader_ = false;
  return kept_;
}

}  // namespace interimap
