// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/path.h"

#include <doctest/doctest.h>

#include <random>

using namespace interimap;

namespace {

const std::string kLongLabel(63, 'a');
const std::string kLongDomain = kLongLabel + "." + kLongLabel + "." + kLongLabel + "." + kLongLabel;  // 255

}  // namespace

TEST_CASE("a mailbox is a ReversePath and a ForwardPath") {
  for (const std::string& text : {
           std::string("alice@example.org"),
           std::string("a.b+c=d@sub.example.org"),
           std::string("!#$%&'*+-/=?^_`{|}~@x"),
           std::string("\"a b\"@example.org"),
           std::string("\"a@b\"@example.org"),
           std::string("\"a\\\"b\\\\c\"@example.org"),
           std::string("a@[127.0.0.1]"),
           std::string("a@[IPv6:2001:db8::1]"),
           std::string("a@host_name.example.org"),
           std::string("a@1-2.example"),
           std::string("j\xc3\xbcrgen@b\xc3\xbc"
                       "cher.example"),
           std::string("\xf0\x9f\x98\x80@example.org"),
           "a@" + kLongDomain,
           std::string(64, 'a') + "@" + kLongDomain,
       }) {
    CAPTURE(text);
    auto reverse = ReversePath::parse(text);
    auto forward = ForwardPath::parse(text);
    REQUIRE(reverse);
    REQUIRE(forward);
    CHECK(reverse->text() == text);
    CHECK(forward->text() == text);
    CHECK_FALSE(reverse->null());
    CHECK(reverse->needsSmtpUtf8() == (text.find_first_of("\xc3\xf0") != std::string::npos));
    CHECK(forward->needsSmtpUtf8() == reverse->needsSmtpUtf8());
  }
}

TEST_CASE("a path refuses what could leave its line or its brackets, and what is no mailbox") {
  using namespace std::string_literals;
  for (const std::string& text : {
           "a@b\r\nRCPT TO:<c@d>"s,
           "a\r@b"s,
           "a\n@b"s,
           "a\0b@c"s,
           "a@b\0"s,
           "a>b@c"s,
           "a@b>"s,
           "<a@b>"s,
           "\"a<b\"@c"s,
           "\"a\x01\"@c"s,
           "\"a\x7f\"@c"s,
           "\"a\tb\"@c"s,
           "a@b c"s,
           "a b@c"s,
           "a@b SIZE=1"s,
           "@b"s,
           "a@"s,
           "a@.b"s,
           "a@b."s,
           "a@b..c"s,
           "a@-b"s,
           "a@b-"s,
           ".a@b"s,
           "a.@b"s,
           "a..b@c"s,
           "a@b@c"s,
           "\"a\"b@c"s,
           "\"a\\\"@c"s,
           "a@[127.0.0]"s,
           "a@[IPv6:zz]"s,
           "a@[2001:db8::1]"s,
           "a@[]"s,
           "\xfc@b"s,                 // Latin-1
           "a@b\xc3"s,                // cut off
           "\xc0\x80@b"s,             // overlong NUL
           "\xe0\x80\xbc@b"s,         // overlong "<"
           "\xed\xa0\x80@b"s,         // surrogate
           "\xf4\x90\x80\x80@b"s,     // above U+10FFFF
           "\xc2\x85@b"s,             // NEL, a control character
           "\"a\\\xc3\xbc\"@b"s,      // quoted-pair of half a character
           "a@" + kLongLabel + "a"s,  // label of 64
           "a@a." + kLongDomain,      // domain of 257
           std::string(65, 'a') + "@" + kLongDomain,
       }) {
    CAPTURE(text);
    CHECK_FALSE(ReversePath::parse(text));
    CHECK_FALSE(ForwardPath::parse(text));
  }
}

TEST_CASE("only the reverse-path can be null, only the forward-path without a domain") {
  CHECK(ReversePath::parse("")->null());
  CHECK(ReversePath().null());
  CHECK_FALSE(ForwardPath::parse(""));
  CHECK(ForwardPath::parse("alice")->text() == "alice");
  CHECK(ForwardPath::parse("\"a b\"")->text() == "\"a b\"");
  CHECK_FALSE(ReversePath::parse("alice"));
}

