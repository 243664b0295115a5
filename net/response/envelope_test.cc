// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/envelope.h"

#include "net/script_test.h"
#include "net/wire/limits.h"

using namespace interimap;
using namespace std::string_literals;

namespace {

struct NoSink final : LiteralSink {
  void begin(Kind, std::uint64_t, std::string_view) override {}
  void octets(std::string_view) override {}
};

// What becomes of a response, fed in pieces; nothing if it is malformed.
std::optional<FetchResponse> parse(std::string_view line) {
  NoSink sink;
  Lexer lexer(sink);
  std::string input = std::string(line) + "\r\n";
  std::string_view all = input;
  while (!all.empty()) {
    auto piece = all.substr(0, 4096);
    all.remove_prefix(piece.size());
    if (!lexer.next(piece)) continue;
    CHECK(lexer.response().text.size() < limits::kLongestResponse + 65536);
    CHECK(piece.empty());
    auto parsed = parseUntagged(lexer.response());
    if (!parsed.what) return std::nullopt;
    return std::get<FetchResponse>(*parsed.what);
  }
  FAIL("no response");
  return std::nullopt;
}

std::string senderOf(const std::string& sender, const std::string& from = "NIL") {
  auto fetch = parse("* 1 FETCH (UID 7 ENVELOPE (NIL NIL " + from + " " + sender +
                     " NIL NIL NIL NIL NIL NIL) BODY[] {2}\r\nxx FLAGS ())");
  REQUIRE(fetch);
  CHECK(fetch->body);
  CHECK(fetch->flags);
  REQUIRE(fetch->envelope);
  return fetch->envelope->sender.text();
}

}  // namespace

TEST_CASE("ENVELOPE: RFC 3501 section 8") {
  auto fetch = parse(
      "* 12 FETCH (ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev1 WG mtg summary and "
      "minutes\" "
      "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((\"Terry Gray\" NIL \"sender\" "
      "\"cac.washington.edu\")) ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((NIL NIL \"imap\" "
      "\"cac.washington.edu\")) ((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL "
      "\"KLENSIN\" "
      "\"MIT.EDU\")) NIL NIL \"<B27397-0100000@cac.washington.edu>\") UID 12)");
  REQUIRE(fetch);
  CHECK(fetch->uid->value() == 12);
  CHECK(fetch->envelope->sender.text() == "sender@cac.washington.edu");
}

TEST_CASE("ENVELOPE: the sender") {
  struct Case {
    std::string sender, path;
  };
  const Case cases[] = {
      {"((NIL NIL \"a\" \"b.example\"))", "a@b.example"},
      {"((\"x\" NIL \"a\" \"b.example\")(NIL NIL \"c\" \"d.example\"))", "a@b.example"},
      {"(({3}\r\n)\"( {2}\r\n@x {1}\r\na {9}\r\nb.example))", "a@b.example"},
      {"((\"\\\"caf\xc3\xa9\\\\\" NIL \"a b\" \"b.example\"))", "\"a b\"@b.example"},
      {"((NIL NIL \"caf\xc3\xa9\" \"b.example\"))", "caf\xc3\xa9@b.example"},
      {"NIL", ""},
      {"()", ""},
      {"((NIL NIL \"friends\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL))", ""},
      {"((NIL NIL NIL \"b\"))", ""},
      {"((NIL NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\"))", ""},
      {"((NIL NIL \"a\" \"b> SIZE=1\"))", ""},
      {"((NIL NIL {10}\r\na>\r\nRCPT T \"b\"))", ""},
      {"((NIL NIL \"a\" {4}\r\nb\r\nx))", ""},
      {"((NIL NIL \"" + std::string(400, 'a') + "\" \"b\"))", ""},
      {"((NIL NIL a b))", ""},
      {"((NIL NIL \"a\"))", ""},
      {"(a)", ""},
      {"\"a@b\"", ""},
      {"(((((((((((\"a\")))))))))))", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.sender);
    CHECK(senderOf(c.sender) == c.path);
  }
}

TEST_CASE("field 23: ENVELOPE: From where there is no Sender") {
  const std::string from = "((NIL NIL \"a\" \"b.example\"))";
  for (const char* absent : {"NIL", "nil", "()"}) {
    CAPTURE(absent);
    CHECK(senderOf(absent, from) == "a@b.example");
    CHECK(senderOf(absent, "NIL") == "");
    CHECK(senderOf(absent, "()") == "");
    CHECK(senderOf(absent, "((NIL NIL \"\" \"b.example\"))") == "\"\"@b.example");
  }
  CHECK(senderOf("((NIL NIL \"c\" \"d.example\"))", from) == "c@d.example");
  CHECK(senderOf("((NIL NIL \"group\" NIL)(NIL NIL NIL NIL))", from) ==
        "");  // there is one: it is no address
}

