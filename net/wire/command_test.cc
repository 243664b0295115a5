// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/command.h"

#include <doctest/doctest.h>

#include "ipc/failure.h"
#include "net/wire/limits.h"
#include "net/wire/outbox.h"

using namespace interimap;

namespace {

// Everything an outbox sends, a "+" given whenever it waits: "<+>" in the text.
std::string sent(Outbox& outbox) {
  std::string text;
  while (!outbox.empty()) {
    auto octets = outbox.next();
    if (octets.empty()) {
      REQUIRE(outbox.waiting());
      text += "<+>";
      outbox.continued();
      continue;
    }
    auto n = std::min<std::size_t>(octets.size(), 7);
    text += octets.substr(0, n);
    outbox.sent(n);
  }
  return text;
}

std::string sent(Command command, Outbox::Literals literals = Outbox::Literals::synchronising) {
  Outbox outbox;
  outbox.setLiterals(literals);
  outbox.push("000000", std::move(command));
  return sent(outbox);
}

std::shared_ptr<Bodies> bodiesOf(const std::string& text) {
  BodyWriter writer;
  writer.write(text);
  return std::make_shared<Bodies>(writer.seal(), std::span<const BodyRange>{});
}

}  // namespace

TEST_CASE("astring: atom, quoted, literal") {
  struct Case {
    std::string_view value, wire;
  };
  const Case cases[] = {
      {"INBOX", "X INBOX"},
      {"a]b", "X a]b"},
      {"a b", "X \"a b\""},
      {"NIL", "X \"NIL\""},
      {"nilpotent", "X nilpotent"},
      {"", "X \"\""},
      {"a\"b\\c", "X \"a\\\"b\\\\c\""},
      {"a%", "X \"a%\""},
      {"*", "X \"*\""},
      {"(a)", "X \"(a)\""},
      {"a\tb", "X \"a\tb\""},
      {"caf\xe9", "X {4}\r\n<+>caf\xe9"},
      {"a\r\nb", "X {4}\r\n<+>a\r\nb"},
      {std::string_view("a\0b", 3), std::string_view("X {3}\r\n<+>a\0b", 13)},
  };
  for (const Case& c : cases) {
    CAPTURE(c.value);
    CHECK(sent(std::move(Command("X").astring(c.value))) == "000000 " + std::string(c.wire) + "\r\n");
  }
}

TEST_CASE("patterns") {
  CHECK(sent(std::move(Command("LIST").pattern("*"))) == "000000 LIST *\r\n");
  CHECK(sent(std::move(Command("LIST").patterns({"a%", "b c", "x"}))) == "000000 LIST (a% \"b c\" x)\r\n");
  CHECK(Command("LIST").patterns({"a%"}).oneLine());
  CHECK_FALSE(Command("LIST").patterns({"caf\xe9"}).oneLine());
}

TEST_CASE("literals wait for the server unless it said they need not") {
  std::string small(10, 'a'), large(limits::kLiteralMinus + 1, 'b');
  auto command = [&] {
    Command c("APPEND");
    c.astring("INBOX")
        .body(bodiesOf(small), {0, small.size()})
        .add(" ()")
        .body(bodiesOf(large), {0, large.size()});
    return c;
  };
  using L = Outbox::Literals;
  CHECK(sent(command(), L::synchronising) ==
        "000000 APPEND INBOX {10}\r\n<+>" + small + " () {4097}\r\n<+>" + large + "\r\n");
  CHECK(sent(command(), L::minus) ==
        "000000 APPEND INBOX {10+}\r\n" + small + " () {4097}\r\n<+>" + large + "\r\n");
  CHECK(sent(command(), L::plus) ==
        "000000 APPEND INBOX {10+}\r\n" + small + " () {4097+}\r\n" + large + "\r\n");
}

TEST_CASE("bodies larger than the buffer, and empty ones") {
  std::string body;
  for (int i = 0; body.size() < 3 * limits::kOutBuffer; ++i) body += std::to_string(i) + "\r\n";
  Command command("A");
  command.body(bodiesOf("xx" + body), {2, body.size()}).body(bodiesOf(""), {0, 0});
  CHECK(sent(std::move(command), Outbox::Literals::plus) ==
        "000000 A {" + std::to_string(body.size()) + "+}\r\n" + body + " {0+}\r\n\r\n");
  Command broken("A");
  broken.body(bodiesOf("x"), {0, 5});
  CHECK_THROWS_AS(sent(std::move(broken), Outbox::Literals::plus), Failure);
}

TEST_CASE("a refused command drops what has not been promised") {
  Outbox outbox;
  outbox.push("000000", std::move(Command("A").body(bodiesOf("abc"), {0, 3}).body(bodiesOf("def"), {0, 3})));
  outbox.push("000001", Command("NOOP"));
  auto first = outbox.next();
  CHECK(first == "000000 A {3}\r\n");
  outbox.sent(first.size());
  CHECK(outbox.next().empty());
  SUBCASE("instead of the first +") {
    outbox.completed("000000", false);
    CHECK(sent(outbox) == "000001 NOOP\r\n");
  }
  SUBCASE("instead of the second +") {
    outbox.continued();
    auto second = outbox.next();
    CHECK(second == "abc {3}\r\n");
    outbox.sent(second.size());
    outbox.completed("000000", false);
    CHECK(sent(outbox) == "000001 NOOP\r\n");
  }
  SUBCASE("another command's refusal changes nothing") {
    outbox.completed("000001", false);
    CHECK(sent(outbox) == "<+>abc {3}\r\n<+>def\r\n000001 NOOP\r\n");
  }
}

TEST_CASE("a literal that was begun is completed") {
  std::string large(3 * limits::kOutBuffer, 'x');
  Outbox outbox;
  outbox.setLiterals(Outbox::Literals::plus);
  outbox.push("000000",
              std::move(Command("A").body(bodiesOf(large), {0, large.size()}).body(bodiesOf("y"), {0, 1})));
  std::string text(outbox.next());
  outbox.sent(text.size());
  outbox.completed("000000", false);
  text += sent(outbox);
  CHECK(text == "000000 A {" + std::to_string(large.size()) + "+}\r\n" + large + "\r\n");
}

TEST_CASE("the wire log shows neither literals nor secrets") {
  auto logged = [](Command command, bool secrets) {
    Outbox outbox;
    std::string lines;
    outbox.setLog([&](const std::string& line) { lines += line + "\n"; }, secrets);
    outbox.push("000000", std::move(command));
    sent(outbox);
    return lines;
  };
  auto login = [] { return std::move(Command("LOGIN").secret("joe").secret("a b")); };
  CHECK(logged(login(), false) == "000000 LOGIN [REDACTED] [REDACTED]\n");
  CHECK(logged(login(), true) == "000000 LOGIN joe \"a b\"\n");
  CHECK(logged(std::move(Command("LOGIN").secret("joe\xe9")), false) == "000000 LOGIN {4}\n[...]\n");
  CHECK(logged(std::move(Command("AUTHENTICATE PLAIN").response("AGpvZQ==")), false) ==
        "000000 AUTHENTICATE PLAIN\n[REDACTED]\n");
  CHECK(logged(std::move(Command("A").body(bodiesOf("abc"), {0, 3}).add(" ()").body(bodiesOf(""), {0, 0})),
               false) == "000000 A {3}\n[...] () {0}\n[...]\n");
}
