// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/name_map_lines.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "ipc/failure.h"

using namespace interimap;

namespace {

// "Lists|mailing", with "/" for NUL.
std::string read(const std::string& text) {
  std::string out;
  for (const std::string& name : readMap(Ini::parse(text, "config"), "config"))
    out += (out.empty() ? "" : "|") + name;
  std::ranges::replace(out, '\0', '/');
  return out;
}

std::string refusal(const std::string& text) {
  try {
    read(text);
  } catch (const Failure& failure) {
    CHECK(failure.status == ExitStatus::config);
    return failure.what();
  }
  return "";
}

}  // namespace

TEST_CASE("map: what lines mean") {
  struct {
    const char *text, *names;
  } table[] = {
      {"", ""},
      {"map = Sent <-> Sent Items", "Sent|Sent Items"},
      {"map=Sent<->\"Sent Items\"", "Sent|Sent Items"},
      {"map = Lists/* <-> mailing/*", "Lists|mailing"},
      {"map = a/b <-> c", "a/b|c"},
      {"map = \"a\\0b\" <-> \"c/d\"", "a/b|c/d"},
      {"map = \"a\\0*\" <-> c/*", "a|c"},
      {"map = Entwürfe <-> Drafts", "Entw&APw-rfe|Drafts"},
      {"map = Entw&APw-rfe <-> Drafts", "Entw&APw-rfe|Drafts"},
      {"map = a <-> b\nmap = c <-> d\n", "a|b|c|d"},
      {"map = a <-> b\nmap = b <-> a\n", "a|b|b|a"},
      {"map = a <-> b\nmap = a/* <-> b/*\n", "a|b|a|b"},
      {"[local]\nmap = a <-> b\n", ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(read(row.text) == std::string(row.names));
  }
}

TEST_CASE("map: what is none, or not one to one, is refused with its line") {
  struct {
    const char *text, *why;
  } table[] = {
      {"map = Sent", "config:1: Invalid option map = Sent (LOCAL <-> REMOTE expected)"},
      {"\nmap =", "config:2: Invalid option map"},
      {"map = a <-> ", "config:1: Invalid option map"},
      {"map = <-> a", "config:1: Invalid option map"},
      {"map = a <-> b <-> c", "config:1: Invalid option map"},
      {"map = a/* <-> b", "config:1: Invalid option map"},
      {"map = * <-> b/*", "config:1: Invalid option map"},
      {"map = a* <-> b*", "config:1: Invalid option map"},
      {"map = a% <-> b", "config:1: Invalid option map"},
      {"map = a//b <-> c", "config:1: Invalid option map"},
      {"map = a/ <-> c", "config:1: Invalid option map"},
      {"map = \"a <-> c", "config:1: Invalid option map"},
      {"map = a\xFF <-> c", "config:1: Invalid option map"},
      {"map = inbox <-> c", "config:1: map is not one to one: INBOX has the same name on both sides"},
      {"map = a <-> InBox/*", "config:1: Invalid option map"},
      {"map = a/* <-> InBox/*", "config:1: map is not one to one: INBOX"},
      {"map = a <-> b\n\nmap = a <-> c", "config:3: map is not one to one: a of local would be b and c"},
      {"map = a <-> c\nmap = b <-> c", "config:2: map is not one to one: c of remote would be a and b"},
      {"map = a/* <-> x/*\nmap = b <-> x/y",
       "config:2: map is not one to one: a/y of local would have no name on remote"},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(refusal(row.text).starts_with(row.why));
  }
}
