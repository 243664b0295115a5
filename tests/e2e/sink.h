// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// An SMTP or LMTP server in the test's own memory (RFC 5321, RFC 2033) that does what it is told:
// well-behaved and strict by default, and where a test says so, wrong in exactly one place. On loopback or on
// a Unix socket, a thread for each connection.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/directory.h"

namespace interimap::bed {

struct SinkOptions {
  bool lmtp = false;
  bool ipv6 = false;
  fs::path socket = {};  // not empty: listens there instead
  std::string greeting = "220 sink.example.test ready\r\n";
  // Of the reply to EHLO or LHLO; STARTTLS and AUTH come by themselves.
  std::vector<std::string> extensions = {"PIPELINING", "SIZE 100000000", "8BITMIME", "ENHANCEDSTATUSCODES"};
  bool knowsEhlo = true;
  fs::path certificate = {}, key = {};  // of STARTTLS, or from the first byte on
  bool implicitTls = false;
  std::string user = {}, password = {};  // AUTH is required, and offered under TLS
  bool authInClear = false;              // ... without TLS, too
  std::vector<std::string> mechanisms = {"PLAIN", "LOGIN"};
  bool endsAtBareLf = false;  // mail data, at LF "." LF and the like: a server that can be smuggled through
};

// What a client sent, as the server sees it.
struct SinkMessage {
  std::string hello;  // the argument of EHLO, HELO or LHLO
  std::string reversePath;
  std::vector<std::string> parameters;  // of MAIL
  std::vector<std::string> recipients;  // those it was taken over for
  std::string text;                     // dots unstuffed
  unsigned connection = 0, transaction = 0;
  bool encrypted = false, authenticated = false, chunked = false;
};

// What happens at a command instead of the ordinary reply.
struct SinkReply {
  std::string octets = {};  // sent as they are
  bool close = false;       // then the connection ends
  bool alsoAnswer = false;  // then the ordinary reply follows
  bool hang = false;        // before all that: until release(), or the client is gone
  bool awaitsMore = false;  // before all that: until more octets have come; at their end, none
  bool takesOver = false;   // at the end of mail data: the message is recorded whatever is said
};

// A command or, written as one, "greeting" and the end of mail data: "." or, in LMTP, ". <recipient>" for
// each. BDAT with LAST is both.
struct SinkEvent {
  const std::string& command;
  const SinkMessage& message;  // so far
};

class Sink {
 public:
  explicit Sink(SinkOptions options = {});
  ~Sink();

  std::uint16_t port() const { return port_; }
  std::string method() const;  // "smtp:[127.0.0.1]:10025", for deliver-method

  void stop();   // nobody listens, and connections are closed
  void start();  // again, on the same port

  // The nth (from 1; 0: every) command that matches, over all connections. ECMAScript, from the beginning,
  // case-insensitive.
  void on(const std::string& pattern, unsigned nth, SinkReply reply);
  // Asked first, one thread at a time; nothing: as on() says.
  void judge(std::function<std::optional<SinkReply>(const SinkEvent&)> judge);
  void forget();   // all that was given to these two
  void release();  // what hangs, now

  std::vector<SinkMessage> messages() const;            // in the order they were taken over
  std::vector<std::string> commands() const;            // all received; those of mail data left out
  std::size_t count(const std::string& pattern) const;  // commands that match, as for on()
  unsigned connections() const;
  bool hangs() const;  // somebody waits for release()
  // What no client should have sent: bare CR or LF, commands before they are due, unknown ones ...
  std::vector<std::string> violations() const;
  void clear();  // messages, commands and violations

 private:
  class Session;
  struct Hook {
    std::regex pattern;
    unsigned nth, seen;
    SinkReply reply;
  };
  struct Connection {
    int socket;
    bool over = false;
    std::thread thread = {};
  };
  void serve();
  void reap(bool all);
  std::optional<SinkReply> intervene(const SinkEvent& event);

  SinkOptions options_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;  // of all below
  unsigned releases_ = 0, hanging_ = 0;
  std::list<Hook> hooks_;
  std::function<std::optional<SinkReply>(const SinkEvent&)> judge_;
  std::vector<SinkMessage> messages_;
  std::vector<std::string> commands_, violations_;
  unsigned connectionCount_ = 0;
  std::list<Connection> connections_;
  std::thread acceptor_;
};

// What a server has to get that takes over `text`: lines that end in CRLF, the last one included, without
// NUL.
std::string withCrLf(const std::string& text);

}  // namespace interimap::bed
