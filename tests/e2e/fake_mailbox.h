// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The mailboxes of a fake server: RFC 3501 and RFC 7162 as a data structure, nothing on disk.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/e2e/imap_client.h"

namespace interimap::bed {

struct FakeMessage {
  std::uint32_t uid = 0;
  std::uint64_t modSeq = 0;
  std::set<std::string> flags;
  std::string internalDate;
  std::string text;
  std::string envelope = {};  // as it is sent; empty: one of NILs
};

struct FakeMailbox {
  std::uint32_t uidValidity = 1;
  std::uint64_t uidNext = 1;
  std::uint64_t highestModSeq = 1;
  bool subscribed = false;
  std::vector<FakeMessage> messages;                              // by UID
  std::vector<std::pair<std::uint32_t, std::uint64_t>> vanished;  // UID, mod-sequence

  std::vector<std::uint32_t> uids() const;
  std::uint32_t add(std::string text, std::set<std::string> flags = {},
                    std::string internalDate = "02-Feb-2021 03:04:05 +0000");
  void setFlags(FakeMessage& message, std::set<std::string> flags);
  void expunge(std::uint32_t uid);

  // The items of a FETCH response, in the order asked for: UID FLAGS MODSEQ INTERNALDATE RFC822.SIZE
  // ENVELOPE, BODY[], BODY.PEEK[…] whole, HEADER or HEADER.FIELDS.
  static std::string fetch(const FakeMessage& message, const std::vector<Value>& items);
};

// A sequence-set over the UIDs 1 to `largest`, which "*" stands for.
class FakeSet {
 public:
  FakeSet(std::string_view text, std::uint32_t largest);
  bool contains(std::uint32_t uid) const;

 private:
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges_;
};

std::string upper(std::string text);
std::string setOf(const std::vector<std::uint32_t>& uids);

}  // namespace interimap::bed
