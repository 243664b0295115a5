// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/untagged.h"

#include <doctest/doctest.h>

#include "net/wire/limits.h"

using namespace interimap;

namespace {

struct NoSink final : LiteralSink {
  void begin(Kind, std::uint64_t, std::string_view) override {}
  void octets(std::string_view) override {}
};

ParsedUntagged parse(std::string_view line) {
  NoSink sink;
  Lexer lexer(sink);
  std::string input = std::string(line) + "\r\n";
  std::string_view view = input;
  REQUIRE(lexer.next(view));
  return parseUntagged(lexer.response());
}

template <typename Noun>
Noun get(std::string_view line) {
  CAPTURE(line);
  auto parsed = parse(line);
  REQUIRE(parsed.what);
  REQUIRE(std::holds_alternative<Noun>(*parsed.what));
  return std::get<Noun>(*parsed.what);
}

}  // namespace

TEST_CASE("FETCH: the items we know, in any order, among those we do not") {
  for (std::string_view line :
       {"* 23 FETCH (UID 4827313 MODSEQ (12121231000) FLAGS (\\Seen work))",
        "* 23 FETCH (FLAGS (\\Seen \\Recent work) UID 4827313 MODSEQ (12121231000))",
        "* 23 fetch (flags (WORK \\seen) uid 4827313 modseq (12121231000))",
        "* 23 FETCH (UID 4827313 X-GM-LABELS (\"\\\\Sent\" foo) MODSEQ (12121231000) FLAGS (\\Seen work))",
        "* 23 FETCH (UID 4827313 EMAILID (M6d99) THREADID NIL MODSEQ (12121231000) FLAGS (\\Seen work))",
        "* 23 FETCH (ENVELOPE (NIL {3}\r\na(b ((\"A\" NIL \"a\" \"x\")(\"B\" NIL \"b\" \"y\")) NIL) UID "
        "4827313 "
        "MODSEQ (12121231000) FLAGS (\\Seen work))",
        "* 23 FETCH (BODY[HEADER.FIELDS (DATE FROM)] \"x\" UID 4827313 MODSEQ (12121231000) FLAGS (\\Seen "
        "work))",
        "* 23 FETCH (BODY[TEXT]<0> NIL UID 4827313 MODSEQ (12121231000) FLAGS (\\Seen work))"}) {
    auto fetch = get<FetchResponse>(line);
    REQUIRE(fetch.uid);
    CHECK(fetch.uid->value() == 4827313);
    CHECK(fetch.modSeq.value == 12121231000);
    REQUIRE(fetch.flags);
    CHECK(*fetch.flags == *Flags::parse("\\Seen work"));
    CHECK_FALSE(fetch.body);
  }
}

TEST_CASE("FETCH: keywords and numbers at the edge of what servers send") {
  CHECK(get<FetchResponse>("* 1 FETCH (FLAGS (a] \xc3\xa9t\xc3\xa9))").flags->contains("a]"));
  CHECK(get<FetchResponse>("* 1 FETCH (UID 5 FLAGS ())").flags->empty());
  CHECK(get<FetchResponse>("* 1 FETCH (MODSEQ (18446744073709551615))").modSeq.value ==
        18446744073709551615U);
  CHECK(get<FetchResponse>("* 1 FETCH (UID 4294967295)").uid->value() == 4294967295U);
  CHECK(get<FetchResponse>("* 1 FETCH (RFC822.SIZE 44827)").size == 44827);
  CHECK(get<FetchResponse>("* 1 FETCH (INTERNALDATE \" 7-Jul-1996 02:44:25 -0700\")").date->text() ==
        " 7-Jul-1996 02:44:25 -0700");
}

TEST_CASE("FETCH: BODY[] as literal, quoted string, NIL") {
  auto streamed = get<FetchResponse>("* 1 FETCH (UID 2 BODY[] {4}\r\nabcd FLAGS ())");
  REQUIRE(streamed.body);
  CHECK(streamed.body->streamed);
  CHECK(streamed.body->size == 4);
  CHECK(streamed.flags);
  CHECK(get<FetchResponse>("* 1 FETCH (BODY[] \"a\\\"b\")").body->inlined == "a\"b");
  auto nil = get<FetchResponse>("* 1 FETCH (BODY[] NIL UID 3)");
  CHECK_FALSE(nil.body->streamed);
  CHECK(nil.body->size == 0);
  CHECK(get<FetchResponse>("* 1 FETCH (BODY[HEADER] {4}\r\nA: b)").header->streamed);
}

