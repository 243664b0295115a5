// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The sink itself: what a client must not send is noticed, and a server that can be smuggled through is one.

#include "tests/e2e/sink.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace interimap::bed;

namespace {

// Everything the sink answers to these octets, sent piece by piece: each after the reply to the one before.
std::string converse(const Sink& sink, const std::vector<std::string>& pieces) {
  int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(sink.port());
  REQUIRE(connect(s, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  std::string all;
  char chunk[4096];
  for (std::size_t i = 0;; ++i) {
    ssize_t n = recv(s, chunk, sizeof chunk, 0);
    if (n <= 0) break;
    all.append(chunk, static_cast<std::size_t>(n));
    if (i == pieces.size()) shutdown(s, SHUT_WR);
    if (i < pieces.size()) {
      send(s, pieces[i].data(), pieces[i].size(), MSG_NOSIGNAL);
    }
  }
  close(s);
  return all;
}

}  // namespace

TEST_CASE("the sink takes what is right, and notices what is not") {
  const std::vector<std::string> envelope = {"EHLO me\r\n", "MAIL FROM:<a@b>\r\n", "RCPT TO:<c>\r\n",
                                             "DATA\r\n"};
  struct Row {
    const char* what;
    SinkOptions options;
    std::vector<std::string> pieces;
    std::size_t messages;
    const char* violation;
  };
  auto with = [&](const std::string& data) {
    std::vector<std::string> all = envelope;
    all.push_back(data);
    all.push_back("QUIT\r\n");
    return all;
  };
  const Row rows[] = {
      {"right", {}, with("..dot\r\n.\r\n"), 1, ""},
      {"pipelined", {}, {"EHLO me\r\n", "MAIL FROM:<a@b>\r\nRCPT TO:<c>\r\nDATA\r\n"}, 0, ""},
      {"pipelined unasked",
       {.extensions = {}},
       {"EHLO me\r\n", "MAIL FROM:<a@b>\r\nRCPT TO:<c>\r\n"},
       0,
       "more follows"},
      {"behind DATA",
       {},
       {"EHLO me\r\n", "MAIL FROM:<a@b>\r\n", "RCPT TO:<c>\r\n", "DATA\r\nx"},
       0,
       "more follows"},
      {"bare LF", {}, with("a\nb\r\n.\r\n"), 1, "bare LF"},
      {"LF.LF is data to most", {}, with("a\n.\nb\r\n.\r\n"), 1, "bare LF"},
      {"LF.LF ends it for some", {.endsAtBareLf = true}, with("a\n.\n"), 1, "bare LF"},
      {"bare CR", {}, with("a\rb\r\n.\r\n"), 1, "bare CR"},
      {"8 bits unannounced", {}, with("\xe9\r\n.\r\n"), 1, "8 bits"},
      {"not offered", {.extensions = {}}, {"EHLO me\r\n", "MAIL FROM:<a@b> SIZE=1\r\n"}, 0, "not offered"},
      {"no EHLO", {}, {"MAIL FROM:<a@b>\r\n"}, 0, "before the greeting"},
      {"bare LF in a command", {}, {"EHLO me\n"}, 0, "bare LF"},
      {"unknown", {}, {"EHLO me\r\n", "evil\r\n"}, 0, "unknown"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Sink sink(row.options);
    std::string replies = converse(sink, row.pieces);
    INFO(replies);
    CHECK(sink.messages().size() == row.messages);
    std::vector<std::string> violations = sink.violations();
    if (*row.violation == '\0') {
      CHECK(violations.empty());
    } else {
      REQUIRE_FALSE(violations.empty());
      CHECK(violations[0].find(row.violation) != std::string::npos);
    }
  }
}

TEST_CASE("what a server has to get of a text") {
  const std::pair<std::string, std::string> rows[] = {
      {"", "\r\n"},
      {"a", "a\r\n"},
      {"a\r\n", "a\r\n"},
      {"a\nb\n", "a\r\nb\r\n"},
      {"a\rb", "a\r\nb\r\n"},
      {"a\r\r\nb", "a\r\nb\r\n"},
      {"a\n\nb", "a\r\n\r\nb\r\n"},
      {"a\r\rb", "a\r\n\r\nb\r\n"},
  };
  for (const auto& [text, wanted] : rows) CHECK(withCrLf(text) == wanted);
}
