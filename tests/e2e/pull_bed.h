// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// An IMAP server, a sink, and pullimap from one to the other.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/e2e/bed.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/pullimap.h"
#include "tests/e2e/sink.h"

namespace interimap::bed {

inline constexpr const char* kRecipient = "alice@example.test";

// "Subject: one" and a body; from bob@example.net.
inline Message mail(const std::string& subject, const std::string& body = "words\r\n",
                    const std::string& from = "bob@example.net") {
  return {.text = "From: " + from + "\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject +
                  "@example.net>\r\nDate: Mon, 01 Feb 2021 03:04:05 +0000\r\n\r\n" + body,
          .flags = {},
          .internalDate = "02-Feb-2021 03:04:05 +0000"};
}

inline std::vector<Message> mails(const std::string& subject, std::size_t count) {
  std::vector<Message> all;
  for (std::size_t i = 1; i <= count; ++i) all.push_back(mail(subject + std::to_string(i)));
  return all;
}

// Of each message of a mailbox, by UID.
std::map<std::uint32_t, std::set<std::string>> flagsOf(ImapClient client,
                                                       const std::string& mailbox = "INBOX");
std::string seenUids(ImapClient client, const std::string& mailbox = "INBOX");  // "1 2 5"
std::string uidsWith(ImapClient client, const std::string& flag, const std::string& mailbox = "INBOX");

// What a header field says; empty if there is none.
std::string headerField(const std::string& text, const std::string& name);
// Subjects of what was taken over, in that order: "one two".
std::string subjects(const std::vector<SinkMessage>& messages);
// Those twice or more often for one recipient, each with its number.
std::map<std::string, unsigned> duplicates(const std::vector<SinkMessage>& messages);

// UIDs of the log lines that say this, and in how many.
std::map<std::uint32_t, unsigned> uidsOf(const std::string& log, std::string_view phrase);
inline constexpr const char* kInDoubt = "may have been delivered";

struct PullBed {
  explicit PullBed(SinkOptions sinkOptions = {}, std::vector<std::string> options = {},
                   DovecotOptions serverOptions = {});

  ImapClient alice() const { return server.client("alice"); }
  void append(const std::vector<Message>& messages, const std::string& mailbox = "INBOX") const {
    alice().append(mailbox, messages);
  }
  std::string delivered() const { return subjects(sink.messages()); }
  // The keys of the section, beside these; replaces what was set before.
  void set(std::vector<std::string> options);

  Directory directory;
  Dovecot server;
  Sink sink;
  Pullimap program;

 private:
  static std::vector<std::string> complete(const Sink& sink, std::vector<std::string> options);
  static SinkOptions located(SinkOptions options, const Directory& directory);
};

inline void checkStatus(const Run& run, int expected) {
  INFO(run.log());
  CHECK(run.exitStatus == expected);
}
// Every one of these stands in the log.
inline void checkSays(const Run& run, const std::vector<std::string>& texts) {
  INFO(run.log());
  for (const std::string& text : texts) {
    CAPTURE(text);
    CHECK(run.says(text));
  }
}
inline void checkNoViolations(const Sink& sink) {
  std::string all;
  for (const std::string& violation : sink.violations()) all += violation + "\n";
  CHECK(all == "");
}

}  // namespace interimap::bed
