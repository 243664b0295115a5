// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// LIST on both servers: which mailboxes there are, and how each server spells them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ipc/launch.h"
#include "ipc/side.h"
#include "sync/mailboxes/hierarchy.h"
#include "sync/mailboxes/mailbox_plan.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

class Lists {
 public:
  Lists(const settings::Sync& settings, Both<Server*> servers, Log& log)
      : settings_(settings), servers_(servers), log_(log) {}

  // The prefixes that this database was begun with; none: it is begun now, with those that the servers tell
  // of, or with none at all unless `mayBegin`.
  void usePrefixes(Both<std::optional<std::string>> begunWith, bool mayBegin);
  // In front of the names on that side but INBOX, without being asked for: of the personal namespace.
  const std::string& prefix(Side side) const { return prefix_[side].text; }
  // What the settings ask for, with subscriptions and STATUS. Sends, waits, sorts out. Throws ServerFailure
  // and Failure: LIST refused, delimiters that do not go together.
  void fetch();
  // As above, for exactly these and what is below them, whatever the settings say.
  void fetchNamed(std::vector<MailboxName> names);
  // A MAILBOX argument: spelled with the local delimiter, which is asked for if need be, below the reference.
  MailboxName named(const std::string& argument);
  // Which of these are listed on that side now, under exactly that name.
  std::set<MailboxName> listedNow(Side side, const std::vector<MailboxName>& names);
  // Reports MAILBOX arguments that no mailbox of the last listing answers to, with what may have been meant.
  void reportUnmatched();
  // The same for one of a command.
  void reportUnmatched(const std::string& argument);
  // \All, \Flagged, \Important: each message would come twice, and none could be expunged. Left out on both
  // sides, unless they are named.
  // So is what has another mailbox's name by the map, and that one.
  bool isLeftOut(const MailboxName& name) const {
    return leftOut_.contains(name) || confused_.contains(name);
  }
  void reportLeftOut();
  // What a mailbox is to be made for on that side: what it is for on the other, unless one is there already.
  std::uint8_t usesToCreate(Side side, const MailboxName& name) const;
  // Whether the same is below both names on both servers, so that RENAME takes the same along.
  bool movesWhole(const MailboxName& from, const MailboxName& to) const;
  // Empty mailboxes on that side that an installation has made for a moment (probe.h). Not in the listing.
  const std::vector<answer::StatusEntry>& probes(Side side) const { return probes_[side]; }
  // Whether the settings leave nothing out, and no line was lost, so that what is not listed is not there.
  bool complete() const;
  // A line of the last listing could not be read: what is missing there may be there all the same.
  bool hasHole(Side side) const { return hole_[side]; }
  // The words of a server that did not tell, the last time, what is subscribed; empty: it did.
  const std::string& whyNoSubscriptions(Side side) const { return noSubscriptions_[side]; }

  const Hierarchy& hierarchy(Side side) const { return *hierarchy_[side]; }
  Listing& listing(Side side) { return listing_[side]; }
  const Listing& listing(Side side) const { return listing_[side]; }
  // Whether there is such a mailbox, as of the last listing.
  bool exists(Side side, const MailboxName& name) const {
    auto it = listing_[side].find(name);
    return it != listing_[side].end() && it->second.exists;
  }

 private:
  struct Prefix {
    std::optional<std::string> begunWith = std::string();
    bool settled = false;
    std::string text;
    std::vector<std::string> outside;  // names that are not below it
  };
  struct Heard {
    std::vector<answer::ListEntry> entries;
    std::vector<answer::StatusEntry> statuses;
    std::size_t nameOctets = 0, statusOctets = 0;
  };
  request::List request(Side side) const;
  bool isEverything() const;  // asked for, so that nothing has to be known before
  void exchangeLists();
  const std::string& reference(Side side) const { return settings_.of[side].reference; }
  std::vector<std::string> everyName();
  Reply<Nothing> send(Side side, request::List list);
  void waitFor(Both<std::vector<Reply<Nothing>>> replies);
  bool settlePrefixes();
  Hierarchy spelling(Side side) const;
  Hierarchy whole(Side side) const;
  void addPattern(Side side, std::vector<std::string>& patterns, std::string pattern) const;
  void fetchDelimiters();
  void settleDelimiters();
  void prepareNames();
  void fetchUses();
  void settleMap();
  std::vector<NameMap::Entry> configuredMap() const;
  void mapUses(std::vector<NameMap::Entry>& entries);
  bool isMeant(const MailboxName& name) const;
  void findConfused();
  void leaveOut();
  void takeProbes(Side side);
  void sortOut();
  void fetchUnselected();

  const settings::Sync& settings_;
  Both<Server*> servers_;
  Log& log_;
  std::optional<std::vector<MailboxName>> names_;       // only these, and what is below them
  Both<std::optional<std::optional<char>>> delimiter_;  // unknown, or one, or NIL
  Both<Heard> heard_;                                   // until it is sorted out
  Both<bool> hole_;
  Both<std::string> noSubscriptions_;
  std::map<MailboxName, std::pair<Side, const char*>> leftOut_;
  Both<std::optional<Hierarchy>> hierarchy_;
  Both<Prefix> prefix_;
  std::shared_ptr<const NameMap> map_;  // none yet, or none wanted
  std::set<MailboxName> confused_;
  Both<Listing> listing_;
  Both<std::vector<answer::StatusEntry>> probes_;
};

}  // namespace interimap
