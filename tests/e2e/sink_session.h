// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One connection to a sink: the server's half of SMTP and LMTP.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "tests/e2e/fake_wire.h"
#include "tests/e2e/sink.h"

namespace interimap::bed {

class Sink::Session {
 public:
  Session(Sink& sink, int socket, unsigned number) : sink_(sink), wire_(socket), socket_(socket) {
    message_.connection = number;
  }
  void serve();  // until it ends

 private:
  struct Closed {};

  void more();
  std::string line();
  void say(std::string_view octets);
  // The ordinary reply, or what the test wants in its place; true if the reply was a positive one.
  // It is one about these recipients of the message.
  bool answer(const std::string& command, const std::string& ordinary,
              const std::vector<std::string>& recipients = {});
  bool interfere(const SinkReply& reply, const std::string& ordinary,
                 const std::vector<std::string>& recipients);
  void violation(const std::string& what);
  void hang();

  void execute(const std::string& command);
  void hello(const std::string& command, bool extended);
  std::string extensions() const;
  void startTls();
  void authenticate(const std::string& command);
  void mail(const std::string& command);
  void rcpt(const std::string& command);
  void data(const std::string& command);
  void bdat(const std::string& command);
  void endOfData();
  void takeOver(const std::vector<std::string>& recipients);
  void reset();

  bool offers(std::string_view extension) const;
  bool mayPipeline(std::string_view verb) const;
  std::string readData();
  void judgeText(std::string_view text);

  Sink& sink_;
  FakeWire wire_;
  int socket_;
  std::string buffer_;
  SinkMessage message_;
  bool open_ = false;  // MAIL was accepted
};

}  // namespace interimap::bed
