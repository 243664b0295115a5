#include "sync/twins.h"

#include <doctest/doctest.h>

#include <string>

using namespace interimap;

namespace {

// "1a 2b": UIDs and what the messages look like.
std::vector<Lookalike> messages(const std::string& text) {
  std::vector<Lookalike> out;
  for (std::size_t at = 0; at + 1 < text.size(); at += 3)
    out.push_back({*Uid::of(static_cast<std::uint32_t>(text[at] - '0')),
                   {HeaderDigest{static_cast<std::uint8_t>(text[at + 1])}, 7, 100},
                   {}});
  return out;
}

std::string text(const std::vector<Twins>& twins) {
  std::vector<std::string> pairs;
  for (const Twins& pair : twins)
    pairs.push_back(std::to_string(pair.local.uid.value()) + "-" + std::to_string(pair.remote.uid.value()));
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const std::string& pair : pairs) out += (out.empty() ? "" : " ") + pair;
  return out;
}

}  // namespace

TEST_CASE("messages that look the same on both sides are one") {
  struct Row {
    const char *local, *remote, *pairs;
  };
  for (const Row& row : {Row{"1a 2b 3c", "1c 2a 3d", "1-2 3-1"}, Row{"1a 2a", "5a", "1-5"},
                         Row{"4a 2a", "9a 8a", "2-8 4-9"}, Row{"", "1a", ""}, Row{"1a", "1b", ""}}) {
    CAPTURE(std::string(row.local));
    CHECK(text(pairTwins(messages(row.local), messages(row.remote))) == row.pairs);
  }
  std::vector<Lookalike> here = messages("1a"), there = messages("2a");
  there[0].identity.size = 101;
  CHECK(pairTwins(here, there).empty());
  there = messages("2a");
  there[0].identity.date = 8;
  CHECK(pairTwins(here, there).empty());
}