TEST_CASE("the UID that stands before a literal") {
  struct Case {
    std::string_view text;
    std::uint32_t uid;  // 0: none
  };
  const Case cases[] = {
      {"* 1 FETCH (UID 7 BODY[] {5}\r\n", 7},
      {"* 1 FETCH (FLAGS (\\Seen a) MODSEQ (5) INTERNALDATE \"x UID 3\" UID 7 BODY[] {5}\r\n", 7},
      {"* 1 FETCH (BODY[] {5}\r\n", 0},
      {"* 1 FETCH (ENVELOPE (\"a\" (UID 5)) BODY[] {5}\r\n", 0},
      {"* 1 FETCH (UID 0 BODY[] {5}\r\n", 0},
      {"* 1 FETCH ", 0},
      {"", 0},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    auto uid = FetchResponse::uidBefore(c.text);
    CHECK((uid ? uid->value() : 0) == c.uid);
  }
}

TEST_CASE("limits on names and flags") {
  std::string name(limits::kLongestName, 'n'), flag(1000, 'f');
  CHECK(parse("* LIST () NIL " + name).what);
  CHECK_FALSE(parse("* LIST () NIL " + name + "n").what);
  CHECK_FALSE(parse("* STATUS " + name + "n ()").what);
  std::string flags;
  for (std::size_t size = 0; size < limits::kLongestFlags; size += flag.size() + 3)
    flags += " " + flag + std::to_string(size % 90 + 10);
  CHECK_FALSE(parse("* 1 FETCH (FLAGS (" + flags.substr(1) + "))").what);
  CHECK(parse("* 1 FETCH (FLAGS (" + flags.substr(1, 10000) + "))").what);
}

TEST_CASE("malformed responses are told by their kind") {
  struct Case {
    std::string_view line, kind;
  };
  std::string deep = "* 1 FETCH (X " + std::string(40, '(') + std::string(40, ')') + ")";
  const Case cases[] = {
      {"* 1 FETCH", "FETCH"},
      {"* 1 FETCH UID 5", "FETCH"},
      {"* 1 FETCH (UID 0)", "FETCH"},
      {"* 1 FETCH (UID 4294967296)", "FETCH"},
      {"* 1 FETCH (UID -1)", "FETCH"},
      {"* 1 FETCH (UID 1 UID 2)", "FETCH"},
      {"* 1 FETCH (UID 5", "FETCH"},
      {"* 1 FETCH (MODSEQ 5)", "FETCH"},
      {"* 1 FETCH (MODSEQ (18446744073709551616))", "FETCH"},
      {"* 1 FETCH (FLAGS (a {)", "FETCH"},
      {"* 1 FETCH (INTERNALDATE (1))", "FETCH"},
      {"* 1 FETCH (BODY[] atom)", "FETCH"},
      {"* 1 FETCH (BODY[] \"a\" BODY[] \"b\")", "FETCH"},
      {deep, "FETCH"},
      {"* VANISHED *", "VANISHED"},
      {"* VANISHED 0", "VANISHED"},
      {"* VANISHED 1,,2", "VANISHED"},
      {"* VANISHED ", "VANISHED"},
      {"* VANISHED (EARLIER)", "VANISHED"},
      {"* VANISHED (LATER) 1", "VANISHED"},
      {"* LIST () \"/\"", "LIST"},
      {"* LIST () \"//\" a", "LIST"},
      {"* LIST \"/\" a", "LIST"},
      {"* LIST () \"/\" \"a", "LIST"},
      {"* STATUS a MESSAGES 1", "STATUS"},
      {"* STATUS a (MESSAGES x)", "STATUS"},
      {"* STATUS a (MESSAGES 1", "STATUS"},
      {"* STATUS a (UIDVALIDITY 4294967296)", "STATUS"},
      {"* STATUS a (APPENDLIMIT)", "STATUS"},
      {"* STATUS a (APPENDLIMIT x)", "STATUS"},
      {"* STATUS a (APPENDLIMIT -1)", "STATUS"},
      {"* STATUS a (APPENDLIMIT NILS)", "STATUS"},
      {"* STATUS a (APPENDLIMIT \"NIL\")", "STATUS"},
      {"* STATUS a (APPENDLIMIT 18446744073709551616)", "STATUS"},
      {"* SEARCH 0", "SEARCH"},
      {"* SEARCH 4294967296", "SEARCH"},
      {"* SEARCH 1,2", "SEARCH"},
      {"* SEARCH 1:2", "SEARCH"},
      {"* SEARCH -1", "SEARCH"},
      {"* SEARCH x", "SEARCH"},
      {"* SEARCH (MODSEQ", "SEARCH"},
      {"* ESEARCH", "ESEARCH"},
      {"* ESEARCH (TAG \"A\") ALL 1:3", "ESEARCH"},
      {"* ESEARCH ALL 1:3", "ESEARCH"},
      {"* ESEARCH UID ALL *", "ESEARCH"},
      {"* ESEARCH UID ALL 0", "ESEARCH"},
      {"* ESEARCH UID ALL", "ESEARCH"},
      {"* ESEARCH UID ALL 1:*", "ESEARCH"},
      {"* ESEARCH UID COUNT", "ESEARCH"},
      {"* 99999999999 EXISTS", "EXISTS"},
      {"* 0 EXPUNGE", "EXPUNGE"},
      {"* 4294967296 EXPUNGE", "EXPUNGE"},
      {"* 99999999999999999999 EXISTS", "numbered response"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.line);
    auto parsed = parse(c.line);
    CHECK_FALSE(parsed.what);
    CHECK(parsed.kind == c.kind);
  }
}

