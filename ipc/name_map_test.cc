// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/name_map.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace interimap;

namespace {

MailboxName name(std::string text) {
  std::ranges::replace(text, '/', '\0');
  return *MailboxName::of(text);
}

// "Sent>Sent Items, Lists>mailing"
std::vector<NameMap::Entry> entries(const std::string& text) {
  std::vector<NameMap::Entry> out;
  for (std::size_t from = 0; from < text.size();) {
    std::size_t end = std::min(text.find(", ", from), text.size()), arrow = text.find('>', from);
    out.push_back({name(text.substr(from, arrow - from)), name(text.substr(arrow + 1, end - arrow - 1))});
    from = end + 2;
  }
  return out;
}

std::string shown(const std::optional<MailboxName>& name) {
  std::string text = name ? name->bytes() : "none";
  std::ranges::replace(text, '\0', '/');
  return text;
}

}  // namespace

TEST_CASE("name map: there and back") {
  struct {
    const char *map, *local, *remote;
  } table[] = {
      {"", "a", "a"},
      {"Sent>Sent Items", "Sent", "Sent Items"},
      {"Sent>Sent Items", "Sent/2024", "Sent Items/2024"},
      {"Sent>Sent Items", "Sentry", "Sentry"},
      {"Sent>Sent Items", "a/Sent", "a/Sent"},
      {"Sent>Sent Items", "INBOX", "INBOX"},
      {"Lists>mailing", "Lists/a/b", "mailing/a/b"},
      {"a/b>c", "a/b/d", "c/d"},
      {"a/b>c", "a", "a"},
      {"a>b, b>a", "a/x", "b/x"},
      {"a>b, b>a", "b", "a"},
      {"a>b, b>c, c>a", "c", "a"},
      {"a>b, a/c>b/c", "a/c/d", "b/c/d"},
      {"a>b, a/c>d, d>b/c", "a/c", "d"},
      {"a>b, a/c>d, d>b/c", "d", "b/c"},
      {"a>a/b", "a/c", "a/b/c"},
      {"a>a/b", "a", "a/b"},
  };
  for (const auto& row : table) {
    CAPTURE(row.map);
    CAPTURE(row.local);
    auto map = NameMap::of(entries(row.map));
    REQUIRE(map);
    CHECK(shown(map->toRemote(name(row.local))) == row.remote);
    CHECK(shown(map->toLocal(name(row.remote))) == row.local);
  }
}

TEST_CASE("name map: a name that is another mailbox's on the other side is none") {
  struct {
    const char *map, *local, *remote;  // that are not
  } table[] = {
      {"Sent>Sent Items", "Sent Items", "Sent"},
      {"Sent>Sent Items", "Sent Items/x", "Sent/x"},
      {"a>b, b>c", "c", "a"},
  };
  for (const auto& row : table) {
    CAPTURE(row.map);
    auto map = NameMap::of(entries(row.map));
    REQUIRE(map);
    CHECK(shown(map->toRemote(name(row.local))) == "none");
    CHECK(shown(map->toLocal(name(row.remote))) == "none");
    CHECK(map->toRemote(*map->rivalOf(Side::local, name(row.local))) == name(row.local));
    CHECK(map->rivalOf(Side::remote, name(row.remote)) == name(row.remote));
  }
}

TEST_CASE("name map: what is not one to one is none, and it is said why") {
  struct {
    const char *map, *why;
    std::size_t entry;
  } table[] = {
      {"a>b, a>c", "a of local would be b and c", 1},
      {"a>c, b>c", "c of remote would be a and b", 1},
      {"INBOX>a", "INBOX has the same name on both sides", 0},
      {"a>INBOX", "INBOX has the same name on both sides", 0},
      {"a>x, b>x/y", "a/y of local would have no name on remote", 1},
      {"a>x, a/b>y", "x/b of remote would have no name on local", 1},
      {"a/b>y, a>x", "x/b of remote would have no name on local", 0},
  };
  for (const auto& row : table) {
    CAPTURE(row.map);
    auto fault = NameMap::fault(entries(row.map));
    REQUIRE(fault);
    CHECK(fault->why == row.why);
    CHECK(fault->entry == row.entry);
    CHECK_FALSE(NameMap::of(entries(row.map)));
  }
}
