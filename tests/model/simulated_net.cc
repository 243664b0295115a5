// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/model/simulated_net.h"

#include <algorithm>
#include <cstring>

#include "ipc/failure.h"
#include "ipc/hang_up.h"

namespace interimap::model {

namespace {

using Items = request::Fetch::Items;
using Fault = Step::What;

// A size far from the truth, such that no two messages go into one window.
constexpr std::uint64_t kBulky = 700'000;

std::vector<std::uint32_t> serialsIn(Descriptor held, const std::vector<request::NewMessage>& messages) {
  std::vector<BodyRange> ranges;
  for (const request::NewMessage& message : messages) ranges.push_back(message.body);
  Bodies bodies(std::move(held), ranges, Reading::once);
  std::vector<std::uint32_t> serials;
  for (const BodyRange& range : ranges) {
    char octets[sizeof(std::uint32_t)];
    if (range.size < 8 || bodies.read(range.offset, octets) != sizeof octets)
      throw Broken("a body that cannot be read");
    std::memcpy(&serials.emplace_back(), octets, sizeof octets);
  }
  return serials;
}

// Real servers send what there is in pieces of their own.
template <typename T>
std::vector<std::vector<T>> pieces(std::vector<T> all, std::size_t most) {
  std::vector<std::vector<T>> out;
  for (std::size_t from = 0; from < all.size(); from += most)
    out.emplace_back(std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(from)),
                     std::make_move_iterator(all.begin() +
                                             static_cast<std::ptrdiff_t>(std::min(from + most, all.size()))));
  return out;
}

}  // namespace

void SimulatedNet::receive() {
  if (!channel_) return;
  try {
    while (auto packet = channel_->receive()) queue_.push_back(readRequest(std::move(*packet)));
  } catch (const PeerGone&) {
    channel_.reset();
  }
}

void SimulatedNet::flush() {
  if (channel_) channel_->flush();
}

bool SimulatedNet::applies(Fault fault, const Request& request) {
  switch (fault) {
    case Fault::refuse: return !std::holds_alternative<request::Enable>(request.what);
    case Fault::omit:
      return std::holds_alternative<request::FetchBodies>(request.what) ||
             std::holds_alternative<request::List>(request.what);
    case Fault::garble: {
      auto* select = std::get_if<request::Select>(&request.what);
      return (select != nullptr && select->known) || std::holds_alternative<request::Fetch>(request.what);
    }
    case Fault::ignore:
      return std::holds_alternative<request::Store>(request.what) ||
             std::holds_alternative<request::Expunge>(request.what) ||
             std::holds_alternative<request::Copy>(request.what);
    case Fault::vanish: {
      auto* select = std::get_if<request::Select>(&request.what);
      return select != nullptr && select->known;
    }
    case Fault::halfExpunge: return std::holds_alternative<request::Expunge>(request.what);
    default: return true;
  }
}

void SimulatedNet::carryOut(const std::vector<Step>& faults) {
  bool lost = false;
  std::size_t heard = SIZE_MAX;
  for (const Step& fault : faults) {
    if (fault.what != Fault::loseBefore && fault.what != Fault::loseAfter) continue;
    lost = true;
    heard = fault.what == Fault::loseBefore ? 0 : std::min<std::size_t>(heard, fault.n);
    if (fault.what == Fault::loseBefore) {
      channel_.reset();
      queue_.clear();
      return;
    }
  }
  RequestId id = queue_.front().id;
  if (hangsUp(queue_.front())) {
    channel_->send(pack(Answer{
        id,
        answer::Done{answer::Done::Completion::no, answer::kHungUp, "the server closed the connection"},
        {}}));
    channel_->flush();
    channel_.reset();
    queue_.clear();
    return;
  }
  carryOutFront(faults);
  for (auto& [what, bodies] : answers_) {
    if (heard-- == 0) break;
    channel_->send(pack(Answer{id, std::move(what), std::move(bodies)}));
  }
  answers_.clear();
  if (!lost) return;
  channel_.reset();
  queue_.clear();
}

