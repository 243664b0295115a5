// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Copies messages over one connection to each server, one direction. While one window of bodies is downloaded
// the one before is being appended and the one before that committed. Windows are asked for as long as there
// is room for them; one that has come waits for its turn where the target has as much unanswered as it may.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "ipc/launch.h"
#include "store/store.h"
#include "sync/copying/allowance.h"
#include "sync/copying/copies.h"
#include "sync/copying/fresh.h"
#include "sync/copying/origins.h"
#include "sync/copying/pace.h"
#include "sync/copying/room.h"
#include "sync/mailboxes/access.h"
#include "sync/mailboxes/mailbox.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

// What became of messages, over all lanes of a direction.
struct Tally {
  // Of each mailbox, where the target says that the copies are.
  std::map<const Mailbox*, Copies> copies;
  // The newest messages of each mailbox of which there are copies, and their headers (store::kLandmarks).
  std::map<const Mailbox*, std::map<Uid, HeaderDigest>> landmarks;
  // Of each mailbox, what the target has stored without saying where; UIDs of the source.
  std::map<const Mailbox*, UidSet> unnamed;
  // Messages done with, in whatever way, and octets that were copied, of those that were listed.
  Progress progress;
  std::map<const Mailbox*, Progress> progressOf;
  void expect(const Mailbox* mailbox, std::uint64_t messages, std::uint64_t octets) {
    for (Progress* each : {&progress, &progressOf[mailbox]}) {
      each->ofMessages += messages;
      each->ofOctets += octets;
    }
  }
  void finish(const Mailbox* mailbox, std::uint64_t messages = 1, std::uint64_t octets = 0) {
    for (Progress* each : {&progress, &progressOf[mailbox]}) {
      each->messages += messages;
      each->octets += octets;
    }
  }
  // Of each mailbox, copies that the target has made of messages of its own. What flags those have is still
  // to be seen.
  std::map<const Mailbox*, UidSet> copiedThere;
  // Mailboxes that something was sent to, so that the target has news.
  std::set<const Mailbox*> appendedTo;
  // Mailboxes of which not all was copied that had been listed.
  std::set<const Mailbox*> incomplete;
  // Mailboxes of which the source did not send all that it was asked for.
  std::set<const Mailbox*> owed;
  // Mailboxes in which the target gave a UID out twice: given up for this run.
  std::set<const Mailbox*> confused;
  // Mailboxes of which some messages are left for another day.
  std::set<const Mailbox*> putOff;
  // Mailboxes to which something may still be on its way, over a connection that is lost.
  std::set<const Mailbox*> unanswered;
};

class Lane {
 public:
  Lane(Server& source, Server& target, store::Store& store, Log& log, Room& room, Tally& tally,
       Allowance& allowance, Origins& origins)
      : source_(source),
        target_(target),
        store_(store),
        log_(log),
        tally_(tally),
        allowance_(allowance),
        origins_(origins),
        share_(room),
        pace_(lossesAtAppend()) {}
  Lane(const Lane&) = delete;

  // What a mailbox is to get. `targetNext`: a UIDNEXT that the target had before the first APPEND of this
  // pass.
  struct Load {
    const Mailbox* mailbox;
    std::vector<Fresh> fresh;
    UidNext targetNext;
    UidValidity sourceValidity, targetValidity;
    Access access;  // to the target
    bool byItself;  // nothing else is asked for meanwhile: what does not come now is left to the next run
    // The target hung up at an APPEND of these: it gets them without their keywords. The next pass misses
    // those on the copies, and stores them.
    bool withoutKeywords = false;
    // Of those that the target has already in some mailbox. They come first, those of a mailbox together.
    std::map<Uid, Origin> origins{};
  };
  void add(Load load);

  // Does what can be done without waiting; whether anything was.
  bool advance();
  // Nothing is left to ask for, and little is to come.
  bool wantsMore() const { return at_ == loads_.size() && fetching_.size() < 2; }
  bool finished() const {
    return (at_ == loads_.size() || isBroken()) && fetching_.empty() && appending_.empty();
  }
  // Messages that were sent, and of which nobody knows yet whether they are there.
  std::size_t unanswered() const;
  // Writes down what was answered, and begins nothing.
  void settleAnswered();
  // A connection is lost. Once finished, what was not begun is to be copied by another lane.
  bool isBroken() const { return source_.isLost() || target_.isLost(); }
  std::vector<Load> leftOver();

