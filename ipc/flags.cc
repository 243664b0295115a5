// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/flags.h"

#include <algorithm>
#include <array>
#include <vector>

namespace interimap {

namespace {

// Not tolower(3): flags are ASCII whatever the locale says.
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int compare(std::string_view a, std::string_view b) {
  std::size_t n = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < n; ++i) {
    auto x = static_cast<unsigned char>(lower(a[i])), y = static_cast<unsigned char>(lower(b[i]));
    if (x != y) return x < y ? -1 : 1;
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

// What RFC 3501 calls atom-specials is not in a flag (section 9). Octets above 0x7f should not be either, but
// servers have keywords in UTF-8, and what they list has to be stored as they list it. "]" is in some
// keywords, too.
constexpr std::array<bool, 256> kInFlag = [] {
  std::array<bool, 256> allowed{};
  for (std::size_t byte = 0; byte < allowed.size(); ++byte)
    allowed[byte] = byte > 0x20 && byte != 0x7f &&
                    std::string_view("(){%*\"\\").find(static_cast<char>(byte)) == std::string_view::npos;
  return allowed;
}();

constexpr std::string_view kRecent = "\\Recent";

// The next flag of a list between blanks; empty at its end.
std::string_view take(std::string_view& text) {
  std::size_t end = text.find(' ');
  std::string_view flag = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return flag;
}

void append(std::string& text, std::string_view flag) {
  if (!text.empty()) text += ' ';
  text += flag;
}

enum Keep { kOnlyA = 1, kBoth = 2, kOnlyB = 4 };

// One walk over two sorted lists; what is in both keeps a's spelling.
std::string merge(std::string_view a, std::string_view b, int keep) {
  std::string out;
  std::string_view x = take(a), y = take(b);
  while (!x.empty() || !y.empty()) {
    int order = x.empty() ? 1 : y.empty() ? -1 : compare(x, y);
    if (order == 0) {
      if (keep & kBoth) append(out, x);
      x = take(a);
      y = take(b);
    } else if (order < 0) {
      if (keep & kOnlyA) append(out, x);
      x = take(a);
    } else {
      if (keep & kOnlyB) append(out, y);
      y = take(b);
    }
  }
  return out;
}

}  // namespace

bool Flags::isFlag(std::string_view text) { return !text.empty() && lengthOfFlag(text) == text.size(); }

std::size_t Flags::lengthOfFlag(std::string_view text) {
  std::size_t prefix = text.starts_with('\\') ? 1 : 0, length = prefix;
  while (length < text.size() && kInFlag[static_cast<unsigned char>(text[length])]) ++length;
  return length > prefix && length - prefix <= kLongestFlag ? length : 0;
}

// Most lists are as a Flags holds them, or of one flag: those are taken as they are.
std::optional<Flags> Flags::parse(std::string_view text) {
  Flags flags;
  if (isSorted(text)) {
    flags.text_ = text;
    return flags;
  }
  std::vector<std::string_view> found;
  found.reserve(16);
  while (!text.empty()) {
    std::string_view flag = take(text);
    if (flag.empty()) continue;
    if (!isFlag(flag)) return std::nullopt;
    if (compare(flag, kRecent) == 0) continue;
    if (found.size() == kMost) return std::nullopt;
    found.push_back(flag);
  }
  std::ranges::sort(found, [](auto a, auto b) {
    int order = compare(a, b);
    return order < 0 || (order == 0 && a.data() < b.data());  // of two spellings the first stays
  });
  auto same = [](auto a, auto b) { return compare(a, b) == 0; };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  for (std::string_view flag : found) append(flags.text_, flag);
  return flags;
}

bool Flags::isSorted(std::string_view text) {
  std::string_view former;
  for (std::size_t at = 0, count = 0; at < text.size(); ++count) {
    if (count == kMost || (count > 0 && text[at++] != ' ')) return false;
    std::string_view flag = text.substr(at);
    flag = flag.substr(0, lengthOfFlag(flag));
    if (flag.empty() || compare(flag, kRecent) == 0 || (count > 0 && compare(former, flag) >= 0))
      return false;
    at += flag.size();
    former = flag;
  }
  return true;
}

bool Flags::contains(std::string_view flag) const {
  std::string_view rest = text_;
  for (std::string_view own = take(rest); !own.empty(); own = take(rest))
    if (compare(own, flag) == 0) return true;
  return false;
}

Flags Flags::operator|(const Flags& other) const {
  Flags out;
  out.text_ = merge(text_, other.text_, kOnlyA | kBoth | kOnlyB);
  return out;
}

Flags Flags::operator&(const Flags& other) const {
  Flags out;
  out.text_ = merge(text_, other.text_, kBoth);
  return out;
}

Flags Flags::operator-(const Flags& other) const {
  Flags out;
  out.text_ = merge(text_, other.text_, kOnlyA);
  return out;
}

bool Flags::operator==(const Flags& other) const { return compare(text_, other.text_) == 0; }

void Flags::each(const std::function<void(std::string_view)>& visit) const {
  std::string_view rest = text_;
  for (std::string_view flag = take(rest); !flag.empty(); flag = take(rest)) visit(flag);
}

Flags Flags::only(const std::function<bool(std::string_view)>& keep) const {
  bool all = true;
  each([&](std::string_view flag) { all = all && keep(flag); });
  if (all) return *this;
  Flags out;
  each([&](std::string_view flag) {
    if (keep(flag)) append(out.text_, flag);
  });
  return out;
}

bool StorableFlags::allows(std::string_view flag) const {
  return all || (keywords && !flag.starts_with('\\')) || flags.contains(flag);
}

}  // namespace interimap