// An unreadable mail file.
bool SimulatedNet::hangsUp(const Request& request) const {
  using enum request::Fetch::Items;
  auto* bodies = std::get_if<request::FetchBodies>(&request.what);
  auto* fetch = std::get_if<request::Fetch>(&request.what);
  const UidSet* read = bodies != nullptr ? &bodies->uids : nullptr;
  if (fetch != nullptr && (fetch->items == identity || fetch->items == content)) read = &fetch->uids;
  const HeldMailbox* mailbox =
      selected_.empty() || account_.hangs.empty() ? nullptr : account_.find(selected_);
  return read != nullptr && mailbox != nullptr &&
         std::ranges::any_of(mailbox->messages, [&](const HeldMessage& held) {
           return account_.hangs.contains(held.serial) && read->contains(*Uid::of(held.uid));
         });
}

void SimulatedNet::outlive(std::size_t most) {
  receive();
  if (queue_.size() > most) queue_.resize(most);
  for (const auto& [name, mailbox] : account_.mailboxes) incarnations_[name] = mailbox.incarnation;
  // The next run waits for an EXPUNGE that names nothing (Passes::awaitStragglers).
  auto changes = [](const Request& request) {
    return std::holds_alternative<request::Store>(request.what) ||
           std::holds_alternative<request::Expunge>(request.what);
  };
  if (!account_.setup.uidPlus)
    while (std::ranges::any_of(queue_, changes)) carryOutUnheard();
}

void SimulatedNet::lose(std::size_t most) {
  outlive(most);
  channel_.reset();
}

// A COPY is from the mailbox that was selected before it.
void SimulatedNet::linger() {
  auto isCopy = [](const Request& request) { return std::holds_alternative<request::Copy>(request.what); };
  const bool selects = std::ranges::any_of(queue_, isCopy);
  std::erase_if(queue_, [&](const Request& request) {
    return !std::holds_alternative<request::Append>(request.what) && !isCopy(request) &&
           !(selects && std::holds_alternative<request::Select>(request.what));
  });
}

// To a mailbox that is another one by now: that has no connections from before.
bool SimulatedNet::isTooLate(const Request& request) {
  auto* append = std::get_if<request::Append>(&request.what);
  auto* copy = std::get_if<request::Copy>(&request.what);
  if (append == nullptr && copy == nullptr) return false;
  const std::string name = account_.name(append != nullptr ? append->mailbox.bytes : copy->to.bytes);
  const HeldMailbox* mailbox = account_.find(name);
  return mailbox != nullptr && incarnations_[name] != mailbox->incarnation;
}

void SimulatedNet::carryOutUnheard() {
  std::erase_if(queue_, [this](const Request& request) { return isTooLate(request); });
  witness_.blame(false);
  for (unsigned before = writes; writes == before && !queue_.empty();) carryOutFront({});
  witness_.blame(true);
  answers_.clear();
}

void SimulatedNet::carryOutFront(const std::vector<Step>& faults) {
  Request request = std::move(queue_.front());
  queue_.pop_front();
  bodies_ = std::move(request.bodies);
  auto has = [&](Fault fault) { return std::ranges::find(faults, fault, &Step::what) != faults.end(); };
  auto n = [&](Fault fault) { return std::ranges::find(faults, fault, &Step::what)->n; };
  omit_ = has(Fault::omit) ? std::optional(n(Fault::omit)) : std::nullopt;
  halfExpunge_ = has(Fault::halfExpunge) ? std::optional(n(Fault::halfExpunge)) : std::nullopt;
  vanish_ = has(Fault::vanish) ? std::optional(n(Fault::vanish)) : std::nullopt;
  if (std::holds_alternative<request::Expunge>(request.what) &&
      (has(Fault::ignore) || has(Fault::refuse) || has(Fault::halfExpunge)))
    witness_.cannotExpunge();
  if (has(Fault::ignore)) {
    if (auto* copy = std::get_if<request::Copy>(&request.what)) {
      const std::size_t count = copy->uids.size();
      answer(
          answer::Appended{{}, std::vector<std::optional<Uid>>(count), "", std::vector<bool>(count, true)});
    }
    return done();
  }
  if (!has(Fault::refuse)) {
    std::visit([this](auto& what) { handle(what); }, request.what);
    if (has(Fault::garble)) garble(n(Fault::garble));
    return;
  }
  if (std::holds_alternative<request::Select>(request.what)) selected_.clear();
  if (auto* append = std::get_if<request::Append>(&request.what))
    answer(answer::Appended{{},
                            std::vector<std::optional<Uid>>(append->messages.size()),
                            "[LIMIT] not now",
                            std::vector<bool>(append->messages.size())});
  if (auto* copy = std::get_if<request::Copy>(&request.what))
    answer(answer::Appended{{},
                            std::vector<std::optional<Uid>>(copy->uids.size()),
                            "[LIMIT] not now",
                            std::vector<bool>(copy->uids.size())});
  no("LIMIT", "[LIMIT] not now");
}

