// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/log_prefix.h"

#include <map>
#include <optional>

namespace interimap {

namespace {

class Expansion {
 public:
  Expansion(std::string_view component, std::string_view mailbox)
      : component_(component), mailbox_(mailbox) {}

  // Text up to a "&" or "?" that ends a branch (inside one), or to the end of the format.
  std::string text(std::string_view& rest, bool inBranch);

 private:
  struct Condition {
    std::string chosen;
    std::string_view behind;  // what follows it
  };
  // %?X?then?, %?X?then&else?; nothing if there is none here.
  const std::optional<Condition>& condition(std::string_view rest);
  std::optional<Condition> readCondition(std::string_view rest);

  std::string_view value(char name) const {
    return name == 'n' ? component_ : name == 'm' ? mailbox_ : std::string_view();
  }

  std::string_view component_, mailbox_;
  // By where they begin. One that does not end is found out to be none only after those inside it were read,
  // and those are read again then: without this, twice as often with each level.
  std::map<const char*, std::optional<Condition>> conditions_;
};

std::string Expansion::text(std::string_view& rest, bool inBranch) {
  std::string out;
  while (!rest.empty()) {
    if (inBranch && (rest[0] == '&' || rest[0] == '?')) break;
    if (rest.size() >= 2 && rest[0] == '\\' && std::string_view("&?\\").find(rest[1]) != rest.npos) {
      out += rest[1];
      rest.remove_prefix(2);
    } else if (const auto& found = condition(rest)) {
      out += found->chosen;
      rest = found->behind;
    } else if (rest.size() >= 2 && rest[0] == '%' && std::string_view("%nm").find(rest[1]) != rest.npos) {
      rest[1] == '%' ? void(out += '%') : void(out += value(rest[1]));
      rest.remove_prefix(2);
    } else {
      out += rest[0];
      rest.remove_prefix(1);
    }
  }
  return out;
}

const std::optional<Expansion::Condition>& Expansion::condition(std::string_view rest) {
  static const std::optional<Condition> kNone;
  bool letter = rest.size() > 3 && ((rest[2] >= 'a' && rest[2] <= 'z') || (rest[2] >= 'A' && rest[2] <= 'Z'));
  if (!letter || !rest.starts_with("%?") || rest[3] != '?') return kNone;
  auto known = conditions_.find(rest.data());
  if (known == conditions_.end()) known = conditions_.emplace(rest.data(), readCondition(rest)).first;
  return known->second;
}

std::optional<Expansion::Condition> Expansion::readCondition(std::string_view rest) {
  std::string_view inside = rest.substr(4);
  std::string then = text(inside, true), otherwise;
  if (inside.starts_with('&')) {
    inside.remove_prefix(1);
    otherwise = text(inside, true);
  }
  if (!inside.starts_with('?')) return std::nullopt;
  bool holds = !value(rest[2]).empty();
  return Condition{holds ? then : otherwise, inside.substr(1)};
}

}  // namespace

std::string logPrefix(std::string_view format, std::string_view component, std::string_view mailbox) {
  return Expansion(component, mailbox).text(format, false);
}

}  // namespace interimap
