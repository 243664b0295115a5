#include "sync/lane.h"

#include <fcntl.h>

#include <algorithm>

#include "ipc/failure.h"

namespace interimap {

namespace {

// One window: where Dovecot's MULTIAPPEND is saturated.
constexpr std::size_t kWindowMessages = 128;
static_assert(kWindowMessages <= kMostMessages);
constexpr std::uint64_t kWindowOctets = 1 << 20;
// Bodies in flight, each direction; one larger message goes alone.
constexpr std::uint64_t kOctetsInFlight = 8 << 20;
// Each has a descriptor (sandbox/privileges.cc). So many, so that small windows of as many mailboxes go out
// together.
constexpr std::size_t kWindowsInFlight = 64;
// Messages whose intent is written to the disk at once: its fsyncs are to be few beside the copying.
constexpr std::size_t kReserved = 4096;

}  // namespace

void Lane::add(Load load) {
  if (load.fresh.empty()) return;
  total_ += load.fresh.size();
  loads_.push_back(std::move(load));
}

bool Lane::advance() {
  bool moved = false;
  while (fetch()) moved = true;
  return commit() || moved;
}

// Asks for the next window, if there is one and room for it.
bool Lane::fetch() {
  for (; at_ < loads_.size() && confused_.contains(loads_[at_].mailbox); ++at_, cut_ = 0)
    finished_ += loads_[at_].fresh.size() - cut_;
  if (at_ == loads_.size() || fetching_.size() + appending_.size() >= kWindowsInFlight) return false;
  if (reserved_ == 0) reserve();
  Load& load = loads_[at_];
  UidSet uids;
  std::uint64_t size = 0;
  std::size_t end = cut_;
  for (; end < load.fresh.size() && end - cut_ < std::min(kWindowMessages, reserved_); ++end) {
    if (end > cut_ && size + load.fresh[end].size > kWindowOctets) break;
    size += load.fresh[end].size;
    uids.add(load.fresh[end].uid);
  }
  if (inFlight_ > 0 && inFlight_ + size > kOctetsInFlight) return false;

  source_.ensureSelected(load.mailbox->wire[source_.side()]);
  fetching_.push_back({&load, uids, size, source_.fetchBodies(uids)});
  inFlight_ += size;
  reserved_ -= end - cut_;
  cut_ = end;
  if (end == load.fresh.size()) {
    std::vector<Fresh>().swap(load.fresh);
    ++at_;
    cut_ = 0;
  }
  return true;
}

// Writes down that the messages that follow may be on their way, so that it lasts. What they are is written
// down when their window goes out; should that be lost, the source tells.
void Lane::reserve() {
  store::Transaction transaction = store_.begin(store::Lasting::throughPowerLoss);
  for (std::size_t at = at_, from = cut_; at < loads_.size() && reserved_ < kReserved; ++at, from = 0) {
    const Load& load = loads_[at];
    std::size_t end = std::min(load.fresh.size(), from + kReserved - reserved_);
    UidSet uids;
    for (std::size_t i = from; i < end; ++i) uids.add(load.fresh[i].uid);
    store_.intend(load.mailbox->id, target_.side(), load.targetNext, uids);
    reserved_ += end - from;
  }
  transaction.commit("intents");
}

bool Lane::commit() {
  bool fetched = !fetching_.empty() && fetching_.front().reply.ready();
  bool appended = !appending_.empty() && appending_.front().reply.ready();
  if (!fetched && !appended) return false;

  store::Transaction transaction = store_.begin();
  std::vector<Appending> next;
  while (!appending_.empty() && appending_.front().reply.ready()) {
    for (Appending& again : settle(appending_.front())) next.push_back(std::move(again));
    appending_.pop_front();
  }
  while (!fetching_.empty() && fetching_.front().reply.ready()) {
    for (Appending& window : take(fetching_.front())) next.push_back(std::move(window));
    fetching_.pop_front();
  }
  transaction.commit("copies");
  for (Appending& window : next) send(std::move(window));
  return true;
}

// A window has arrived: writes down what is about to be appended.
std::vector<Lane::Appending> Lane::take(Fetching& fetching) {
  const Load& load = *fetching.load;
  FetchedBodies& bodies = fetching.reply.get();
  inFlight_ -= fetching.size;
  if (confused_.contains(load.mailbox)) {
    finished_ += fetching.uids.size();
    return {};
  }
  if (!fetching.reply.done().ok())
    log_.error(About::at(source_.side(), load.mailbox->wire[source_.side()]), words(fetching.reply.done()),
               ExitStatus::tryAgain);
  for (Uid uid : bodies.tooLarge) giveUp(load, uid, store::Refusal::tooLarge, "larger than max-message-size");

  UidSet missing = fetching.uids;
  for (Uid uid : bodies.tooLarge) missing.remove(UidSet::single(uid));
  std::vector<Appending> out;
  for (FetchedBodies::Part& part : bodies.parts) {
    Appending window{&load, {}, 0, true, std::move(part.bodies), {}};
    std::vector<store::Intent> intents;
    for (answer::WindowMessage& message : part.messages) {
      if (!missing.contains(message.uid)) continue;  // a server may say it twice
      missing.remove(UidSet::single(message.uid));
      if (message.body.size == 0) {
        giveUp(load, message.uid, store::Refusal::empty, "");
        continue;
      }
      // What the target cannot keep is not sent to it, and so never missed there.
      message.flags =
          message.flags.only([&](std::string_view flag) { return load.access.storable.allows(flag); });
      window.size += message.body.size;
      intents.push_back(
          {message.uid, Identity{message.header, message.date.seconds(), message.body.size}, message.flags});
      window.messages.push_back(std::move(message));
    }
    if (window.messages.empty()) continue;
    store_.intend(load.mailbox->id, target_.side(), load.targetNext, intents);
    inFlight_ += window.size;
    out.push_back(std::move(window));
  }
  for (Uid uid : missing.each()) owe(load, uid);
  return out;
}

void Lane::send(Appending window) {
  const Load& load = *window.load;
  request::Append append{load.mailbox->wire[target_.side()], window.together, {}};
  for (const answer::WindowMessage& message : window.messages)
    append.messages.push_back({message.flags, message.date, message.body});
  appendedTo_.insert(load.mailbox);
  Descriptor copy(fcntl(window.bodies.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) throw Failure(ExitStatus::internal, "cannot pass message bodies on: too many descriptors");
  window.reply = target_.append(std::move(append), std::move(copy));
  appending_.push_back(std::move(window));
}

std::vector<Lane::Appending> Lane::settle(Appending& window) {
  const Load& load = *window.load;
  const answer::Appended& appended = window.reply.get();
  // A UID that the target had given out before names something else (RFC 3501 section 2.3.1.1).
  auto isTold = [&, holds = appended.uidValidity == load.targetValidity](const std::optional<Uid>& uid) {
    return holds && uid && uid->value() >= load.targetNext.value;
  };
  // Refused together: which of them was it? One by one, the others will go through.
  bool retry = window.together && window.messages.size() > 1;
  std::vector<Appending> again;
  if (retry) again.push_back({&load, {}, 0, false, {}, {}});
  UidSet from, to;
  for (std::size_t i = 0; i < window.messages.size(); ++i) {
    answer::WindowMessage& message = window.messages[i];
    const std::optional<Uid>& uid = appended.uids[i];
    if (!appended.stored[i] && retry) {
      again.front().size += message.body.size;
      again.front().messages.push_back(std::move(message));
    } else if (!appended.stored[i]) {
      giveUp(load, message.uid, store::Refusal::refused,
             appended.refusal.empty() ? words(window.reply.done()) : appended.refusal);
    } else if (isTold(uid) && isTaken(load, message.uid, *uid)) {
      confuse(load, message.uid, *uid);
      ++finished_;
    } else if (isTold(uid)) {
      Uid local = target_.side() == Side::local ? *uid : message.uid,
          remote = target_.side() == Side::local ? message.uid : *uid;
      store_.map(load.mailbox->id, local, remote, message.flags);
      store_.settle(load.mailbox->id, target_.side(), message.uid);
      store_.unrefuse(load.mailbox->id, source_.side(), message.uid);
      from.add(message.uid);
      to.add(*uid);
      octets_ += message.body.size;
      log_.done().octets += message.body.size;
      ++finished_;
    } else {
      ++finished_;  // stored, but where? The journal remembers, and the next pass looks for it.
    }
  }
  inFlight_ -= window.size;
  if (retry && again.front().messages.empty()) again.clear();
  if (!again.empty()) {
    inFlight_ += again.front().size;
    again.front().bodies = std::move(window.bodies);
  }
  if (from.empty()) return again;
  bool toLocal = target_.side() == Side::local;
  (toLocal ? log_.done().copiedToLocal : log_.done().copiedToRemote) += from.size();
  log_.info(About::at(Side::local, load.mailbox->wire.local),
            "Added " + std::to_string(from.size()) + " UID(s) " + (toLocal ? to : from).text() +
                (toLocal ? " <- " : " -> ") + (toLocal ? from : to).text());
  return again;
}

// It was listed and did not come: expunged meanwhile, or its response could not be read. Only the server
// knows, and the next pass asks.
void Lane::owe(const Load& load, Uid uid) {
  ++finished_;
  incomplete_.insert(load.mailbox);
  store_.settle(load.mailbox->id, target_.side(), uid);
  store_.refuse(load.mailbox->id, source_.side(), uid, store::Refusal::unsent, "");
  if (load.again)
    log_.error(About::at(source_.side(), load.mailbox->wire[source_.side()]),
               "UID " + std::to_string(uid.value()) + " is listed, but the server does not send it",
               ExitStatus::tryAgain);
}

bool Lane::isTaken(const Load& load, Uid source, Uid copy) const {
  return store_.partner(load.mailbox->id, source_.side(), source) ||
         store_.partner(load.mailbox->id, target_.side(), copy);
}

// A UID that another message has. Where the copies really are, also that of the other message, the next run
// finds out by what they look like. If it cannot, and the same happens again, every run would make another
// copy: the mailbox is left alone.
void Lane::confuse(const Load& load, Uid source, Uid copy) {
  const Mailbox& mailbox = *load.mailbox;
  if (auto former = store_.partner(mailbox.id, target_.side(), copy)) {
    store_.unmap(mailbox.id, target_.side() == Side::local ? copy : *former);
    store_.intend(mailbox.id, target_.side(), load.targetNext, UidSet::single(*former));
  }
  std::string text = "Server gave UID " + std::to_string(copy.value()) + " out twice.";
  bool before = store_.refusedUids(mailbox.id, source_.side()).contains(source);
  if (before) store_.hold(mailbox.id, text);
  store_.refuse(mailbox.id, source_.side(), source, store::Refusal::refused, text);
  if (confused_.insert(load.mailbox).second || before)
    log_.error(About::at(target_.side(), mailbox.wire[target_.side()]),
               text + (before ? startAfresh(mailbox) : " The mailbox is left alone for this run."),
               ExitStatus::protocol);
}

void Lane::giveUp(const Load& load, Uid uid, store::Refusal why, const std::string& reply) {
  ++finished_;
  store_.settle(load.mailbox->id, target_.side(), uid);
  store_.refuse(load.mailbox->id, source_.side(), uid, why, reply);
  About source = About::at(source_.side(), load.mailbox->wire[source_.side()]);
  std::string number = std::to_string(uid.value());
  switch (why) {
    case store::Refusal::empty:
      log_.warning(source, "Ignoring new 0-length message (UID " + number + ")");
      return;
    case store::Refusal::tooLarge:
      log_.error(source, "UID " + number + " is " + reply + "; it stays on this side only",
                 ExitStatus::tryAgain);
      return;
    case store::Refusal::unsent:  // reported by owe()
    case store::Refusal::denied:  // by Pass
    case store::Refusal::kept: return;
    case store::Refusal::refused:
      log_.error(source, std::string("UID ") + number + " was refused by " + target_.name() + ": " + reply,
                 ExitStatus::tryAgain);
      return;
  }
}

}  // namespace interimap
