// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Nothing that a message or its envelope holds reaches a line of SMTP, or ends a message.

#include "tests/e2e/pull_scripted.h"

using namespace interimap::bed;

namespace {

std::string literal(const std::string& octets) {
  return "{" + std::to_string(octets.size()) + "}\r\n" + octets;
}

std::string envelope(const std::string& sender) {
  return "(NIL \"s\" ((NIL NIL \"from\" \"example.net\")) " + sender + " NIL NIL NIL NIL NIL NIL)";
}

std::string address(const std::string& localPart, const std::string& domain) {
  return "((\"A Name\" NIL " + localPart + " " + domain + "))";
}

const std::string kText = "Subject: m\r\n\r\nwords\r\n";

}  // namespace

TEST_CASE(
    "scenario 94, W34: the envelope sender is that of Sender, or of From where there is none, or empty") {
  struct Row {
    std::string sender;
    std::string reversePath;
  };
  const Row rows[] = {
      {address("\"bob\"", "\"example.net\""), "bob@example.net"},
      {address("\"b.o+b=x\"", "\"sub.example.net\""), "b.o+b=x@sub.example.net"},
      {address("\"bob\"", "\"[192.0.2.1]\""), "bob@[192.0.2.1]"},
      {address("\"bob smith\"", "\"example.net\""), "\"bob smith\"@example.net"},
      {address("\"b\\\"o\\\\b\"", "\"example.net\""), "\"b\\\"o\\\\b\"@example.net"},
      {address("\"a>\"", "\"example.net\""), ""},
      {address("\".bob\"", "\"example.net\""), "\".bob\"@example.net"},
      {"NIL", "from@example.net"},
      {address("NIL", "\"example.net\""), ""},
      {address("\"bob\"", "NIL"), ""},
      {"((NIL NIL \"group\" NIL)(NIL NIL NIL NIL))", ""},
      {address(literal("b\r\nRCPT TO:<evil@x>"), "\"example.net\""), ""},
      {address("\"bob\"", literal("x>\r\nRCPT TO:<evil@example.net")), ""},
      {address("\"bob\"", literal("x\r\nRCPT TO:<evil@example.net>")), ""},
      {address("\"bob\"", literal("x\nDATA")), ""},
      {address("\"bob\"", literal("x\rDATA")), ""},
      {address("\"bob\"", "\"x> SIZE=1\""), ""},
      {address("\"bob\"", "\"<x\""), ""},
      {address("\"bob\"", "\"a b\""), ""},
      {address("\"bob\"", "\"\""), ""},
      {address("\"bob\"", "\"MISSING_DOMAIN\""), ""},
      {address("\"MISSING_MAILBOX\"", "\"MISSING_DOMAIN\""), ""},
      {address("\"bob\"", literal("x" + std::string(100'000, 'y'))), ""},
      {address(literal(std::string(3'000, 'y')), "\"example.net\""), ""},
      {address("\"bob\"", literal("b\xc3\xbc"
                                  "cher.example")),
       ""},
      {address(literal("b\xc3\xb6"
                       "b"),
               "\"example.net\""),
       ""},
      {address(literal("b\x80"
                       "b"),
               "\"example.net\""),
       ""},
      {address("\"bob\"", "\"e_x.example\""), "bob@e_x.example"},
  };
  PullScripted bed;
  for (const Row& row : rows) bed.add(kText, envelope(row.sender));
  requireDone(bed.program.run());
  std::vector<SinkMessage> got = bed.sink.messages();
  REQUIRE(got.size() == std::size(rows));
  for (std::size_t i = 0; i < got.size(); ++i) {
    CAPTURE(rows[i].sender.substr(0, 200));
    CHECK(got[i].reversePath == rows[i].reversePath);
    CHECK(got[i].recipients == std::vector<std::string>{kRecipient});
  }
  CHECK(bed.sink.count(".*evil") == 0);
  checkNoViolations(bed.sink);
}

TEST_CASE("scenario 94: an address outside ASCII goes out as it is where the server knows SMTPUTF8") {
  PullScripted bed({.extensions = {"PIPELINING", "8BITMIME", "SMTPUTF8"}});
  bed.add(kText, envelope(address(literal("b\xc3\xb6"
                                          "b"),
                                  "\"example.net\"")));
  bed.add(kText, envelope(address("\"bob\"", literal("b\xc3\xbc"
                                                     "cher.example"))));
  bed.add(kText, envelope(address(literal("b\xff"
                                          "b"),
                                  "\"example.net\"")));
  requireDone(bed.program.run());
  std::vector<SinkMessage> got = bed.sink.messages();
  REQUIRE(got.size() == 3);
  CHECK(got[0].reversePath ==
        "b\xc3\xb6"
        "b@example.net");
  CHECK(got[1].reversePath ==
        "bob@b\xc3\xbc"
        "cher.example");
  CHECK(got[2].reversePath == "");
  CHECK(got[0].parameters == std::vector<std::string>{"SMTPUTF8"});
  checkNoViolations(bed.sink);
}

TEST_CASE("scenario 95, W35: a message cannot end itself, whatever a server takes for a line") {
  for (const char* end : {"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\n.\r", "\r\n.\r", "\r.\r\n", "\r.\n",
                          "\r\r\n.\r\r\n", "\r\n.\r\n"}) {
    for (auto extensions :
         {std::vector<std::string>{"PIPELINING", "8BITMIME"}, {"PIPELINING", "8BITMIME", "CHUNKING"}}) {
      CAPTURE(end);
      CAPTURE(extensions.size());
      PullScripted bed({.extensions = extensions, .endsAtBareLf = true});
      std::string text = std::string("Subject: m\r\n\r\nwords") + end +
                         "MAIL FROM:<evil@example.net>\r\nRCPT TO:<evil@example.test>\r\nDATA\r\n"
                         "Subject: evil\r\n\r\nevil\r\n.\r\n";
      bed.add(text);
      bed.add(kText);
      requireDone(bed.program.run());
      std::vector<SinkMessage> got = bed.sink.messages();
      REQUIRE(got.size() == 2);
      CHECK(got[0].text == withCrLf(text));
      CHECK(got[1].text == kText);
      CHECK(bed.sink.count(".*evil") == 0);
      checkNoViolations(bed.sink);
    }
  }
}
