// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One server, as sync sees it: every call sends its request at once and returns a Reply to wait for. Calling
// is pipelining: the net process writes the commands in the order of the calls.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ipc/imap.h"
#include "ipc/launch.h"
#include "store/store.h"
#include "sync/peers/exchange.h"
#include "sync/peers/means.h"
#include "sync/peers/seam.h"

namespace interimap {

// What a request is about, should the connection be lost over it. None: nothing that could be left out.
struct Asked {
  std::optional<store::Hangup::Asked> what;
  WireName mailbox{};
  UidSet uids{};  // that have not been answered yet; at least the last one

  void answered(Uid uid) {
    if (uids.size() > 1) uids.remove(UidSet::single(uid));
  }
};

// A request, or the pieces that one was split into, on its way.
struct Pending {
  virtual ~Pending() = default;
  Asked asked{};
  unsigned outstanding = 0;  // pieces not yet done
  answer::Done done;         // the first that was not OK, else the last
  // Takes an answer other than Done; PeerViolation if it is none for this request.
  virtual void take(Answer answer) = 0;
};

// The answer to come, with a Value that is complete once ready(). done tells how the server took the command.
template <typename Value>
class Reply {
 public:
  struct State : Pending {
    Value value;
    std::function<void(Answer, Value&)> onAnswer;
    void take(Answer answer) override { onAnswer(std::move(answer), value); }
  };

  Reply() = default;
  Reply(std::shared_ptr<State> state, Exchange& exchange) : state_(std::move(state)), exchange_(&exchange) {}

  bool ready() const { return state_->outstanding == 0; }
  // Waits. The value stays with the reply.
  Value& get() {
    while (!ready()) exchange_->turn();
    return state_->value;
  }
  const answer::Done& done() {
    get();
    return state_->done;
  }

 private:
  std::shared_ptr<State> state_;
  Exchange* exchange_ = nullptr;
};

struct Nothing {};

// A window of bodies, cut where net had to.
struct FetchedBodies {
  struct Part {
    std::vector<answer::WindowMessage> messages;
    Descriptor bodies;
  };
  std::vector<Part> parts;
  std::vector<Uid> tooLarge;
};

class Server {
 public:
  using OnListed = std::function<void(const answer::ListEntry&)>;
  using OnStatus = std::function<void(const answer::StatusEntry&)>;
  using OnMessage = std::function<void(const answer::Message&)>;
  using OnVanished = std::function<void(const UidSet&)>;

  // Whether the loss of the connection ends the run, or only that of this Server.
  enum class Loss : std::uint8_t { endsAll, isBearable };

  Server(Side side, Channel channel, Exchange& exchange, Seam& seam, Loss loss = Loss::endsAll);
  ~Server();
  Server(const Server&) = delete;

  Side side() const { return side_; }
  const char* name() const { return side_ == Side::local ? "local" : "remote"; }

