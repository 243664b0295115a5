// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/pull_arguments.h"

#include <doctest/doctest.h>

using namespace interimap;

namespace {

using Words = std::vector<std::string_view>;

// What is wrong with them: "none", lines, or "usage".
std::string errors(const Words& words) {
  auto parsed = parsePullArguments(words);
  auto error = std::get_if<UsageError>(&parsed);
  if (!error) return "none";
  std::string text;
  for (const auto& line : error->lines) text += line + "\n";
  return text.empty() ? "usage" : text;
}

PullArguments good(const Words& words) {
  CAPTURE(words.size());
  auto parsed = parsePullArguments(words);
  REQUIRE(std::holds_alternative<PullArguments>(parsed));
  return std::get<PullArguments>(parsed);
}

}  // namespace

TEST_CASE("pull arguments: what is refused") {
  struct {
    Words words;
    std::string_view lines;
  } table[] = {
      {{}, "usage"},
      {{"_"}, "usage"},
      {{"a", "_"}, "usage"},
      {{"--idle", "5"}, "usage"},  // the number is the option's
      {{"--all", "a"}, "usage"},
      {{"--no-delivery", "--retry-refused", "a"}, "usage"},
      {{"--export-statefile=f"}, "usage"},
      {{"--export-statefile=", "a"}, "usage"},
      {{"--export-statefile=f", "a", "b"}, "usage"},
      {{"--export-statefile=f", "--all"}, "usage"},
      {{"--status"}, "usage"},
      {{"--status", "--idle", "a"}, "usage"},
      {{"--status", "--no-delivery", "a"}, "usage"},
      {{"--status", "--export-statefile=f", "a"}, "usage"},
      {{"--export-statefile=f", "--idle", "a"}, "usage"},
      {{"--export-statefile=f", "--no-delivery", "a"}, "usage"},
      {{"--export-statefile=f", "--retry-refused", "a"}, "usage"},
      {{"--no-delivery", "--forget-refused", "a"}, "usage"},
      {{"--retry-refused", "--forget-refused", "a"}, "usage"},
      {{"a", "--conf=x"}, "Unknown option: conf\n"},
      {{"--progress=never", "a"}, "Unknown option: progress\n"},
      {{"--watch", "a"}, "Unknown option: watch\n"},
      {{"--idle=-1", "a"}, "Value \"-1\" invalid for option idle (number expected)\n"},
      {{"--idle", "-1", "a"}, "Value \"-1\" invalid for option idle (number expected)\n"},
      {{"--idle=1m", "a"}, "Value \"1m\" invalid for option idle (number expected)\n"},
      {{"--no-delivery=1", "a"}, "Option no-delivery does not take an argument\n"},
      {{"--log-format=xml", "a"}, "Value \"xml\" invalid for option log-format (text or json expected)\n"},
  };
  for (const auto& row : table) {
    CAPTURE(row.lines);
    CAPTURE(row.words.empty() ? "" : row.words[0]);
    CHECK(errors(row.words) == row.lines);
  }
}

TEST_CASE("pull arguments: options and sections in any order") {
  PullArguments arguments =
      good({"-q", "a", "--debug", "--config", "c", "b", "--no-delivery", "a", "--", "--all"});
  CHECK(arguments.quiet);
  CHECK(arguments.debug == 1);
  CHECK(arguments.config == "c");
  CHECK_FALSE(arguments.deliver);
  CHECK_FALSE(arguments.all);
  CHECK(arguments.sections == std::vector<std::string>{"a", "b", "--all"});
  CHECK(good({"--all"}).all);
  CHECK(good({"a", "--retry-refused"}).retryRefused);
  CHECK(good({"a", "--forget-refused"}).forgetRefused);
  CHECK(good({"a", "--export-statefile", "f"}).exportStatefile == "f");
  CHECK(good({"--status", "a", "b"}).status);
  CHECK(good({"--all", "--status"}).status);
  CHECK(good({"a", "--log-format=json"}).json);
  CHECK(good({"--help"}).help);
  CHECK(good({"--version", "_"}).version);
}

TEST_CASE("pull arguments: the interval of --idle") {
  struct {
    Words words;
    std::optional<unsigned> idle;
  } table[] = {
      {{"a"}, std::nullopt},      {{"--idle", "a"}, 1740},   {{"--idle=", "a"}, 1740},
      {{"--idle=0", "a"}, 1740},  {{"--idle", "5", "a"}, 5}, {{"a", "--idle"}, 1740},
      {{"a", "--idle=0010"}, 10}, {{"--idle=+7", "a"}, 7},   {{"--idle", "5x"}, 1740},
  };
  for (const auto& row : table) {
    CAPTURE(row.words[0]);
    PullArguments arguments = good(row.words);
    CHECK(arguments.idle == row.idle);
    CHECK(arguments.sections.size() == 1);
  }
}