TEST_CASE("the envelope sender of a message") {
  struct {
    std::string localPart, host, path;
  } const table[] = {
      {"alice", "example.org", "alice@example.org"},
      {"a.b", "example.org", "a.b@example.org"},
      {"a b", "example.org", "\"a b\"@example.org"},
      {"a..b", "example.org", "\"a..b\"@example.org"},
      {"a\"b\\c", "example.org", "\"a\\\"b\\\\c\"@example.org"},
      {"a@b", "example.org", "\"a@b\"@example.org"},
      {"j\xc3\xbcrgen", "example.org", "j\xc3\xbcrgen@example.org"},
      {"", "example.org", "\"\"@example.org"},
      {"", "", ""},
      {"alice", "", ""},
      {"alice", "MISSING_DOMAIN", ""},
      {"MISSING_MAILBOX", "example.org", ""},
      {"MISSING_MAILBOX", "MISSING_DOMAIN", ""},
      {"alice", "example.org>\r\nRCPT TO:<eve@evil.example", ""},
      {"alice>\r\nRCPT TO:<eve", "example.org", ""},
      {"a<b", "example.org", ""},
      {"al\nice", "example.org", ""},
      {"j\xfcrgen", "example.org", ""},
      {"alice", "ex\xe4mple.org", ""},
      {"alice", "example.org.", ""},
      {"alice", ".SYNTAX-ERROR.", ""},
      {std::string("a\0b", 3), "example.org", ""},
      {std::string(400, 'a'), "example.org", ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.localPart);
    CAPTURE(row.host);
    CHECK(ReversePath::ofSender(row.localPart, row.host).text() == row.path);
  }
}

TEST_CASE("a recipient with the name of a mailbox is one address, or none") {
  struct {
    std::string text, mailbox, path;  // empty: none
  } const table[] = {
      {"bob", "Junk", "bob"},
      {"bob@x.org", "Junk", "bob@x.org"},
      {"bob+%l@x.org", "Junk", "bob+Junk@x.org"},
      {"%l", "Junk", "Junk"},
      {"%l@x.org", "INBOX", "INBOX@x.org"},
      {"bob+%l@x.org", "Lists/a", "bob+Lists/a@x.org"},
      {"bob+%l@x.org", "Lists.a", "bob+Lists.a@x.org"},
      {"bob+%l@x.org", "Lists..a", "\"bob+Lists..a\"@x.org"},
      {"bob+%l@x.org", "Sent Items", "\"bob+Sent Items\"@x.org"},
      {"bob+%l@x.org", "Entw&APw-rfe", "bob+Entw&APw-rfe@x.org"},
      {"bob+%l@x.org", "a\"b\\c", "\"bob+a\\\"b\\\\c\"@x.org"},
      {"bob+%l@x.org", "a@evil.example", ""},  // what some servers take for a route
      {"bob+%l@x.org", "%l", ""},
      {"bob+%l@x.org", "evil.example!eve", ""},
      {"\"bob %l\"@x.org", "a", "\"bob a\"@x.org"},
      {"a%%b%l%%l@x.org", "c", "a%bc%l@x.org"},
      {"a%b@x.org", "c", "a%b@x.org"},
      {"a%@x.org", "c", "a%@x.org"},
      {"bob+%l@x.org", "a>\r\nRCPT TO:<eve", ""},
      {"bob+%l@x.org", "a<b", ""},
      {"bob+%l@x.org", "a\nb", ""},
      {"bob+%l@x.org", std::string("a\0b", 3), ""},
      {"bob+%l@x.org", "\xff", ""},
      {"bob+%l@x.org", std::string(400, 'a'), ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    CAPTURE(row.mailbox);
    auto path = ForwardPath::ofMailbox(row.text, row.mailbox);
    CHECK((path ? path->text() : "") == row.path);
  }
  CHECK(ForwardPath::namesMailbox("bob+%l@x.org"));
  CHECK(ForwardPath::namesMailbox("%%%l"));
  CHECK_FALSE(ForwardPath::namesMailbox("bob%%l@x.org"));
  CHECK_FALSE(ForwardPath::namesMailbox("bob%"));
}

TEST_CASE("whatever the octets, a path that exists is one line in its brackets") {
  std::mt19937 random(5321);
  constexpr std::string_view kLikely = "a.@\"\\<> \r\n\0[]:1-_\xc3\xbc\x85\xff";
  for (int i = 0; i < 200000; ++i) {
    auto some = [&] {
      std::string out(random() % 6, ' ');
      for (char& c : out) c = kLikely[random() % kLikely.size()];
      return out;
    };
    std::string localPart = some(), host = some();
    for (std::string text : {ReversePath::ofSender(localPart, host).text(),
                             ReversePath::parse(localPart + "@" + host).value_or(ReversePath()).text()}) {
      for (unsigned char c : text) REQUIRE((c >= 0x20 && c != 0x7f && c != '<' && c != '>'));
      REQUIRE(ReversePath::parse(text));
    }
  }
}
