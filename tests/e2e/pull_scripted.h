// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// pullimap between a scripted IMAP server and a sink.
#pragma once

#include "tests/e2e/fake_server.h"
#include "tests/e2e/pull_bed.h"

namespace interimap::bed {

struct PullScripted {
  explicit PullScripted(SinkOptions sinkOptions = {}, FakeOptions serverOptions = {},
                        std::vector<std::string> options = {})
      : server(std::move(serverOptions)),
        sink(std::move(sinkOptions)),
        program(directory / "program", {{"work", cleartext(server.port(), "bob")}},
                complete(std::move(options))) {}

  void add(const std::string& text, const std::string& envelope = "") {
    server.access([&](auto& mailboxes) {
      FakeMailbox& inbox = mailboxes["INBOX"];
      inbox.add(text);
      inbox.messages.back().envelope = envelope;
    });
  }
  void add(const std::vector<Message>& messages) {
    for (const Message& message : messages) add(message.text);
  }
  std::string delivered() const { return subjects(sink.messages()); }
  std::vector<std::string> complete(std::vector<std::string> options) const {
    options.insert(options.begin(),
                   {"deliver-method = " + sink.method(), std::string("deliver-rcpt = ") + kRecipient});
    return options;
  }

  Directory directory;
  FakeServer server;
  Sink sink;
  Pullimap program;
};

}  // namespace interimap::bed
