#include "sync/changes.h"

#include <algorithm>

namespace interimap {

Changes::Changes(Server& server, const store::Store& store, const Mailbox& mailbox,
                 std::optional<store::SideState> known, bool full)
    : server_(server), store_(store), mailbox_(mailbox), known_(known), hasBase_(store.hasBase(mailbox.id)) {
  if (known_ && known_->uidNext.value > 0) knownNext_ = known_->uidNext;
  if (!full) listedFrom_ = knownNext_;
}

void Changes::ask() {
  mapped_ = store_.mapped(mailbox_.id, server_.side());
  std::optional<request::Known> qresync;
  if (known_ && known_->highestModSeq.value > 0 && known_->uidNext.value > 1)
    qresync =
        request::Known{known_->uidValidity, known_->highestModSeq, UidSet::below(known_->uidNext), 0, {}};
  selectReply_ = server_.select(
      mailbox_.wire[server_.side()], qresync,
      [this](const answer::Message& changed) {
        if (changed.flags && UidSet::below(listedFrom_).contains(changed.uid))
          message(changed.uid, *changed.flags);
      },
      [this](const UidSet& vanished) { gone.add(vanished.intersect(mapped_)); });
  listReply_ = server_.fetch(UidSet::from(listedFrom_), request::Fetch::Items::envelope,
                             [this](const answer::Message& message) { listed(message); });
}

// From listedFrom on the listing is complete up to the UIDNEXT that SELECT told; what is beyond arrived later
// and is for the next time.
void Changes::listed(const answer::Message& listed) {
  if (listed.uid.value() >= selectReply_.get().uidNext.value) return;
  seen_.add(listed.uid);
  if (mapped_.contains(listed.uid)) {
    if (listed.flags) message(listed.uid, *listed.flags);
  } else {
    fresh.push_back(
        {listed.uid, static_cast<std::uint32_t>(std::min<std::uint64_t>(listed.size, 0xffffffffU))});
  }
}

void Changes::message(Uid uid, const Flags& now) {
  if (!mapped_.contains(uid)) return;
  if (hasBase_) {
    auto local =
        server_.side() == Side::local ? std::optional(uid) : store_.partner(mailbox_.id, Side::remote, uid);
    auto base = local ? store_.base(mailbox_.id, *local) : std::nullopt;
    if (base && *base == now) {
      flags.erase(uid);
      return;
    }
  }
  flags.insert_or_assign(uid, now);
}

namespace {

std::string number(std::uint64_t n) { return std::to_string(n); }

}  // namespace

std::optional<Changes::Trouble> Changes::collect() {
  const answer::Done& done = selectReply_.done();
  listReply_.done();  // whatever SELECT said: what is still to come must find us alive
  for (const answer::Done* it : {&done, &listReply_.done()})
    if (!it->ok()) return Trouble{words(*it), ExitStatus::tryAgain, false, it->code == answer::kUnreadable};
  selected_ = selectReply_.get();
  if (selected_.uidNotSticky) return Trouble{"Mailbox does not support persistent UIDs.", ExitStatus::data};
  if (selected_.highestModSeq.value == 0) return Trouble{"Mailbox doesn't support MODSEQ.", ExitStatus::data};
  if (selected_.uidNext.value == 0 || selected_.uidValidity.value == 0)
    return Trouble{"Unknown UIDNEXT value or UIDVALIDITY.", ExitStatus::protocol};
  std::uint64_t beyond = mapped_.empty() ? 0 : mapped_.last().value();
  if (known_) {
    if (known_->uidValidity != selected_.uidValidity)
      return Trouble{"UIDVALIDITY changed! (" + number(selected_.uidValidity.value) +
                         " != " + number(known_->uidValidity.value) + ") Need to invalidate the UID cache.",
                     ExitStatus::data};
    if (selected_.uidNext < known_->uidNext || beyond >= selected_.uidNext.value)
      return Trouble{"UIDNEXT went back from " + number(std::max(known_->uidNext.value, beyond + 1)) +
                         " to " + number(selected_.uidNext.value) +
                         ": was the server restored from a backup?",
                     ExitStatus::data, true};
    if (selected_.highestModSeq < known_->highestModSeq)
      return Trouble{"HIGHESTMODSEQ went back from " + number(known_->highestModSeq.value) + " to " +
                         number(selected_.highestModSeq.value) + ": was the server restored from a backup?",
                     ExitStatus::data, true};
  }
  std::ranges::sort(fresh, {}, &Fresh::uid);
  auto same = std::ranges::unique(fresh, {}, &Fresh::uid);
  fresh.erase(same.begin(), same.end());
  gone.remove(seen_);
  gone.add(mapped_.intersect(UidSet::from(knownNext_)).minus(seen_));
  lost = mapped_.intersect(UidSet::from(listedFrom_)).minus(seen_).minus(gone);
  for (Uid uid : gone.intersect(UidSet::below(listedFrom_)).each()) flags.erase(uid);
  return std::nullopt;
}

}  // namespace interimap
