// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/flags.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <vector>

using namespace interimap;

namespace {

Flags parsed(std::string_view text) {
  auto flags = Flags::parse(text);
  REQUIRE(flags);
  return *flags;
}

std::string numbered(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "k" + std::to_string(i) + ' ';
  return text;
}

}  // namespace

TEST_CASE("flags are sorted ignoring case, once each, without \\Recent") {
  struct {
    std::string_view text, canonical;
  } const table[] = {
      {"", ""},
      {"   ", ""},
      {"\\Seen", "\\Seen"},
      {"\\Seen \\Answered", "\\Answered \\Seen"},
      {" work  \\Seen ", "\\Seen work"},
      {"\\SEEN \\Seen \\seen", "\\SEEN"},
      {"b A c B a C", "A b c"},
      {"\\Recent", ""},
      {"\\RECENT \\Seen \\recent", "\\Seen"},
      {"Recent", "Recent"},
      {"$Forwarded $MDNSent NonJunk Junk", "$Forwarded $MDNSent Junk NonJunk"},
      {"a ab abc Ab", "a ab abc"},
      {"x]y [z 1 - ~ , ; ! | } <>", "! , - 1 ; <> [z x]y | } ~"},
      {"caf\xc3\xa9 \xff", "caf\xc3\xa9 \xff"},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    Flags flags = parsed(row.text);
    CHECK(flags.text() == row.canonical);
    CHECK(flags.empty() == flags.text().empty());
    CHECK(parsed(flags.text()).text() == flags.text());
  }
}

TEST_CASE("a flag is refused if it would break a command line") {
  using namespace std::string_view_literals;
  for (std::string_view text :
       {"\\"sv, "\\\\Seen"sv, "a\\b"sv, "\\*"sv, "*"sv, "%"sv, "(a"sv, "a)"sv, "a{1}"sv, "\"a\""sv, "a\"b"sv,
        "a\rb"sv, "a\nb"sv, "a\tb"sv, "a\0b"sv, "\x7f"sv, "\x01"sv, "a\r\nA1 LOGOUT"sv}) {
    CAPTURE(text);
    CHECK_FALSE(Flags::isFlag(text));
    CHECK_FALSE(Flags::parse(text));
    CHECK_FALSE(Flags::parse("\\Seen " + std::string(text) + " work"));
  }
  CHECK_FALSE(Flags::isFlag(""));
  CHECK_FALSE(Flags::isFlag("a b"));
}

TEST_CASE("flags have limits") {
  CHECK(Flags::parse(std::string(Flags::kLongestFlag, 'x')));
  CHECK(Flags::parse("\\" + std::string(Flags::kLongestFlag, 'x')));
  CHECK_FALSE(Flags::parse(std::string(Flags::kLongestFlag + 1, 'x')));
  CHECK(Flags::parse(numbered(Flags::kMost)));
  CHECK(Flags::parse(numbered(Flags::kMost) + "\\Recent"));
  CHECK_FALSE(Flags::parse(numbered(Flags::kMost + 1)));
}

TEST_CASE("contains ignores case and takes flags as a whole") {
  Flags flags = parsed("\\Seen work Abc");
  for (const char* flag : {"\\Seen", "\\SEEN", "\\seen", "WORK", "abc", "Abc"}) CHECK(flags.contains(flag));
  for (const char* flag : {"", "Seen", "\\See", "wor", "works", "Abc work", " ", "\\Recent"}) {
    CAPTURE(flag);
    CHECK_FALSE(flags.contains(flag));
  }
  CHECK_FALSE(Flags().contains(""));
}

TEST_CASE("flags that differ in case are equal") {
  CHECK(parsed("\\Seen Work") == parsed("WORK \\SEEN"));
  CHECK_FALSE(parsed("\\Seen") == parsed("\\Seen work"));
  CHECK_FALSE(parsed("a b") == parsed("ab"));
  CHECK(Flags() == parsed("\\Recent"));
}