 private:
  // Where the messages of a window are on the target, and what they look like there.
  struct There {
    Origins::Place place;
    std::map<Uid, Origin> origins;
    Reply<answer::Selected> selected;
    Reply<FetchedBodies> reply;
  };
  struct Fetching {
    const Load* load;
    UidSet uids;
    std::uint64_t octets;  // about
    bool together;         // to be appended
    bool bare;             // without keywords
    Room::Place place;
    Reply<answer::Selected> selected;
    Reply<FetchedBodies> reply;
    std::optional<There> there{};  // to be copied from

    bool ready() const { return reply.ready() && (!there || there->reply.ready()); }
  };
  struct Appending {
    const Load* load;
    std::vector<answer::WindowMessage> messages;
    std::uint64_t octets;
    Room::Place place;
    bool together, bare;
    Descriptor bodies;  // until it is sent
    Pace::Sent sent;
    Reply<answer::Appended> reply;
    // To be copied by the target: from where, and in the order of the messages.
    struct From {
      Origins::Place place;
      UidSet uids;
      Reply<answer::Selected> selected;
    };
    std::optional<From> from{};
  };

  // What was refused together, or with keywords, and is to be fetched once more.
  struct Again {
    const Load* load;
    UidSet uids;
    std::uint64_t octets;
    bool bare;
  };

  struct Cut {
    std::size_t end;
    std::uint64_t octets;
  };

  std::size_t lossesAtAppend() const;
  void makeRoom();
  bool fetch();
  void fetch(const Load& load, UidSet uids, std::uint64_t octets, bool together, bool bare);
  // Where a window ends that begins at `from`.
  Cut cut(const Load& load, std::size_t from, std::size_t most, std::uint64_t mostOctets) const;
  void putOff();
  void reserve();
  bool commit();  // results of finished APPENDs, intents of the next ones
  bool maySend(std::uint64_t besides) const;
  // The mailbox was still the same when it was selected.
  static bool isStill(Reply<answer::Selected>& selected, UidValidity validity);
  void fetchToCopy(const Load& load, UidSet uids, Origins::Place place);
  bool isToCopy(const Load& load, std::size_t at) const;
  std::vector<Appending> take(Fetching& fetching);
  std::optional<Appending> takeToCopy(Fetching& fetching);
  void fetchRest(Fetching& fetching, const UidSet& missing);
  void send(Appending appending);
  // Records what became of a window; gives back what has to be tried again, one by one.
  Again settle(Appending& appending);
  void noteLandmarks(const Appending& window, const UidSet& copied);
  bool withdraw();
  void leaveOutKeywords(const Load& load, const answer::WindowMessage& message, const std::string& reply);
  void owe(const Load& load, Uid uid);
  void postpone(const Load& load, Uid uid);
  void leaveUnsent(const Load& load, Uid uid);
  bool map(const Load& load, const answer::WindowMessage& message, Uid copy);
  store::Pair pair(const answer::WindowMessage& message, Uid copy) const;
  void confuse(const Load& load, Uid source, Uid copy);
  void giveUp(const Load& load, Uid uid, store::Refusal why, const std::string& reply);

  Server& source_;
  Server& target_;
  store::Store& store_;
  Log& log_;
  Tally& tally_;
  Allowance& allowance_;
  Origins& origins_;
  Room::Share share_;
  Pace pace_;
  std::deque<Load> loads_;        // windows point to them: none is removed
  std::size_t at_ = 0, cut_ = 0;  // the load to go on with, and how many of its messages are in windows
  std::size_t reserved_ = 0;      // of the messages that follow: written down as intended
  std::deque<Fetching> fetching_;
  std::deque<Appending> appending_;
  std::map<std::pair<const Mailbox*, Uid>, unsigned> refusals_;  // for now, while others were taken
};

}  // namespace interimap