TEST_CASE("what is not ours to know is ignored, well formed or not") {
  for (std::string_view line : {"* 5 RECENT", "* FLAGS (\\Seen)", "* XFOO ((((", "* 5 XBAR", "* "}) {
    auto parsed = parse(line);
    CAPTURE(line);
    REQUIRE(parsed.what);
    CHECK(std::holds_alternative<Ignored>(*parsed.what));
  }
}

TEST_CASE("NAMESPACE: the prefix of the first personal one") {
  const struct {
    std::string_view line, personal;
  } cases[] = {
      {"* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL", "INBOX."},
      {"* NAMESPACE ((\"\" \"/\")) ((\"user/\" \"/\")) NIL", ""},
      {"* NAMESPACE ((\"mail/\" \"/\" \"X-PARAM\" (\"a\"))(\"old/\" \"/\")) NIL NIL", "mail/"},
      {"* NAMESPACE ((\"INBOX\" NIL)) NIL NIL", ""},
      {"* NAMESPACE ((\"INBOX\" \".\")) NIL NIL", ""},
      {"* NAMESPACE NIL NIL ((\"all.\" \".\"))", ""},
  };
  for (const auto& c : cases) CHECK(get<NamespaceResponse>(c.line).personal == c.personal);
  for (std::string_view line :
       {"* NAMESPACE", "* NAMESPACE (", "* NAMESPACE ((\"a\"", "* NAMESPACE ((\"a\" x"})
    CHECK_FALSE(parse(line).what);
}

TEST_CASE("LSUB is written like LIST") {
  auto parsed = parse("* LSUB (\\Noselect) \".\" a");
  REQUIRE(parsed.what);
  auto* list = std::get_if<ListResponse>(&*parsed.what);
  REQUIRE(list != nullptr);
  CHECK(list->subscription);
  CHECK(list->entry.noSelect);
  CHECK_FALSE(parse("* LSUB (").what);
}

TEST_CASE("LIST: names and attributes as servers write them") {
  struct Case {
    std::string_view line, name;
    std::optional<char> delimiter;
    bool nonExistent, noSelect, subscribed;
  };
  const Case cases[] = {
      {"* LIST (\\Noselect) \"/\" foo", "foo", '/', false, true, false},
      {"* LIST (\\subscribed \\NONEXISTENT) \".\" \"a b\"", "a b", '.', true, false, true},
      {"* LIST () NIL INBOX", "INBOX", std::nullopt, false, false, false},
      {"* LIST () \"\\\\\" \"a\\\\b\\\"\"", "a\\b\"", '\\', false, false, false},
      {"* LIST (\\HasChildren) \"/\" {5}\r\na\r\nb\xff", "a\r\nb\xff", '/', false, false, false},
      {"* LIST () \"/\" \"caf\xc3\xa9\"", "caf\xc3\xa9", '/', false, false, false},
      {"* LIST () \"/\" caf\xe9*]", "caf\xe9*]", '/', false, false, false},
      {"* LIST () \"/\" foo (\"CHILDINFO\" (\"SUBSCRIBED\"))", "foo", '/', false, false, false},
      {"* LIST () \"/\" new (OLDNAME (old))", "new", '/', false, false, false},
  };
  for (const Case& c : cases) {
    auto entry = get<ListResponse>(c.line).entry;
    CHECK(entry.mailbox.bytes == c.name);
    CHECK(entry.delimiter == c.delimiter);
    CHECK(entry.nonExistent == c.nonExistent);
    CHECK(entry.noSelect == c.noSelect);
    CHECK(entry.subscribed == c.subscribed);
    CHECK(entry.uses == 0);
  }
  CHECK(get<ListResponse>("* LIST (\\HasNoChildren \\ALL) \"/\" a").entry.uses == 1);
  CHECK(get<ListResponse>("* LIST (\\Important \\sent) \"/\" a").entry.uses == 0xa0);
  CHECK(get<ListResponse>("* LIST (\\Spam \\Trash) \"/\" a").entry.uses == 0x40);
}

