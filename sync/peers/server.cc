// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/peers/server.h"

#include <algorithm>
#include <utility>

#include "ipc/failure.h"
#include "ipc/hang_up.h"
#include "sync/report/log.h"

namespace interimap {

Server::Server(Side side, Channel channel, Exchange& exchange, Seam& seam, Loss loss)
    : side_(side), channel_(std::move(channel)), exchange_(exchange), seam_(seam), loss_(loss) {
  // One that nobody asks, which only a simulated one is, has what there is to have.
  means_.collect = Means::Collect::qresync;
  means_.expunges = true;
  exchange_.add(*this);
}

Server::~Server() { exchange_.remove(*this); }

void Server::violation(const std::string& what) const {
  throw PeerViolation(std::string(name()) + " net answered with " + what);
}

template <typename Value>
std::shared_ptr<typename Reply<Value>::State> Server::expect(Taker<Value> onAnswer, Asked asked) {
  auto state = std::make_shared<typename Reply<Value>::State>();
  state->onAnswer = std::move(onAnswer);
  state->asked = std::move(asked);
  return state;
}

// To list all there is, or all that is new, is a matter of the mailbox.
Asked Server::asked(store::Hangup::Asked what, const UidSet& uids) const {
  WireName mailbox = selected_.value_or(WireName());
  if (!uids.empty() && uids.last() == UidSet::from({0xffffffffU}).last())
    return {store::Hangup::Asked::mailbox, std::move(mailbox), {}};
  return {what, std::move(mailbox), uids};
}

std::vector<Asked> Server::unanswered() const {
  std::vector<Asked> all;
  for (const auto& [id, pending] : pending_) all.push_back(pending->asked);
  return all;
}

void Server::avoid(const WireName& mailbox, UidSet uids) {
  if (uids.empty())
    avoided_.erase(mailbox);
  else
    avoided_.insert_or_assign(mailbox, std::move(uids));
}

void Server::send(const std::shared_ptr<Pending>& pending, Request request) {
  request.id = nextId_++;
  ++pending->outstanding;
  pending_.emplace_back(request.id, pending);
  if (lost_ && loss_ == Loss::endsAll) throw PeerGone();
  try {
    if (!lost_) channel_.send(pack(std::move(request)));
  } catch (const PeerGone&) {
    lose();
  }
}

void Server::flush() {
  try {
    channel_.flush();
  } catch (const PeerGone&) {
    lose();
  }
}

// Called while PeerGone is handled. What had arrived before is taken.
void Server::lose() {
  try {
    while (auto packet = channel_.receive()) take(std::move(*packet));
  } catch (const PeerGone&) {
  }
  lost_ = true;
  if (loss_ == Loss::endsAll) throw PeerGone();
}

void Server::write(const std::shared_ptr<Pending>& pending, Request request) {
  seam_.before();
  send(pending, std::move(request));
  seam_.after();
}

void Server::receive() {
  try {
    for (int packets = 0; packets < kPacketsInTurn; ++packets) {
      auto packet = channel_.receive();
      if (!packet) return;
      take(std::move(*packet));
    }
  } catch (const PeerGone&) {
    lose();
  }
}

// Requests are answered in order, whatever order the server works in (net/session_responses.cc): who takes an
// answer may rely on all that were asked for before it.
void Server::take(Packet packet) {
  Answer answer = readAnswer(std::move(packet));
  if (pending_.empty() || pending_.front().first != answer.id)
    violation("an answer to what is not the oldest request");
  std::shared_ptr<Pending> pending = pending_.front().second;
  auto* done = std::get_if<answer::Done>(&answer.what);
  if (done == nullptr) return pending->take(std::move(answer));
  const bool ahead = done->code == answer::kAhead;
  wentAheadInVain_ |= ahead;
  if (done->code == answer::kHungUp || ahead) {
    lastWords_ = std::move(done->text);
    return;
  }
  pending_.pop_front();
  if (pending->done.ok()) pending->done = std::move(*done);
  --pending->outstanding;
}

Reply<Means> Server::enable(Purpose purpose, const std::string& greeting) {
  auto state = expect<Means>([purpose, this](Answer answer, Means& means) {
    auto* ready = std::get_if<answer::Ready>(&answer.what);
    if (ready == nullptr) violation("something else to ENABLE");
    means = means_ = Means::of(*ready, purpose);
  });
  const bool both = purpose == Purpose::synchronise;
  send(state, {0, request::Enable{both, both, greeting}, {}});
  return {state, exchange_};
}

Reply<Nothing> Server::list(request::List list, OnListed onListed, OnStatus onStatus) {
  auto state = expect<Nothing>([=, this](Answer answer, Nothing&) {
    if (auto* listed = std::get_if<answer::Listed>(&answer.what)) {
      for (const answer::ListEntry& entry : listed->entries) onListed(entry);
    } else if (auto* statuses = std::get_if<answer::Statuses>(&answer.what)) {
      for (const answer::StatusEntry& entry : statuses->entries) onStatus(entry);
    } else {
      violation("something else to LIST");
    }
  });
  send(state, {0, std::move(list), {}});
  return {state, exchange_};
}

Reply<answer::Selected> Server::select(const WireName& mailbox, std::optional<request::Known> known,
                                       OnMessage onMessage, OnVanished onVanished) {
  UidSet knownUids = known ? known->uids : UidSet();
  auto state = expect<answer::Selected>(
      [=, this](Answer answer, answer::Selected& selected) {
        if (auto* it = std::get_if<answer::Selected>(&answer.what)) {
          selected = *it;
        } else if (auto* vanished = std::get_if<answer::Vanished>(&answer.what)) {
          if (onVanished) onVanished(vanished->uids.intersect(knownUids));
        } else if (auto* messages = std::get_if<answer::Messages>(&answer.what)) {
          if (onMessage)
            for (const answer::Message& message : messages->messages) onMessage(message);
        } else {
          violation("something else to SELECT");
        }
      },
      {store::Hangup::Asked::mailbox, mailbox, {}});
  selected_ = mailbox;
  bool modSequences = means_.collect == Means::Collect::condstore;
  send(state, {0, request::Select{mailbox, false, std::move(known), modSequences}, {}});
  return selectReply_ = {state, exchange_};
}

Reply<answer::Selected> Server::ensureSelected(const WireName& mailbox) {
  return selected_ == mailbox ? selectReply_ : select(mailbox, std::nullopt, {}, {});
}

namespace {

// Hands on messages that were asked for; a server may say more than that, net must not.
auto messagesWithin(const UidSet& asked, Server::OnMessage onMessage,
                    std::function<void(const char*)> violation) {
  return
      [asked, onMessage = std::move(onMessage), violation = std::move(violation)](Answer answer, Nothing&) {
        auto* messages = std::get_if<answer::Messages>(&answer.what);
        if (messages == nullptr) violation("something else than messages");
        for (const answer::Message& message : messages->messages) {
          if (!asked.contains(message.uid)) violation("a message that was not asked for");
          if (onMessage) onMessage(message);
        }
      };
}

}  // namespace

Reply<Nothing> Server::fetch(const UidSet& all, request::Fetch::Items items, OnMessage onMessage,
                             ModSeq changedSince) {
  using enum request::Fetch::Items;
  UidSet uids = all;
  if (auto avoided = avoided_.find(selected_.value_or(WireName())); avoided != avoided_.end())
    if (items == identity || items == content) uids.remove(avoided->second);
  auto state = expect<Nothing>({}, asked(store::Hangup::Asked::messages, uids));
  auto note = [asked = &state->asked, onMessage = std::move(onMessage),
               this](const answer::Message& message) {
    asked->answered(message.uid);
    if (message.content) digested_ += message.size;
    if (onMessage) onMessage(message);
  };
  state->onAnswer = messagesWithin(uids, std::move(note), [this](const char* what) { violation(what); });
  for (UidSet& piece : uids.piecesOfRanges(kMostRanges))
    send(state, {0, request::Fetch{std::move(piece), items, changedSince}, {}});
  return {state, exchange_};
}

Reply<FetchedBodies> Server::fetchBodies(request::FetchBodies fetch) {
  auto state = expect<FetchedBodies>({}, asked(store::Hangup::Asked::messages, fetch.uids));
  const std::size_t fields = fetch.fields.size();
  state->onAnswer = [uids = fetch.uids, reading = fetch.reading, fields, asked = &state->asked, this](
                        Answer answer, FetchedBodies& fetched) {
    auto* window = std::get_if<answer::Window>(&answer.what);
    if (window == nullptr) violation("something else than bodies");
    std::vector<BodyRange> ranges;
    for (const answer::WindowMessage& message : window->messages) {
      if (!uids.contains(message.uid)) violation("a body that was not asked for");
      if (message.named.size() != fields) violation("header fields that were not asked for");
      ranges.push_back(message.body);
      asked->answered(message.uid);
    }
    for (Uid uid : window->tooLarge) {
      if (!uids.contains(uid)) violation("a body that was not asked for");
      asked->answered(uid);
    }
    Bodies::check(answer.bodies, ranges, reading);
    fetched.tooLarge.insert(fetched.tooLarge.end(), window->tooLarge.begin(), window->tooLarge.end());
    fetched.parts.push_back({std::move(window->messages), std::move(answer.bodies)});
  };
  send(state, {0, std::move(fetch), {}});
  return {state, exchange_};
}

Reply<FetchedBodies> Server::fetchWithoutBodies(const UidSet& all) {
  UidSet uids = all;
  if (auto avoided = avoided_.find(selected_.value_or(WireName())); avoided != avoided_.end())
    uids.remove(avoided->second);
  auto state = expect<FetchedBodies>({}, asked(store::Hangup::Asked::messages, uids));
  state->onAnswer = [uids, asked = &state->asked, this](Answer answer, FetchedBodies& fetched) {
    auto* messages = std::get_if<answer::Messages>(&answer.what);
    if (messages == nullptr) violation("something else than messages");
    if (fetched.parts.empty()) fetched.parts.emplace_back();
    for (answer::Message& message : messages->messages) {
      if (!uids.contains(message.uid)) violation("a message that was not asked for");
      asked->answered(message.uid);
      if (!message.flags || !message.date || !message.header) continue;
      fetched.parts.front().messages.push_back({.uid = message.uid,
                                                .flags = std::move(*message.flags),
                                                .date = *message.date,
                                                .body = {0, message.size},
                                                .header = *message.header,
                                                .sender = {}});
    }
  };
  for (UidSet& piece : uids.piecesOfRanges(kMostRanges))
    send(state, {0, request::Fetch{std::move(piece), request::Fetch::Items::identity, {}}, {}});
  return {state, exchange_};
}

Reply<UidSet> Server::search(const UidSet& uids, std::chrono::year_month_day before) {
  return search(request::Search{uids, before, {}});
}

Reply<UidSet> Server::search(const UidSet& uids, const Flags& with) {
  return search(request::Search{uids, {}, with});
}

Reply<UidSet> Server::search(request::Search search) {
  auto state = expect<UidSet>([uids = search.uids, this](Answer answer, UidSet& matching) {
    auto* found = std::get_if<answer::Found>(&answer.what);
    if (found == nullptr) violation("something else to SEARCH");
    matching.add(found->uids.intersect(uids));
  });
  for (UidSet& piece : search.uids.piecesOfRanges(kMostRanges))
    send(state, {0, request::Search{std::move(piece), search.before, search.with}, {}});
  return {state, exchange_};
}

// What is told of so many messages.
Server::Taker<answer::Appended> Server::takeAppended(std::size_t count) const {
  return [count, this](Answer answer, answer::Appended& appended) {
    auto* it = std::get_if<answer::Appended>(&answer.what);
    if (it == nullptr || it->uids.size() != count || it->stored.size() != count)
      violation("something else to APPEND or COPY");
    appended = std::move(*it);
  };
}

Reply<answer::Appended> Server::append(request::Append append, Descriptor bodies, UidSet sources) {
  std::size_t count = append.messages.size();
  auto state = expect<answer::Appended>(takeAppended(count),
                                        {store::Hangup::Asked::append, append.mailbox, std::move(sources)});
  state->value.uids.resize(count);
  state->value.stored.resize(count);
  write(state, {0, std::move(append), std::move(bodies)});
  return {state, exchange_};
}

Reply<answer::Appended> Server::copy(const UidSet& uids, const WireName& to, UidSet sources) {
  auto state = expect<answer::Appended>(takeAppended(uids.size()),
                                        {store::Hangup::Asked::append, to, std::move(sources)});
  state->value.uids.resize(uids.size());
  state->value.stored.resize(uids.size());
  write(state, {0, request::Copy{uids, to}, {}});
  return {state, exchange_};
}

Reply<Nothing> Server::store(const UidSet& uids, request::Store::Change change, const Flags& flags,
                             OnMessage onMessage) {
  auto state = expect<Nothing>(
      messagesWithin(uids, std::move(onMessage), [this](const char* what) { violation(what); }),
      asked(store::Hangup::Asked::flags, uids));
  for (UidSet& piece : uids.piecesOfRanges(kMostRanges))
    write(state, {0, request::Store{std::move(piece), change, flags}, {}});
  return {state, exchange_};
}

std::shared_ptr<Reply<UidSet>::State> Server::expectGone(const UidSet& uids) {
  return expect<UidSet>(
      [uids, this](Answer answer, UidSet& gone) {
        auto* vanished = std::get_if<answer::Vanished>(&answer.what);
        if (vanished == nullptr) violation("something else to EXPUNGE or MOVE");
        gone.add(vanished->uids.intersect(uids));
      },
      asked(store::Hangup::Asked::expunge, uids));
}

Reply<UidSet> Server::expunge(const UidSet& uids, request::Expunge::Step step) {
  auto state = expectGone(uids);
  for (UidSet& piece : uids.piecesOfRanges(kMostRanges))
    write(state, {0, request::Expunge{std::move(piece), step}, {}});
  return {state, exchange_};
}

Reply<UidSet> Server::move(const UidSet& uids, const WireName& to) {
  auto state = expectGone(uids);
  for (UidSet& piece : uids.piecesOfRanges(kMostRanges))
    write(state, {0, request::Move{std::move(piece), to}, {}});
  return {state, exchange_};
}

Reply<Nothing> Server::manage(request::Manage::Verb verb, const WireName& mailbox, const WireName& to,
                              std::uint8_t uses) {
  auto state = expect<Nothing>([this](Answer, Nothing&) { violation("something else than Done"); });
  write(state, {0, request::Manage{verb, mailbox, to, uses}, {}});
  return {state, exchange_};
}

Reply<Nothing> Server::watch(const WireName& mailbox, std::uint32_t seconds, bool all) {
  auto state = expect<Nothing>([this](Answer, Nothing&) { violation("something else than Done"); });
  selected_.reset();
  send(state, {0, request::Watch{mailbox, seconds, all}, {}});
  return {state, exchange_};
}

Reply<Nothing> Server::simple(request::Simple::Verb verb) {
  auto state = expect<Nothing>([this](Answer, Nothing&) { violation("something else than Done"); });
  if (verb == request::Simple::Verb::unselect) selected_.reset();
  send(state, {0, request::Simple{verb}, {}});
  return {state, exchange_};
}

}  // namespace interimap
