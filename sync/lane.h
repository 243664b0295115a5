// Copies messages from one server to the other, one direction. While one window of bodies is downloaded the
// one before is being appended and the one before that committed.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <vector>

#include "store/store.h"
#include "sync/changes.h"
#include "sync/log.h"
#include "sync/reconcile.h"
#include "sync/server.h"

namespace interimap {

class Lane {
 public:
  Lane(Server& source, Server& target, store::Store& store, Log& log)
      : source_(source), target_(target), store_(store), log_(log) {}

  // What a mailbox is to get. `targetNext`: a UIDNEXT that the target had before the first APPEND of this
  // pass.
  struct Load {
    const Mailbox* mailbox;
    std::vector<Fresh> fresh;
    UidNext targetNext;
    UidValidity targetValidity;
    Access access;  // to the target
    bool again;     // not the first try in this run
  };
  void add(Load load);

  // Does what can be done without waiting; whether anything was.
  bool advance();
  bool finished() const { return at_ == loads_.size() && fetching_.empty() && appending_.empty(); }
  std::uint64_t total() const { return total_; }      // messages
  std::uint64_t copied() const { return finished_; }  // messages done with, in whatever way
  std::uint64_t octets() const { return octets_; }

  // Mailboxes that something was sent to, so that the target has news.
  const std::set<const Mailbox*>& appendedTo() const { return appendedTo_; }
  // Mailboxes of which the source did not send all that it had listed.
  const std::set<const Mailbox*>& incomplete() const { return incomplete_; }
  // Mailboxes in which the target gave a UID out twice: given up for this run.
  const std::set<const Mailbox*>& confused() const { return confused_; }

 private:
  struct Fetching {
    const Load* load;
    UidSet uids;
    std::uint64_t size;
    Reply<FetchedBodies> reply;
  };
  struct Appending {
    const Load* load;
    std::vector<answer::WindowMessage> messages;
    std::uint64_t size;
    bool together;
    Descriptor bodies;  // kept for a second try, one by one
    Reply<answer::Appended> reply;
  };

  bool fetch();
  void reserve();
  bool commit();  // results of finished APPENDs, intents of the next ones
  std::vector<Appending> take(Fetching& fetching);
  void send(Appending appending);
  // Records what became of a window; gives back what has to be tried again.
  std::vector<Appending> settle(Appending& appending);
  void owe(const Load& load, Uid uid);
  bool isTaken(const Load& load, Uid source, Uid copy) const;
  void confuse(const Load& load, Uid source, Uid copy);
  void giveUp(const Load& load, Uid uid, store::Refusal why, const std::string& reply);

  Server& source_;
  Server& target_;
  store::Store& store_;
  Log& log_;
  std::deque<Load> loads_;        // windows point to them: none is removed
  std::size_t at_ = 0, cut_ = 0;  // the load to go on with, and how many of its messages are in windows
  std::size_t reserved_ = 0;      // of the messages that follow: written down as intended
  std::deque<Fetching> fetching_;
  std::deque<Appending> appending_;
  std::uint64_t inFlight_ = 0;  // octets, as far as the sizes are known
  std::uint64_t total_ = 0, finished_ = 0, octets_ = 0;
  std::set<const Mailbox*> appendedTo_, incomplete_, confused_;
};

}  // namespace interimap
