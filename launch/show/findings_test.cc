// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/findings.h"

#include <doctest/doctest.h>

#include "ipc/checked.h"

using namespace interimap;

TEST_CASE("findings: for people and for programs, whatever a worker says") {
  const Finding findings[] = {
      {Component::none, "INBOX", "3 messages paired", {{"what", "mailbox"}, {"paired", std::uint64_t{3}}}},
      {Component::remote, "a\x1b[2J", "UID 7 refused: \"no\"\r\nx", {{"reply", "\"no\"\r\nx"}}},
      {Component::none, "", "In all", {}},
  };
  CHECK(findingsText(findings) ==
        "INBOX: 3 messages paired\nremote(a\\x1B[2J): UID 7 refused: \"no\"\\x0D\\x0Ax\nIn all\n");
  CHECK(findingsText(findings, "work").starts_with("work(INBOX): 3 messages paired\n"));
  CHECK(findingsText(findings, "work").ends_with("\nwork: In all\n"));
  CHECK(
      findingsJson(findings, 0) ==
      R"({"findings":[{"component":"","mailbox":"INBOX","text":"3 messages paired","what":"mailbox","paired":3},)"
      R"({"component":"remote","mailbox":"a\\x1B[2J","text":"UID 7 refused: \"no\"\\x0D\\x0Ax","reply":"\"no\"\\x0D\\x0Ax"},)"
      R"({"component":"","mailbox":"","text":"In all"}],"exitStatus":0})"
      "\n");
  CHECK(findingsJson({}, 75, "work") == "{\"section\":\"work\",\"findings\":[],\"exitStatus\":75}\n");
}

TEST_CASE("findings of a check: each with its verdict, server by server") {
  auto of = [](Component component, Verdict verdict, const char* text) {
    Finding finding = checked(verdict, "step", text);
    finding.component = component;
    return finding;
  };
  const std::vector<Finding> findings{
      of(Component::database, Verdict::ok, "there"), of(Component::remote, Verdict::failed, "no\r\n"),
      of(Component::none, Verdict::ok, "delivery: sent"), of(Component::none, Verdict::ok, "well"),
      of(Component::local, Verdict::warning, "hm")};
  CHECK(checkText(findings, false) ==
        "warning: local: hm\nFAILED: remote: no\\x0D\\x0A\nok: well\nok: delivery: sent\nok: database: "
        "there\n");
  CHECK(checkText(findings, true).starts_with("! local: hm\n\u2717 remote: no"));
  CHECK(checkText(findings, true, "work").ends_with("\u2713 work: delivery: sent\n\u2713 database: there\n"));
  CHECK(findingsJson(std::vector{findings[1]}, 77).find(R"("step":"step","result":"failed")") !=
        std::string::npos);
}
