// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What pullimap knows of the mailboxes it empties: which messages were delivered, which were not and why. One
// SQLite file in the place of the reference's state file, which is imported when it is found there.
//
// Used by sync alone, in one thread. The file is locked from the constructor to the destructor, in the
// reference's way, too. Errors are Failures that name the file. Nothing is written but within write(), and
// each commit passes one seam where a test can stop the process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ipc/identity.h"
#include "ipc/mailbox_name.h"
#include "ipc/uid.h"
#include "ipc/uid_set.h"
#include "store/store.h"

namespace interimap::store {

// Every message below `uidNext` is known: settled, or open.
struct PulledMailbox {
  MailboxId id;
  UidValidity uidValidity;  // 0: never seen, or imported so
  UidNext uidNext{1};
  // Everything below was settled by the reference, and its identity is not yet known here. 0: nothing is.
  UidNext imported;
};

// How a message came to be done with. The numbers are in the file. Only what this state saw delivered is ever
// purged: of what a state file of the reference covers nobody knows which were delivered and which skipped.
enum class Settlement : std::uint8_t {
  delivered = 0,
  imported = 1,  // delivered or skipped, says a state file of the reference
  skipped = 2,   // --no-delivery
  purged = 3,    // delivered, and removed from the server by us
};

struct SettledMessage {
  Uid uid;
  Settlement how = Settlement::delivered;
  Identity identity;        // all zero: not known
  bool seen = false;        // \Seen was stored on the server
  ContentDigest content{};  // all zero: not known
  ContentDigest hop{};      // of its topmost Received field; all zero: it has none
};

// What became of an open message for one recipient. The numbers are in the file.
enum class Fate : std::uint8_t {
  delivered = 0,
  deferred = 1,
  refused = 2,
  unknown = 3,
  held = 4,  // not handed over by us: it seems to go round in a loop
};

struct RecipientFate {
  std::string recipient;
  Fate fate = Fate::deferred;
  std::string reply;    // at most kMostReply octets
  std::int64_t at = 0;  // seconds since 1970
  bool operator==(const RecipientFate&) const = default;
};

// A message that was tried, and is not delivered to all.
struct OpenMessage {
  Uid uid;
  Identity identity;
  std::uint32_t attempts = 0;
  std::int64_t next = 0;  // not to be tried before; seconds since 1970
  bool marked = false;    // has the keyword that tells of the failure
  std::vector<RecipientFate> fates;
  ContentDigest content{};  // all zero: not known

  bool has(Fate fate) const;
  bool waits() const { return has(Fate::deferred) || has(Fate::unknown) || has(Fate::held); }
};

// How many open messages wait for another attempt, and how many were refused for good.
struct Undelivered {
  std::uint64_t deferred = 0, refused = 0;
};

class PullState {
 public:
  static constexpr std::size_t kMostReply = 1024;

  // A file is created (mode 0600) if `create` and there is none. A state file of the reference is imported
  // for `first`. Failures: tryAgain if it is locked; data if it is corrupt or none of ours; cantCreate.
  // `shown` is what the file is called outside, if the root directory has been changed.
  PullState(const std::string& directory, const std::string& name, bool create, const WireName& first,
            Seam seam = {}, const std::string& shown = {});
  // Only looks, and writes nothing; at a file that is there.
  PullState(ToLook, const std::string& directory, const std::string& name, const std::string& shown);
  ~PullState();
  PullState(const PullState&) = delete;
  PullState& operator=(const PullState&) = delete;

  // What was imported just now, and where the copy is: to be told.
  const std::optional<std::string>& importNotice() const { return importNotice_; }

  // One transaction. Rolled back if `changes` throws.
  void write(const char* what, const std::function<void()>& changes);

  std::optional<std::string> account() const;
  void setAccount(const std::string& name);

  std::vector<std::string> mailboxes() const;  // names, in their order
  std::optional<PulledMailbox> mailbox(const WireName& name) const;
  MailboxId addMailbox(const WireName& name, UidValidity uidValidity);
  void setUidNext(MailboxId id, UidNext uidNext);
  void setCatalogued(MailboxId id);  // nothing of what was imported is unknown any more
  // Everything known of the mailbox's messages goes; what is recognised is put back by the caller.
  void startOver(MailboxId id, UidValidity uidValidity);

  // The message is open no more, and in nobody's hands. Whether it was seen stays as it was.
  void settle(MailboxId id, const SettledMessage& message);
  std::vector<SettledMessage> settled(MailboxId id, UidNext from = UidNext{1}) const;
  std::uint64_t countSettled(MailboxId id, Settlement how) const;
  std::vector<SettledMessage> newestSettled(MailboxId id, std::size_t most) const;  // the newest first
  UidSet settledUids(MailboxId id, UidNext from) const;
  UidSet unseen(MailboxId id) const;
  void setSeen(MailboxId id, const UidSet& uids);
  // What was delivered, and by which content it is known: to be held against what is there now.
  std::vector<std::pair<Uid, ContentDigest>> purgeable(MailboxId id) const;
  void setPurged(MailboxId id, const UidSet& uids);  // kept, to be known again if a backup brings them back
  void forget(MailboxId id, const UidSet& uids);     // settled messages that are gone from the server

  void put(MailboxId id, const OpenMessage& message);  // in nobody's hands any more
  void setMarked(MailboxId id, Uid uid, bool marked);
  void drop(MailboxId id, Uid uid);                   // an open message that is gone from the server
  std::vector<OpenMessage> open(MailboxId id) const;  // by UID
  Undelivered undelivered(MailboxId id) const;
  // When the first of the messages that are to be tried again is due; nothing if there are none.
  std::optional<std::int64_t> nextDue() const;

  // Messages that delivery is about to get. What is still here when the state is opened may have been
  // delivered.
  void handOver(MailboxId id, Uid uid);
  void takeBack(MailboxId id, Uid uid);  // certain to have come to nothing
  UidSet handedOver(MailboxId id) const;

  // The state of `name` as a file of the reference, with which that one goes on where this one stopped.
  std::string exported(const WireName& name) const;

  std::string check() const;  // for tests: "ok", or what SQLite finds wrong with the file

 private:
  struct Found {
    bool isNew;
    std::int64_t version;
  };
  Found inspect();
  bool open();
  void upgrade(std::int64_t version);
  void createTables();
  void import(const std::string& octets, const WireName& first);

  std::string path_, shown_;
  Descriptor lock_;  // before the database: closing it would give up SQLite's locks
  std::unique_ptr<Database> database_;
  Seam seam_;
  std::optional<std::string> importNotice_;
};

}  // namespace interimap::store