  // What each means stands with its namesake in ipc/imap.h. Sets of any size may be given.
  // The first request: what may be used of this server.
  // `greeting`: Means::greeting of the last time.
  Reply<Means> enable(Purpose purpose, const std::string& greeting = "");
  Reply<Nothing> list(request::List list, OnListed onListed, OnStatus onStatus);
  Reply<answer::Selected> select(const WireName& mailbox, std::optional<request::Known> known,
                                 OnMessage onMessage, OnVanished onVanished);
  // What is known now; to be asked for once enable() is answered.
  const Means& means() const { return means_; }
  // Selects unless this mailbox was the last to be selected here: for commands on messages we know already.
  // The reply to its SELECT: where a wrong message would be harmed, look at its UIDVALIDITY first, as UIDs
  // may have come to mean others since the mailbox was selected before.
  Reply<answer::Selected> ensureSelected(const WireName& mailbox);
  Reply<Nothing> fetch(const UidSet& uids, request::Fetch::Items items, OnMessage onMessage,
                       ModSeq changedSince = {});
  Reply<FetchedBodies> fetchBodies(request::FetchBodies fetch);
  // The same of messages that go without their bodies: one part, with sizes as the server tells them.
  Reply<FetchedBodies> fetchWithoutBodies(const UidSet& uids);
  Reply<UidSet> search(const UidSet& uids, std::chrono::year_month_day before);
  Reply<UidSet> search(const UidSet& uids, const Flags& with = {});
  // `sources`: the UIDs of these messages on the other server.
  Reply<answer::Appended> append(request::Append append, Descriptor bodies, UidSet sources = {});
  Reply<Nothing> store(const UidSet& uids, request::Store::Change change, const Flags& flags,
                       OnMessage onMessage);
  // What the server says is gone.
  Reply<UidSet> expunge(const UidSet& uids, request::Expunge::Step step = request::Expunge::Step::both);
  Reply<UidSet> move(const UidSet& uids, const WireName& to);
  // Within this server, from the mailbox that is selected; at most kMostCopied. `sources`: as for append().
  Reply<answer::Appended> copy(const UidSet& uids, const WireName& to, UidSet sources);
  Reply<Nothing> manage(request::Manage::Verb verb, const WireName& mailbox, const WireName& to = {},
                        std::uint8_t uses = 0);
  Reply<Nothing> watch(const WireName& mailbox, std::uint32_t seconds, bool all);  // done: there is news
  Reply<Nothing> simple(request::Simple::Verb verb);

  // This mailbox was the last to be selected here.
  bool hasSelected(const WireName& mailbox) const { return selected_ == mailbox; }
  bool hasSelected() const { return selected_.has_value(); }
  // Octets of messages that were read for their digests since this was asked last.
  std::uint64_t takeDigested() { return std::exchange(digested_, 0); }
  // The connection is lost, which could be borne: replies that are not ready never will be.
  bool isLost() const { return lost_; }
  // What the server was to answer when the connection was lost, in order, and what net said of it.
  std::vector<Asked> unanswered() const;
  const std::string& lastWords() const { return lastWords_; }
  // It is to wait for the greeting the next time.
  bool wentAheadInVain() const { return wentAheadInVain_; }
  // It hung up when it was asked for what is in these messages: fetch() asks for that of the others alone, as
  // if these were not there.
  void avoid(const WireName& mailbox, UidSet uids);

  const Channel& channel() const { return channel_; }
  void turn() { exchange_.turn(); }  // waits until something moves, anywhere
  // Called by Exchange: the channel is writable, or something has arrived. That is handled, up to a point, so
  // that the others have their turn.
  void flush();
  void receive();

 private:
  template <typename Value>
  using Taker = std::function<void(Answer, Value&)>;
  template <typename Value>
  std::shared_ptr<typename Reply<Value>::State> expect(Taker<Value> onAnswer, Asked asked = {});
  Asked asked(store::Hangup::Asked what, const UidSet& uids) const;
  void send(const std::shared_ptr<Pending>& pending, Request request);
  void take(Packet packet);
  void lose();
  void write(const std::shared_ptr<Pending>& pending, Request request);  // through the seam
  Reply<UidSet> search(request::Search search);
  std::shared_ptr<Reply<UidSet>::State> expectGone(const UidSet& uids);
  Taker<answer::Appended> takeAppended(std::size_t messages) const;
  [[noreturn]] void violation(const std::string& what) const;

  Side side_;
  Channel channel_;
  Exchange& exchange_;
  Seam& seam_;
  Loss loss_;
  bool lost_ = false;
  RequestId nextId_ = 1;
  std::deque<std::pair<RequestId, std::shared_ptr<Pending>>> pending_;
  Means means_;
  std::optional<WireName> selected_;
  Reply<answer::Selected> selectReply_;  // of selected_
  std::map<WireName, UidSet> avoided_;
  std::uint64_t digested_ = 0;
  std::string lastWords_;
  bool wentAheadInVain_ = false;
};

}  // namespace interimap