TEST_CASE("what both have keeps our spelling") {
  Flags ours = parsed("\\SEEN Work ours"), theirs = parsed("\\Seen WORK theirs");
  CHECK((ours | theirs).text() == "\\SEEN ours theirs Work");
  CHECK((theirs | ours).text() == "\\Seen ours theirs WORK");
  CHECK((ours & theirs).text() == "\\SEEN Work");
  CHECK((ours - theirs).text() == "ours");
  CHECK((theirs - ours).text() == "theirs");
}

TEST_CASE("each visits in order, only keeps what it is told to") {
  Flags flags = parsed("c \\Seen b a");
  std::vector<std::string> seen;
  flags.each([&](std::string_view flag) { seen.emplace_back(flag); });
  CHECK(seen == std::vector<std::string>{"\\Seen", "a", "b", "c"});
  CHECK(flags.only([](std::string_view flag) { return flag != "b"; }).text() == "\\Seen a c");
  CHECK(flags.only([](std::string_view) { return false; }).empty());
  CHECK(flags.only([](std::string_view) { return true; }) == flags);
}

TEST_CASE("flags do what a std::map of them does") {
  using Model = std::map<std::string, std::string>;  // in lower case -> as spelt
  std::uint32_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  struct Drawn {
    Flags flags;
    Model model;
  };
  auto draw = [&] {
    const char* const spelt[] = {"\\Seen", "\\SEEN", "\\Deleted", "\\deleted", "a",  "A",  "ab", "aB",
                                 "AB",     "b",      "B",         "$x",        "$X", "aa", "]",  "~"};
    Drawn drawn;
    std::string text;
    for (auto n = random() % 9; n > 0; --n) {
      std::string flag = spelt[random() % std::size(spelt)], key = flag;
      for (char& c : key) c = static_cast<char>(tolower(c));
      text += flag + ' ';
      drawn.model.emplace(key, flag);
    }
    drawn.flags = parsed(text);
    return drawn;
  };
  auto text = [](const Model& model) {
    std::string out;
    for (const auto& [key, flag] : model) out += (out.empty() ? "" : " ") + flag;
    return out;
  };
  for (int step = 0; step < 3000; ++step) {
    const Drawn one = draw(), other = draw();
    const Flags &a = one.flags, &b = other.flags;
    const Model &modelA = one.model, &modelB = other.model;
    Model both = modelA, common, left;
    both.insert(modelB.begin(), modelB.end());
    for (const auto& entry : modelA) (modelB.contains(entry.first) ? common : left).insert(entry);
    bool right = a.text() == text(modelA) && (a | b).text() == text(both) && (a & b).text() == text(common) &&
                 (a - b).text() == text(left) && ((a - b) | (a & b)) == a &&
                 (a == b) == (left.empty() && (b - a).empty());
    if (right) continue;
    CAPTURE(a.text());
    CAPTURE(b.text());
    REQUIRE(right);
  }
}

TEST_CASE("PERMANENTFLAGS: what may be stored") {
  StorableFlags unsaid, keywords{false, true, parsed("\\Seen \\Deleted")},
      named{false, false, parsed("\\Seen Junk")}, nothing{false, false, {}};
  struct {
    std::string_view flag;
    bool unsaid, keywords, named, nothing;
  } const table[] = {
      {"\\Seen", true, true, true, false},     {"\\SEEN", true, true, true, false},
      {"\\Deleted", true, true, false, false}, {"\\Flagged", true, false, false, false},
      {"junk", true, true, true, false},       {"other", true, true, false, false},
  };
  for (const auto& row : table) {
    CAPTURE(row.flag);
    CHECK(unsaid.allows(row.flag) == row.unsaid);
    CHECK(keywords.allows(row.flag) == row.keywords);
    CHECK(named.allows(row.flag) == row.named);
    CHECK(nothing.allows(row.flag) == row.nothing);
  }
}