TEST_CASE("ENVELOPE: one that cannot be read does not cost the message") {
  const std::string good = "NIL NIL NIL ((NIL NIL \"a\" \"b\")) NIL NIL NIL NIL NIL NIL";
  const std::string large(limits::kLongestLiteral + 1, 'x');
  std::string people, literals;
  for (int i = 0; i < 50000; ++i) people += "(NIL NIL \"someone\" \"a.long.domain.example\")";
  for (int i = 0; i < 500; ++i) literals += "({1}\r\nx NIL {1}\r\na {1}\r\nb)";
  struct Case {
    std::string envelope, sender;
  };
  const Case cases[] = {
      {"NIL", ""},
      {"()", ""},
      {"(" + good, "a@b"},               // not closed
      {"(" + good + "))", "a@b"},        // closed twice
      {"(" + good + ") \"x\"", "a@b"},   // something behind it
      {"(\"open " + good + ")", ""},     // a quoted string that never ends
      {"(\"a\0b\" "s + good + ")", ""},  // NUL
      {"(NIL " + std::string(100, '(') + std::string(100, ')') + ")", ""},
      {"(NIL {" + std::to_string(large.size()) + "}\r\n" + large + " NIL)", ""},
      {"(NIL NIL NIL ((NIL NIL \"a\" \"b\")) NIL (" + people + ") NIL NIL NIL NIL)", "a@b"},
      {"(NIL NIL NIL ((NIL NIL \"a\" \"b\")) NIL (" + literals + ") NIL NIL NIL NIL)", "a@b"},
      {"(NIL NIL (" + people + people + ") ((NIL NIL \"a\" \"b\")) NIL NIL NIL NIL NIL NIL)", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.envelope.substr(0, 200));
    for (bool first : {true, false}) {
      CAPTURE(first);
      std::string body = " BODY[] {6}\r\na\r\nb)(", envelope = " ENVELOPE " + c.envelope;
      auto fetch = first ? parse("* 1 FETCH (UID 7" + envelope + body + " FLAGS (x))")
                         : parse("* 1 FETCH (UID 7 FLAGS (x)" + body + envelope + ")");
      REQUIRE(fetch);
      CHECK(fetch->uid->value() == 7);
      REQUIRE(fetch->body);
      CHECK(fetch->body->streamed);
      CHECK(fetch->body->size == 6);
      REQUIRE(fetch->flags);
      CHECK(fetch->flags->contains("x"));
      CHECK(fetch->envelope->sender.text() == c.sender);
    }
  }
  CHECK_FALSE(parse("* 1 FETCH (UID 7 BODY[] {1}\r\nx ENVELOPE2 (\"x)"));
}

TEST_CASE("a window of bodies with their senders") {
  Script script(plainAccount());
  script.plain();
  auto id = script.ask(request::FetchBodies{uids("1:3"), true, Reading::again});
  script.hear("000001 UID FETCH 1:3 (FLAGS INTERNALDATE ENVELOPE BODY.PEEK[])\r\n");
  const std::string date = "INTERNALDATE \"17-Jul-1996 02:44:25 -0700\"";
  script.say(
      "* 1 FETCH (UID 1 FLAGS () " + date +
      " ENVELOPE (NIL NIL NIL ((NIL NIL {1}\r\na \"b\")) NIL NIL NIL NIL NIL NIL) BODY[] {3}\r\none)\r\n" +
      "* 2 FETCH (BODY[] {3}\r\ntwo UID 2 FLAGS () " + date + " ENVELOPE (\"broken)\r\n" +
      "* 3 FETCH (UID 3 FLAGS () " + date + " BODY[] {5}\r\nthree)\r\n000001 OK\r\n");
  auto window = script.answer<answer::Window>(id);
  REQUIRE(window.messages.size() == 3);
  CHECK(window.messages[0].sender.text() == "a@b");
  CHECK(script.body(window.messages[0].body) == "one");
  CHECK(window.messages[1].sender.null());
  CHECK(script.body(window.messages[1].body) == "two");
  CHECK(window.messages[2].sender.null());
  CHECK(script.done(id).ok());
  CHECK(script.logged().empty());
}

TEST_CASE("windows are cut before a packet gets too large for flags and senders") {
  Script script(plainAccount());
  script.plain();
  script.ask(request::FetchBodies{uids("1:128"), true});
  script.hear("000001 UID FETCH 1:128 (FLAGS INTERNALDATE ENVELOPE BODY.PEEK[])\r\n");
  std::string flags, host(63, 'h');
  for (int i = 10; i < 90; ++i)
    flags += (flags.empty() ? "" : " ") + std::to_string(i) + std::string(197, 'f');
  REQUIRE(flags.size() < limits::kLongestFlags);
  std::string said;
  for (int uid = 1; uid <= 128; ++uid)
    said += "* 1 FETCH (UID " + std::to_string(uid) + " FLAGS (" + (uid % 5 == 0 ? flags : "") +
            ") INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" ENVELOPE (NIL NIL NIL ((NIL NIL \"" +
            std::string(64, 'l') + "\" \"" + host + "." + host + "." + host + "." + host.substr(1) +
            "\")) NIL NIL NIL NIL NIL NIL) BODY[] {1}\r\nx)\r\n";
  std::thread server([&] { script.say(said + "000001 OK\r\n"); });
  std::size_t windows = 0, messages = 0;
  Answer answer = script.answer();
  for (; std::holds_alternative<answer::Window>(answer.what); answer = script.answer(), ++windows)
    for (const auto& message : std::get<answer::Window>(answer.what).messages) {
      CHECK(message.sender.text().size() == 319);
      ++messages;
    }
  server.join();
  CHECK(messages == 128);
  CHECK(windows > 5);
}
