// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/twins.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>

using namespace interimap;

namespace {

ContentDigest digest(char c) { return {static_cast<std::uint8_t>(c)}; }

// "1a 2b+7": UID, content, and how much later or larger than others the message is: "+7" seconds, "*7"
// octets.
std::vector<Lookalike> messages(const std::string& text) {
  std::vector<Lookalike> out;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    Lookalike it{*Uid::of(static_cast<std::uint32_t>(word[0] - '0')), 0, digest(word[1]), 7, 100};
    if (word.size() > 3 && word[2] == '+') it.date += word[3];
    if (word.size() > 3 && word[2] == '*') it.size += static_cast<unsigned char>(word[3]);
    out.push_back(it);
  }
  return out;
}

// "1-2 3=1": the second one has lookalikes.
std::string text(const std::vector<Twins>& twins) {
  std::vector<std::string> pairs;
  for (const Twins& pair : twins)
    pairs.push_back(std::to_string(pair.local.value()) + (pair.alone ? "-" : "=") +
                    std::to_string(pair.remote.value()));
  std::ranges::sort(pairs);
  std::string out;
  for (const std::string& pair : pairs) out += (out.empty() ? "" : " ") + pair;
  return out;
}

}  // namespace

TEST_CASE("messages of the same content are one, those of the same date and size first") {
  struct Row {
    const char *local, *remote, *equal;
  };
  const Row rows[] = {
      {"1a 2b 3c", "1c 2a 3d", "1-2 3-1"},
      {"", "1a", ""},
      {"1a", "1b", ""},
      {"1a 2a", "5a 6a", "1=5 2=6"},
      {"1a 2a 3a", "5a", "1=5"},
      {"1a", "5a 6b", "1-5"},
      // The servers do not agree on the size, or on when it came.
      {"1a*3", "5a", "1-5"},
      {"1a+3", "5a", "1-5"},
      {"1a 2a*3", "5a 6a*4", "1=5 2=6"},
      // The same date comes first, whatever the order of the UIDs, and of those the same size.
      {"1a 2a+3", "5a+3 6a", "1=6 2=5"},
      {"1a*9 2a+3", "5a+3 6a", "1=6 2=5"},
      {"1a 2a 3a+3", "5a+3 6a 7a+4", "1=6 2=7 3=5"},
      {"1a*3 2a", "5a 6a*3", "1=6 2=5"},
      {"1a*3 2a*4", "5a*4 6a*5 7a+1", "1=6 2=5"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.local));
    CAPTURE(std::string(row.remote));
    Both<std::vector<Lookalike>> all{messages(row.local), messages(row.remote)};
    std::size_t before = all.local.size(), there = all.remote.size();
    auto equal = takeEqual(all);
    CHECK(text(equal) == row.equal);
    CHECK(all.local.size() == before - equal.size());
    CHECK(all.remote.size() == there - equal.size());
  }
}

TEST_CASE("99 of 100 make it the same mailbox") {
  struct {
    std::uint64_t known, found;
    bool same;
  } rows[] = {{0, 0, true},    {1, 1, true},     {1, 0, false},           {100, 99, true},
              {99, 98, false}, {200, 198, true}, {1000000, 990000, true}, {1000000, 989999, false}};
  for (const auto& row : rows) {
    CAPTURE(row.known);
    CHECK(isStillTheSame(row.known, row.found) == row.same);
  }
}