// net drops what it cannot read, and says so if the answer has to be complete.
void SimulatedNet::garble(std::size_t which) {
  for (auto& [what, bodies] : answers_) {
    if (auto* answer = std::get_if<answer::Messages>(&what)) {
      std::size_t count = answer->messages.size();
      if (which < count) {
        answer->messages.erase(answer->messages.begin() + static_cast<std::ptrdiff_t>(which));
        which = SIZE_MAX;
      } else {
        which -= count;
      }
    }
    auto* done = std::get_if<answer::Done>(&what);
    if (done != nullptr && done->ok())
      *done = {answer::Done::Completion::no, answer::kUnreadable, "a response could not be read"};
  }
  std::erase_if(answers_, [](auto& it) { return std::holds_alternative<answer::Selected>(it.first); });
}

void SimulatedNet::answer(What what, Descriptor bodies) {
  answers_.emplace_back(std::move(what), std::move(bodies));
}

void SimulatedNet::done(answer::Done::Completion completion, const char* code, const char* text) {
  answer(answer::Done{completion, code, text});
}

HeldMailbox* SimulatedNet::selected() {
  HeldMailbox* mailbox = selected_.empty() ? nullptr : account_.find(selected_);
  if (mailbox != nullptr && mailbox->incarnation == incarnation_) return mailbox;
  if (selected_.empty())
    done(answer::Done::Completion::bad, "", "no mailbox selected");
  else
    no("", "mailbox is gone");
  return nullptr;
}

void SimulatedNet::handle(request::Enable&) {
  ExtensionSet extensions{Extension::enable, Extension::qresync, Extension::listExtended,
                          Extension::listStatus};
  if (account_.setup.uidPlus) extensions.add(Extension::uidPlus);
  if (account_.setup.names) extensions.add(Extension::objectId);
  answer(answer::Ready{extensions, true, ""});
  done();
}

void SimulatedNet::handle(request::List& list) {
  if (list.patterns.size() == 1 && list.patterns.front().empty()) {
    answer(answer::Listed{{{WireName{""}, account_.setup.delimiter, false, true, false}}});
    return done();
  }
  answer::Listed listed;
  answer::Statuses statuses;
  for (const auto& [name, mailbox] : account_.mailboxes) {
    listed.entries.push_back({WireName{account_.wire(name)}, account_.setup.delimiter, false, false,
                              account_.subscribed.contains(name)});
    statuses.entries.push_back({WireName{account_.wire(name)}, UidValidity{mailbox.uidValidity},
                                UidNext{mailbox.uidNext}, ModSeq{mailbox.highestModSeq},
                                static_cast<std::uint32_t>(mailbox.messages.size())});
  }
  if (omit_ && *omit_ < statuses.entries.size()) statuses.entries.erase(statuses.entries.begin() + *omit_);
  answer(std::move(listed));
  answer(std::move(statuses));
  done();
}

void SimulatedNet::handle(request::Select& select) {
  selected_.clear();
  std::string name = account_.name(select.mailbox.bytes);
  if (!witness_.isUpset(name)) ++selects;
  HeldMailbox* mailbox = account_.find(name);
  if (mailbox == nullptr) return no("NONEXISTENT", "[NONEXISTENT] no such mailbox");
  selected_ = name;
  incarnation_ = vanish_ == 0U ? 0 : mailbox->incarnation;
  if (select.known && select.known->uidValidity.value == mailbox->uidValidity) {
    const request::Known& known = *select.known;
    UidSet vanished;
    if (vanish_ || account_.setup.forgetful) vanished = UidSet::below(UidNext{mailbox->uidNext});
    if (!vanish_ && account_.setup.forgetful)
      for (const HeldMessage& held : mailbox->messages) vanished.remove(UidSet::single(*Uid::of(held.uid)));
    for (auto [uid, modSeq] : mailbox->expunged)
      if (modSeq > known.modSeq.value) vanished.add(*Uid::of(uid));
    if (vanished = vanished.intersect(known.uids); !vanished.empty()) answer(answer::Vanished{vanished});
    std::vector<answer::Message> changed;
    for (const HeldMessage& held : mailbox->messages)
      if (held.modSeq > known.modSeq.value && known.uids.contains(*Uid::of(held.uid)))
        changed.push_back(message(held, Items::flags));
    send(std::move(changed));
  }
  answer::Selected selected{.uidValidity = {mailbox->uidValidity},
                            .uidNext = {mailbox->uidNext},
                            .highestModSeq = {mailbox->highestModSeq},
                            .exists = static_cast<std::uint32_t>(mailbox->messages.size())};
  selected.readOnly = account_.setup.readOnly;
  selected.storable = {account_.setup.storable == kAllFlags, false, toFlags(account_.setup.storable)};
  answer(std::move(selected));
  done();
}

