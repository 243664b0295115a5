// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/ini.h"

#include <doctest/doctest.h>

#include "ipc/failure.h"

using namespace interimap;

namespace {

// Everything in it, as "section.key=value@line|…" in alphabetical order.
std::string dump(std::string_view text) {
  Ini ini = Ini::parse(text, "f");
  std::string all;
  for (const auto& [name, section] : ini.sections) {
    all += name + "|";
    for (const auto& [key, property] : section)
      all += name + "." + key + "=" + std::string(property.value.reveal()) + "@" +
             std::to_string(property.line) + "|";
  }
  return all;
}

}  // namespace

TEST_CASE("the configuration grammar") {
  struct {
    std::string_view text, all;
  } table[] = {
      {"", ""},
      {"\n\n  # x = y\n; [z]\n\t;a\n", ""},
      {"a=b", "_|_.a=b@1|"},
      {"  a  =  b c  \n", "_|_.a=b c@1|"},
      {"a=b=c", "_|_.a=b=c@1|"},
      {"a b = c", "_|_.a b=c@1|"},
      {"a=", "_|_.a=@1|"},
      {"a=1\na=2", "_|_.a=2@2|"},
      {"[s]\na=1\n[t]\n[s]\nb=2", "s|s.a=1@2|s.b=2@5|t|"},
      {"[_]\na=1", "_|_.a=1@2|"},
      {"  [  two words  ]  ", "two words|"},
      {"[s] ; comment\na=1", "s|s.a=1@2|"},
      {"a=1\r\nb=2\rc=3\r\r\nd=4\n\re=5", "_|_.a=1@1|_.b=2@2|_.c=3@3|_.d=4@4|_.e=5@6|"},
      {"password = a ; b", "_|_.password=a@1|"},  // also there
      {"a = b; c", "_|_.a=b; c@1|"},
      {"a = b ;c", "_|_.a=b ;c@1|"},
      {"a = b ; ", "_|_.a=b ;@1|"},
      {"a = b # c", "_|_.a=b # c@1|"},
      {"a = ; c", "_|_.a=@1|"},
      {"a = \"quoted\" \\n", "_|_.a=\"quoted\" \\n@1|"},
      {"\xEF\xBB\xBFtype=imap", "_|_.type=imap@1|"},
      {"a=caf\xE9", "_|_.a=caf\xE9@1|"},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(dump(row.text) == row.all);
  }
}

TEST_CASE("the configuration grammar refuses, with the line's number and not its text") {
  struct {
    std::string_view text, where;
  } table[] = {
      {"hunter2", "f:1: "}, {"a=1\n\n[s\nb=2", "f:3: "},         {"= hunter2", "f:1: "},
      {"[]", "f:1: "},      {"a=1\r\nhunter2 ; x = y", "f:2: "},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    try {
      Ini::parse(row.text, "f");
      FAIL("accepted");
    } catch (const Failure& failure) {
      std::string_view text = failure.what();
      CHECK(text.starts_with(row.where));
      CHECK(text.find("hunter2") == text.npos);
      CHECK(failure.status == ExitStatus::config);
    }
  }
}