TEST_CASE("STATUS: known counters, unknown ones skipped") {
  auto entry = get<StatusData>(
                   "* STATUS \"a b\" (MESSAGES 17 X-GUID \"x\" UIDNEXT 262 uidvalidity 7 "
                   "MAILBOXID (F1) HIGHESTMODSEQ 18446744073709551615)")
                   .entry;
  CHECK(entry.mailbox.bytes == "a b");
  CHECK(entry.messages == 17);
  CHECK(entry.uidNext == UidNext{262});
  CHECK(entry.uidValidity == UidValidity{7});
  CHECK(entry.highestModSeq == ModSeq{18446744073709551615U});
  auto limited = get<StatusData>("* STATUS x (appendlimit 18446744073709551615 MESSAGES 1)").entry;
  CHECK(limited.appendLimit == 18446744073709551615U);
  CHECK(limited.messages == 1);
  auto unlimited = get<StatusData>("* STATUS x (APPENDLIMIT nil MESSAGES 1)").entry;
  CHECK_FALSE(unlimited.appendLimit);
  CHECK(unlimited.messages == 1);
  auto empty = get<StatusData>("* STATUS {1}\r\nx ()").entry;
  CHECK(empty.mailbox.bytes == "x");
  CHECK_FALSE(empty.messages);
  CHECK(get<StatusData>("* STATUS x (UIDNEXT 4294967296)").entry.uidNext == UidNext{4294967296U});
}

TEST_CASE("VANISHED: RFC 7162 section 3.2.10") {
  auto earlier = get<Vanished>("* VANISHED (EARLIER) 41,43:116,118,120:211,214:540");
  CHECK(earlier.earlier);
  CHECK(earlier.uids.text() == "41,43:116,118,120:211,214:540");
  auto now = get<Vanished>("* VANISHED 1:3000000");
  CHECK_FALSE(now.earlier);
  CHECK(now.uids.size() == 3000000);
}

TEST_CASE("SEARCH and ESEARCH: UIDs, in any order") {
  struct Case {
    std::string_view line, uids;
  };
  const Case cases[] = {
      {"* SEARCH 2 3 6", "2:3,6"},
      {"* search 6 3 2 3", "2:3,6"},
      {"* SEARCH", ""},
      {"* SEARCH ", ""},
      {"* SEARCH 4294967295 ", "4294967295"},
      {"* SEARCH 2 5 (MODSEQ 917162500)", "2,5"},
      {"* ESEARCH (TAG \"A282\") UID COUNT 17 ALL 4:18,21,28", "4:18,21,28"},
      {"* ESEARCH (TAG {1}\r\nx) uid all 9:7", "7:9"},
      {"* ESEARCH UID ALL 1 MODSEQ 5", "1"},
      {"* ESEARCH (TAG \"A\") UID", ""},
      {"* ESEARCH (TAG \"A\") UID X-NEW (a (b)) MIN 1 ALL 1", "1"},
  };
  for (const Case& c : cases) CHECK(get<SearchResponse>(c.line).uids.text() == c.uids);
}

TEST_CASE("status responses, capabilities, EXISTS, EXPUNGE") {
  CHECK(get<Expunged>("* 4294967295 EXPUNGE").message == 4294967295U);
  CHECK(get<StatusResponse>("* BYE").condition == Condition::bye);
  CHECK(get<StatusResponse>("* ok [UIDNEXT 5]").what.number("UIDNEXT") == 5);
  CHECK(get<Capabilities>("* CAPABILITY IMAP4rev1  Literal+ ").has("LITERAL+"));
  CHECK(get<Enabled>("* ENABLED qresync").what.has("QRESYNC"));
  CHECK(get<Exists>("* 5 EXISTS").messages == 5);
}