std::uint64_t SimulatedNet::statedSize(std::uint32_t serial) const {
  return witness_.looks(serial).size + (account_.setup.bulky ? kBulky : 0);
}

InternalDate SimulatedNet::date(const HeldMessage& held) const {
  static const InternalDate kArrival = *InternalDate::parse("01-Sep-2026 12:00:00 +0000");
  return held.dated ? witness_.looks(held.serial).date : kArrival;
}

answer::Message SimulatedNet::message(const HeldMessage& held, Items items) const {
  answer::Message message{.uid = *Uid::of(held.uid), .modSeq = {held.modSeq}, .flags = toFlags(held.flags)};
  if (items == Items::flags) return message;
  if (items == Items::content) {  // bodies differ, whatever they look like
    message.content.emplace();
    const std::uint32_t content = witness_.content(held.serial);
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&content), sizeof content, message.content->begin());
  }
  message.size = statedSize(held.serial);
  if (items == Items::listing && account_.setup.names) {
    message.id.emplace();
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&held.id), sizeof held.id, message.id->begin());
  }
  if (items == Items::sizes || items == Items::listing) return message;
  message.date = date(held);
  message.header = witness_.looks(held.serial).header;
  return message;
}

void SimulatedNet::send(std::vector<answer::Message> messages) {
  for (auto& piece : pieces(std::move(messages), 3)) answer(answer::Messages{std::move(piece)});
}

void SimulatedNet::handle(request::Fetch& fetch) {
  HeldMailbox* mailbox = selected();
  if (mailbox == nullptr) return;
  std::vector<answer::Message> messages;
  for (const HeldMessage& held : mailbox->messages)
    if (fetch.uids.contains(*Uid::of(held.uid))) messages.push_back(message(held, fetch.items));
  send(std::move(messages));
  done();
}

void SimulatedNet::handle(request::FetchBodies& fetch) {
  HeldMailbox* mailbox = selected();
  if (mailbox == nullptr) return;
  std::vector<const HeldMessage*> wanted;
  for (const HeldMessage& held : mailbox->messages)
    if (fetch.uids.contains(*Uid::of(held.uid))) wanted.push_back(&held);
  if (omit_ && *omit_ < wanted.size()) wanted.erase(wanted.begin() + *omit_);
  for (const auto& piece : pieces(std::move(wanted), 3)) {
    BodyWriter writer(fetch.reading);
    answer::Window window;
    for (const HeldMessage* held : piece) {
      Looks looks = witness_.looks(held->serial);
      std::string body(looks.size, '\0');
      std::copy_n(reinterpret_cast<const char*>(&held->serial), sizeof held->serial, body.begin());
      window.messages.push_back({.uid = *Uid::of(held->uid),
                                 .flags = toFlags(held->flags),
                                 .date = date(*held),
                                 .body = {writer.size(), body.size()},
                                 .header = looks.header});
      writer.write(body);
    }
    answer(std::move(window), writer.seal());
  }
  done();
}

// RFC 3501 section 6.3.1: changes to the permanent state are not permitted.
void SimulatedNet::checkWritable(const std::string& mailbox) const {
  if (account_.setup.readOnly && !witness_.isUpset(mailbox))
    throw Broken("the engine writes to a mailbox that is READ-ONLY");
}

