// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What one simulated server holds: mailboxes, messages, flags, UIDs, mod-sequences.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ipc/imap.h"
#include "tests/model/history.h"

namespace interimap::model {

struct HeldMessage {
  std::uint32_t uid, serial;
  FlagBits flags;
  std::uint64_t modSeq;
  bool dated = true;     // as its looks have it
  std::uint64_t id = 0;  // what its server calls it, wherever it is moved or copied to
};

struct HeldMailbox {
  std::uint32_t incarnation = 0;  // a session ends for those that had another one selected
  std::uint32_t uidValidity = 1;
  std::uint32_t uidNext = 1;
  std::uint64_t highestModSeq = 1;
  std::vector<HeldMessage> messages;                              // by UID
  std::vector<std::pair<std::uint32_t, std::uint64_t>> expunged;  // UID, mod-sequence

  // `id`: 0 for one that nobody has had yet.
  HeldMessage& append(std::uint32_t serial, FlagBits flags, bool dated = true, std::uint64_t id = 0);
  HeldMessage* bySerial(std::uint32_t serial);
  std::size_t count(std::uint32_t serial) const;
  HeldMessage* byUid(std::uint32_t uid);
  void setFlags(HeldMessage& message, FlagBits flags);  // a new mod-sequence if they are others
  void expunge(std::uint32_t uid);
  void renumber(std::uint32_t newValidity);
  void reincarnate();
};

struct Account {
  Setup setup;
  std::uint32_t lastValidity = 1;
  std::map<std::string, HeldMailbox> mailboxes;  // names as the database spells them
  std::map<std::string, HeldMailbox> backups;
  std::set<std::string> subscribed;
  bool madeParents = false;        // by a CREATE of this run: the next one will find them
  std::set<std::uint32_t> poison;  // serials that are refused
  std::set<std::uint32_t> hangs;   // serials at which the connection ends
  // What the engine has last found \Deleted, when it looked for that: mailboxes and UIDs.
  std::set<std::pair<std::string, std::uint32_t>> seenMarked;

  HeldMailbox* find(const std::string& name);
  // The mailbox and the message; null if it is not there.
  std::pair<const std::string*, HeldMessage*> bySerial(std::uint32_t serial);
  void create(const std::string& name);
  // With what is below it; the new names. Nothing if one of those is taken.
  std::vector<std::string> rename(const std::string& from, const std::string& to);
  std::string wire(std::string name) const;
  std::string name(std::string wire) const;
};

// What a message looks like to the engine; its body has more, the serial.
struct Looks {
  HeaderDigest header;
  InternalDate date;
  std::uint64_t size;  // octets

  static Looks of(std::uint32_t looks);
};

}  // namespace interimap::model
