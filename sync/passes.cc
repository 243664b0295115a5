// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/passes.h"

#include <algorithm>
#include <ctime>
#include <functional>
#include <iterator>
#include <map>
#include <memory>

#include "ipc/failure.h"
#include "ipc/side.h"

namespace interimap {

namespace {

// Mailboxes that take each step together. More would only cost memory: a server answers this many in one
// round trip.
constexpr std::size_t kTogether = 64;
// After so many passes a mailbox still has news of our own making: the servers do not agree on what they
// store.
constexpr int kMostPasses = 16;
// After a kill: how long an APPEND of the killed run may still be on its way, how often we look, and how many
// looks without a change mean that it is not.
constexpr std::chrono::seconds kStragglersLive{60};
constexpr std::chrono::milliseconds kBetweenLooks{200};
constexpr int kQuietLooks = 3, kMostLooks = 50;
// Messages to be listed by the first flight; each that follows lists twice as many. Enough to be copied while
// the next one is answered, and little to wait for.
constexpr std::uint64_t kFirstFlight = 512;
// How long APPENDs have to be answered when we are told to stop. launch has a little more patience.
constexpr std::chrono::seconds kAnswersDue{10};
// How often launch is told how far we are.
constexpr std::chrono::milliseconds kBetweenProgress{50};

}  // namespace

// A run that was killed a moment ago may have left APPENDs in the server's hands: the kernel still sends what
// was written, the server still reads. What arrives after it was copied again is recognised (Resumption), and
// goes; but most arrives at once, and then need not be copied again. Nothing depends on it but an EXPUNGE
// that names nothing (sync/pass/marks.h): the marks of others come back after it.
void Passes::awaitStragglers(const std::vector<Mailbox>& mailboxes) {
  std::vector<std::pair<Side, WireName>> targets;
  auto isFresh = [now = std::time(nullptr)](std::int64_t at) { return now - at < kStragglersLive.count(); };
  for (const Mailbox& mailbox : mailboxes)
    for (Side side : kSides)
      if (isFresh(store_.journal(mailbox.id, side).newest) ||
          isFresh(store_.marked(mailbox.id, side).value_or(store::Marked{}).at))
        targets.emplace_back(side, mailbox.wire[side]);
  if (targets.empty()) return;
  std::vector<std::pair<UidNext, std::uint32_t>> before;
  int quiet = 0;
  for (int looks = 0; looks < kMostLooks && quiet < kQuietLooks; ++looks) {
    if (looks > 0) exchange_.pause(kBetweenLooks);
    std::vector<Reply<answer::Selected>> replies;
    for (const auto& [side, wire] : targets) replies.push_back(servers_[side]->select(wire, {}, {}, {}));
    std::vector<std::pair<UidNext, std::uint32_t>> now;
    for (auto& reply : replies) now.emplace_back(reply.get().uidNext, reply.get().exists);
    quiet = now == before ? quiet + 1 : 0;
    before = std::move(now);
  }
}

// As after a kill: those that had not been answered when their connection was lost.
void Passes::awaitUnanswered(const Both<Lanes*>& lanes) {
  std::vector<Mailbox> mailboxes;
  for (Side side : kSides)
    for (const Mailbox* mailbox : lanes[side]->tally().unanswered) mailboxes.push_back(*mailbox);
  awaitStragglers(mailboxes);
}

void Passes::preview(const Due& due) {
  Pass pass(settings_, servers_, store_, log_, due);
  pass.ask();
  pass.clarify();
  pass.preview();
  if (pass.next()) preview(*pass.next());  // its UIDs lost their meaning, or a response could not be read
}

void Passes::synchronise(const std::vector<Mailbox>& mailboxes) {
  try {
    std::vector<Mailbox> others = hangups_.others(mailboxes);
    // A watcher does not list what it may not transfer again and again.
    if (allowance_.left(store_) > 0) allowance_.resume();
    std::erase_if(others, [&](const Mailbox& mailbox) { return allowance_.isPutOff(mailbox.id); });
    awaitStragglers(others);
    for (std::size_t i = kTogether; i < others.size(); ++i) ahead_ += likelyListed({.mailbox = &others[i]});
    for (std::size_t from = 0; from < others.size(); from += kTogether) {
      std::vector<Due> wave;
      for (std::size_t i = from; i < std::min(from + kTogether, others.size()); ++i) {
        wave.push_back({.mailbox = &others[i]});
        if (from > 0) ahead_ -= std::min(ahead_, likelyListed(wave.back()));
      }
      untilOver(std::move(wave));
    }
  } catch (const PeerGone&) {
    hangups_.record(mailboxes, nullptr);
    describeSent(mailboxes);
    throw;
  }
  connections_.letGo();
  tryAlone(mailboxes);
  if (!cutShort_) hangups_.report(mailboxes);
}

void Passes::untilOver(std::vector<Due> wave) {
  for (int passes = 0; !wave.empty(); ++passes) {
    if (passes == kMostPasses) {
      for (const Due& due : wave)
        log_.error(
            About::at(Side::local, due.mailbox->wire.local),
            "Still different after " + std::to_string(kMostPasses) + " passes; the next run tries again",
            ExitStatus::tryAgain);
      break;
    }
    std::vector<Due> together, again;
    std::ranges::copy_if(wave, std::back_inserter(together), std::not_fn(&Due::byItself));
    if (!together.empty()) again = pass(together);
    for (const Due& due : wave)
      if (due.byItself) std::ranges::move(pass({due}), std::back_inserter(again));
    wave = std::move(again);
  }
}

// What a server hung up at.
void Passes::tryAlone(const std::vector<Mailbox>& mailboxes) {
  for (const store::Hangup& hangup : hangups_.due(mailboxes)) {
    auto mailbox = std::ranges::find(mailboxes, hangup.mailbox, &Mailbox::id);
    try {
      if (hangup.asked == store::Hangup::Asked::mailbox) awaitStragglers({*mailbox});
      untilOver({{.mailbox = &*mailbox, .alone = hangup.id}});
      connections_.letGo();
      hangups_.acquit(hangup);
    } catch (const PeerGone&) {
      cutShort_ = hangups_.record(mailboxes, &hangup);
      if (!cutShort_) throw;
      return;
    }
  }
}

std::vector<Due> Passes::pass(const std::vector<Due>& mailboxes) {
  Lanes fromLocal(Side::local, connections_, store_, log_, allowance_, origins_),
      fromRemote(Side::remote, connections_, store_, log_, allowance_, origins_);
  Both<Lanes*> lanes{&fromLocal, &fromRemote};
  mailboxesTold_ = {};
  std::deque<Pass> passes;
  try {
    begin(passes, mailboxes, lanes);
    copy(lanes);
  } catch (const Stopped&) {
    hearOut(lanes);
    throw;
  } catch (const PeerGone&) {
    hearOut(lanes);
    throw;
  }
  for (Pass& it : passes) it.verify();
  for (auto it = passes.rbegin(); it != passes.rend(); ++it) it->mark();
  for (Pass& it : passes) it.expunge();
  for (Pass& it : passes) it.expungeRefused();

  std::vector<Due> again;
  store::Transaction transaction = store_.begin();
  for (Pass& it : passes) {
    it.finish(lanes);
    if (it.next()) again.push_back(*it.next());
  }
  for (Side side : kSides) allowance_.spend(store_, side, servers_[side]->takeDigested());
  transaction.commit("state");
  before_ = progress(lanes);
  awaitUnanswered(lanes);
  return again;
}

// We are to stop, or the other server is gone: what is on its way is given a moment, so that the next run
// knows what became of it.
void Passes::hearOut(const Both<Lanes*>& lanes) {
  auto unanswered = [&] { return lanes.local->unanswered() + lanes.remote->unanswered(); };
  if (unanswered() == 0) return;
  log_.notice(About::run(), "Waiting for " + std::to_string(unanswered()) +
                                " message(s) that are on their way, for up to " +
                                std::to_string(kAnswersDue.count()) + " s");
  exchange_.pause(kAnswersDue, [&] { return unanswered() == 0; });
  for (Side side : kSides) lanes[side]->settleAnswered();
}

// A connection was lost, and what had been sent there may have arrived. The next run knows it by its content,
// which nobody can tell any more if a user has deleted the original by then. So it is asked for at once.
void Passes::describeSent(const std::vector<Mailbox>& mailboxes) {
  using Found = std::map<Uid, ContentDigest>;
  struct Asked {
    const Mailbox* mailbox;
    Side target;
    std::shared_ptr<Found> found;
    Reply<Nothing> reply;
  };
  std::vector<Asked> all;
  for (Side target : kSides) {
    Server& source = *servers_[other(target)];
    if (!servers_[target]->isLost() || source.isLost()) continue;
    for (const Mailbox& mailbox : mailboxes) {
      UidSet uids;
      for (const store::Intent& intent : store_.journal(mailbox.id, target).intents)
        if (intent.identity) uids.add(intent.source);
      if (uids.empty()) continue;
      auto found = std::make_shared<Found>();
      source.ensureSelected(mailbox.wire[other(target)]);
      auto take = [found](const answer::Message& message) {
        if (message.content) found->emplace(message.uid, *message.content);
      };
      all.push_back({&mailbox, target, found, source.fetch(uids, request::Fetch::Items::content, take)});
    }
  }
  if (all.empty()) return;
  exchange_.pause(kAnswersDue, [&] {
    return std::ranges::all_of(all, [](const Asked& asked) { return asked.reply.ready(); });
  });
  store::Transaction transaction = store_.begin();
  for (const Asked& asked : all) {
    store_.disown(asked.mailbox->id, asked.target);
    for (const store::Stray& stray : store_.strays(asked.mailbox->id, asked.target)) {
      auto content = stray.source ? asked.found->find(*stray.source) : asked.found->end();
      if (!stray.content && content != asked.found->end()) store_.setContent(stray.id, content->second);
    }
  }
  transaction.commit("contents");
}

// Takes them all up to their copying. They are asked about in flights, each of
// which is sent before the answers to the one before it are waited for: a
// server never waits for us, and no flight costs a round trip.
void Passes::begin(std::deque<Pass>& passes, const std::vector<Due>& mailboxes, const Both<Lanes*>& lanes) {
  std::uint64_t most = kFirstFlight;
  auto askMore = [&] {
    for (std::uint64_t listed = 0; passes.size() < mailboxes.size() && listed < most;) {
      const Due& due = mailboxes[passes.size()];
      passes.emplace_back(settings_, servers_, store_, log_, due).ask();
      listed += likelyListed(due);
    }
    most *= 2;
  };
  askMore();
  for (std::size_t from = 0, to = passes.size(); from < to; from = to, to = passes.size()) {
    askMore();
    for (std::size_t i = from; i < to; ++i) {
      copyUntil(lanes, [&] { return passes[i].isListed(); });
      passes[i].clarify();
    }
    for (std::size_t i = from; i < to; ++i) copyUntil(lanes, [&] { return passes[i].isAnswered(); });
    // All of a flight before any of it is copied: what is intended for them is
    // written down at once.
    for (std::size_t i = from; i < to; ++i) passes[i].begin(lanes);
  }
}

// How many messages a look at a mailbox lists, about.
std::uint64_t Passes::likelyListed(const Due& due) const {
  std::uint64_t listed = 0;
  for (Side side : kSides) {
    auto it = lists_.listing(side).find(due.mailbox->name);
    if (!due.sides[side] || it == lists_.listing(side).end()) continue;
    const answer::StatusEntry& status = it->second.status;
    std::uint64_t known = 1, next = status.uidNext.value_or(UidNext{1}).value;
    if (auto state = store_.state(due.mailbox->id, side); state && !due.full) known = state->uidNext.value;
    listed += std::min<std::uint64_t>(status.messages.value_or(0), next - std::min(next, known));
  }
  return listed;
}

void Passes::copy(const Both<Lanes*>& lanes) {
  connections_.want();
  copyUntil(lanes, [&] { return lanes.local->finished() && lanes.remote->finished(); });
}

void Passes::copyUntil(const Both<Lanes*>& lanes, const std::function<bool()>& until) {
  while (true) {
    bool moved = false;
    for (Side side : kSides) moved = lanes[side]->advance() || moved;
    if (moved) tellProgress(lanes);
    if (until()) return;
    if (!moved) servers_.local->turn();
  }
}

// Of all passes so far.
Progress Passes::progress(const Both<Lanes*>& lanes) const {
  Progress sum = before_;
  for (Side side : kSides) {
    const Progress& progress = lanes[side]->tally().progress;
    sum.messages += progress.messages;
    sum.ofMessages += progress.ofMessages;
    sum.octets += progress.octets;
    sum.ofOctets += progress.ofOctets;
  }
  return sum;
}

// Those of which there is something new.
void Passes::tellMailboxes(const Both<Lanes*>& lanes) {
  for (Side side : kSides)
    for (const auto& [mailbox, progress] : lanes[side]->tally().progressOf) {
      Progress& told = mailboxesTold_[side][mailbox];
      if (told == progress) continue;
      told = progress;
      Progress of = progress;
      of.target = componentOf(other(side));
      of.mailbox = mailbox->wire[other(side)].bytes;
      log_.progress(of);
    }
}

// What is not listed yet is taken to be like what is.
void Passes::tellProgress(const Both<Lanes*>& lanes) {
  Progress now = progress(lanes);
  auto time = std::chrono::steady_clock::now();
  bool complete = now.messages == now.ofMessages;
  if (!complete && time - progressTold_ < kBetweenProgress) return;
  progressTold_ = time;
  if (settings_.tellsMailboxes) tellMailboxes(lanes);
  if (now.ofMessages > 0) now.ofOctets += now.ofOctets / now.ofMessages * ahead_;
  now.ofMessages += ahead_;
  log_.progress(now);
}

}  // namespace interimap