void SimulatedNet::handle(request::Append& append) {
  ++writes;
  checkWritable(account_.name(append.mailbox.bytes));
  std::string name = account_.name(append.mailbox.bytes);
  HeldMailbox* mailbox = account_.find(name);
  answer::Appended appended;
  appended.uids.resize(append.messages.size());
  appended.stored.resize(append.messages.size());
  std::vector<std::uint32_t> serials = serialsIn(std::move(bodies_), append.messages);
  auto refused = [&](std::uint32_t serial) { return !mailbox || account_.poison.contains(serial); };
  bool asOne = append.together && account_.setup.multiAppend;
  bool anyRefused = std::ranges::any_of(serials, refused);
  for (std::size_t i = 0; i < serials.size(); ++i) {
    if (refused(serials[i]) || (asOne && anyRefused)) continue;
    witness_.copies(side_, name, serials[i]);
    const Setup& setup = account_.setup;
    HeldMessage& held = mailbox->append(
        serials[i],
        setup.keepsFlags ? static_cast<FlagBits>(toBits(append.messages[i].flags) & setup.storable) : 0,
        setup.keepsDates);
    appended.stored[i] = true;
    if (account_.setup.tellsUids && account_.setup.uidPlus) {
      appended.uids[i] = Uid::of(held.uid);
      appended.uidValidity = {mailbox->uidValidity};
    }
  }
  if (anyRefused) appended.refusal = "[CANNOT] not this one";
  answer(std::move(appended));
  anyRefused ? no("CANNOT", "[CANNOT] not this one") : done();
}

void SimulatedNet::handle(request::Store& store) {
  ++writes;
  checkWritable(selected_);
  witness_.writes(side_, selected_);
  HeldMailbox* mailbox = selected();
  if (mailbox == nullptr) return;
  std::vector<answer::Message> messages;
  FlagBits flags = toBits(store.flags);
  for (HeldMessage& held : mailbox->messages) {
    if (!store.uids.contains(*Uid::of(held.uid))) continue;
    FlagBits now = store.change == request::Store::Change::add
                       ? held.flags | (flags & account_.setup.storable)
                       : held.flags & ~flags;
    // What others have marked \Deleted may be without that for a while.
    FlagBits told = account_.setup.uidPlus ? kAllFlags : kAllFlags & ~kDeleted;
    if (now != held.flags)
      witness_.stores(side_, selected_, held.serial, now & ~held.flags & told, held.flags & ~now & told);
    mailbox->setFlags(held, now);
    messages.push_back(message(held, Items::flags));
  }
  send(std::move(messages));
  done();
}

void SimulatedNet::handle(request::Expunge& expunge) {
  ++writes;
  checkWritable(selected_);
  witness_.writes(side_, selected_, Witness::Write::expunge);
  HeldMailbox* mailbox = selected();
  if (mailbox == nullptr || (halfExpunge_ && *halfExpunge_ != 0)) {
    // As a mailbox does that was renamed: everything vanishes, and nothing can be done.
    answers_.insert(answers_.begin(), {answer::Vanished{expunge.uids}, Descriptor()});
    if (mailbox != nullptr) no("", "mailbox is gone");
    return;
  }
  using Step = request::Expunge::Step;
  if ((expunge.step == Step::all) == account_.setup.uidPlus)
    throw Broken("the engine expunges in the wrong way");
  UidSet gone;
  for (HeldMessage& held : std::vector(mailbox->messages)) {
    if (!expunge.uids.contains(*Uid::of(held.uid))) {
      if (expunge.step == Step::all && !halfExpunge_ && (held.flags & kDeleted)) takeAlong(*mailbox, held);
      continue;
    }
    if (halfExpunge_ || expunge.step == request::Expunge::Step::mark) {
      mailbox->setFlags(*mailbox->byUid(held.uid), held.flags | kDeleted);
      continue;
    }
    if (expunge.step == request::Expunge::Step::remove && !(held.flags & kDeleted)) continue;
    witness_.expunges(side_, selected_, held.serial);
    mailbox->expunge(held.uid);
    gone.add(*Uid::of(held.uid));
  }
  if (expunge.step == request::Expunge::Step::mark) return done();
  if (halfExpunge_) return no("NOPERM", "[NOPERM] no expunging");
  if (!gone.empty()) answer(answer::Vanished{gone});
  done();
}

// EXPUNGE takes whatever is \Deleted, which may be no more than what was marked since the engine last looked.
void SimulatedNet::takeAlong(HeldMailbox& mailbox, const HeldMessage& held) {
  if (account_.seenMarked.contains({selected_, held.uid}))
    throw Broken("EXPUNGE takes what the engine has seen that somebody else has marked");
  witness_.takenAlong(side_, selected_, held.serial);
  mailbox.expunge(held.uid);
}

