// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Generated mail, the same for the same seed: ordinary and odd messages, flags, dates, mailbox names.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace interimap::bed {

struct Message {
  std::string text;  // CRLF line ends; no two messages of a corpus are the same
  std::vector<std::string> flags;
  std::string internalDate;  // "02-Feb-2021 03:04:05 +0100"
};

enum class Keywords { none, some };

class Corpus {
 public:
  explicit Corpus(std::uint64_t seed, Keywords keywords = Keywords::some)
      : random_(seed), seed_(seed), keywords_(keywords) {}

  // Median about 8 KiB, one in a thousand of one to three megabytes. Also: empty bodies, 8-bit, lines of
  // thousands of octets, leading dots, attachments, Message-IDs used twice or missing.
  Message message();
  Message smallMessage();  // under 2 KiB, otherwise as odd
  std::vector<Message> messages(std::size_t count);
  std::vector<Message> smallMessages(std::size_t count);

  std::vector<std::string> flags();
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

 private:
  Message make(std::size_t size);
  std::string header(std::string_view contentType);
  std::string words(std::size_t size);
  std::string date();

  std::mt19937_64 random_;
  std::uint64_t seed_;
  Keywords keywords_;
  std::uint64_t serial_ = 0;
  std::string lastMessageId_;
};

// Hierarchical and odd names in modified UTF-7, INBOX left out; none holds `.` or `/` other than as
// delimiter.
std::vector<std::string> mailboxNames(char delimiter);

// The few names that no server minds.
std::vector<std::string> plainMailboxNames(char delimiter);

}  // namespace interimap::bed