void SimulatedNet::handle(request::Move&) { throw Broken("the engine moves messages"); }

// What is not there any more is not copied, and that is OK.
void SimulatedNet::handle(request::Copy& copy) {
  ++writes;
  const std::string name = account_.name(copy.to.bytes);
  checkWritable(name);
  HeldMailbox* from = selected_.empty() ? nullptr : account_.find(selected_);
  HeldMailbox* to = account_.find(name);
  answer::Appended appended;
  appended.uids.resize(copy.uids.size());
  appended.stored.resize(copy.uids.size());
  if (from == nullptr || from->incarnation != incarnation_ || to == nullptr) {
    answer(std::move(appended));
    return no("TRYCREATE", "[TRYCREATE] no such mailbox");
  }
  const Setup& setup = account_.setup;
  const bool tells = setup.tellsUids && setup.uidPlus;
  const std::vector<HeldMessage> held = from->messages;
  bool any = false;
  std::size_t i = 0;
  for (Uid uid : copy.uids.each()) {
    const std::size_t at = i++;
    auto it = std::ranges::find(held, uid.value(), &HeldMessage::uid);
    if (it == held.end()) continue;
    any = true;
    const std::uint32_t serial = witness_.carries(side_, name, *it);
    witness_.copies(side_, name, serial);
    const HeldMessage& made = to->append(serial, it->flags, it->dated, it->id);
    if (!tells) continue;
    appended.stored[at] = true;
    appended.uids[at] = Uid::of(made.uid);
    appended.uidValidity = {to->uidValidity};
  }
  if (!tells || !any) std::fill(appended.stored.begin(), appended.stored.end(), true);
  answer(std::move(appended));
  done();
}

void SimulatedNet::handle(request::Search& search) {
  if (account_.setup.uidPlus && !search.before) throw Broken("the engine searches");
  HeldMailbox* mailbox = selected();
  if (mailbox == nullptr) return;
  const FlagBits with = toBits(search.with);
  if (with == kDeleted) std::erase_if(account_.seenMarked, [&](auto& it) { return it.first == selected_; });
  UidSet found;
  for (const HeldMessage& held : mailbox->messages) {
    if (!search.uids.contains(*Uid::of(held.uid)) || (held.flags & with) != with) continue;
    if (search.before &&
        witness_.looks(held.serial).date.seconds() >=
            std::chrono::sys_days(*search.before).time_since_epoch() / std::chrono::seconds(1))
      continue;
    found.add(UidSet::single(*Uid::of(held.uid)));
    if (with == kDeleted) account_.seenMarked.emplace(selected_, held.uid);
  }
  if (!found.empty()) answer(answer::Found{std::move(found)});
  done();
}

void SimulatedNet::handle(request::Manage& manage) {
  using Verb = request::Manage::Verb;
  ++writes;
  std::string name = account_.name(manage.mailbox.bytes);
  if (!name.starts_with("interimap-probe-"))
    witness_.writes(side_, name, manage.verb == Verb::create ? Witness::Write::create : Witness::Write::any);
  if (manage.verb == Verb::create && account_.find(name)) return no("ALREADYEXISTS", "[ALREADYEXISTS] there");
  switch (manage.verb) {
    case Verb::create: account_.create(name); break;
    case Verb::subscribe: account_.subscribed.insert(name); break;
    case Verb::unsubscribe: account_.subscribed.erase(name); break;
    case Verb::remove:
      // What it has made itself, to see whether both sides are one account (sync/mailboxes/one_account.h).
      if (!name.starts_with("interimap-probe-")) throw Broken("the engine deletes a mailbox");
      account_.mailboxes.erase(name);
      break;
    case Verb::rename: {
      std::string to = account_.name(manage.to.bytes);
      if (!account_.find(name) || account_.find(to))
        return no("NONEXISTENT", "[NONEXISTENT] no such mailbox");
      for (const std::string& renamed : account_.rename(name, to))
        witness_.follows(side_, name + renamed.substr(to.size()), renamed, renamed != to);
      break;
    }
  }
  done();
}

void SimulatedNet::handle(request::Watch&) { done(); }
void SimulatedNet::handle(request::Simple&) { done(); }

}  // namespace interimap::model
