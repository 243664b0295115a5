// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/flight.h"

#include <algorithm>
#include <utility>

#include "ipc/failure.h"
#include "ipc/imap.h"

namespace interimap {

namespace {

bool isSelect(std::string_view name) { return name == "SELECT" || name == "EXAMINE"; }

// It is about the mailbox that is selected.
bool isAboutSelected(std::string_view name) {
  return name.starts_with("UID ") || name == "UNSELECT" || name == "EXPUNGE";
}

// Octets that are read from a pipe are gone with the first time; what waits for the server's "+" is not ours
// to repeat. EXPUNGE removes what is \Deleted at that moment: later others may have marked more.
bool canGoAgain(const Command& command) {
  using Kind = Command::Piece::Kind;
  if (command.name() == "EXPUNGE") return false;
  return std::ranges::none_of(command.pieces(), [](const Command::Piece& piece) {
    return piece.kind == Kind::body || piece.kind == Kind::response || piece.secret;
  });
}

}  // namespace

std::string Flight::send(Command command, Then then) {
  One one{.name = command.name(), .then = std::move(then), .order = orders_++};
  one.command.emplace(std::move(command));
  put(std::move(one));
  return sent_.back().tag;
}

void Flight::add(Command command, Owner& owner, Then then, bool known) {
  One one{.name = command.name(), .then = std::move(then), .owner = &owner, .order = orders_++};
  one.again = canGoAgain(command);
  one.trusted = known && one.again;
  if (isSelect(one.name)) named_ = std::make_shared<Mailbox>(Mailbox{command});
  if (isSelect(one.name) || isAboutSelected(one.name)) one.mailbox = named_;
  one.command.emplace(std::move(command));
  queue_.push_back(std::move(one));
}

// It is about the mailbox that was to be selected, which cannot be.
bool Flight::isRefusedMailbox(const One& one) {
  return isAboutSelected(one.name) && one.mailbox != nullptr && one.mailbox->refusal.has_value();
}

// What is to go once more waits until all is answered, so that it goes in its order.
bool Flight::go() {
  bool answered = false;
  if (queue_.empty() || throttle_.resting() || (stalled_ && !sent_.empty())) return answered;
  if (std::exchange(stalled_, false)) probe();
  while (!queue_.empty() && sent_.size() < limit() && !reselecting_) {
    const bool comesToNothing = isRefusedMailbox(queue_.front());
    if (!comesToNothing && reselects(queue_.front())) return answered;
    One one = std::move(queue_.front());
    queue_.pop_front();
    if (comesToNothing)
      one.then(*one.mailbox->refusal);
    else
      put(std::move(one));
    answered |= comesToNothing;
  }
  return answered;
}

// A NOOP behind what goes once more: if that is done and the other is not, it is not the server that is
// tired. Where only one at a time may go, it goes first.
void Flight::probe() {
  auto last = std::find_if(queue_.rbegin(), queue_.rend(), isRefused);
  if (last == queue_.rend()) return;
  One noop{.name = "NOOP", .then = [](const StatusResponse&) {}, .order = orders_++, .probe = true};
  noop.command.emplace("NOOP");
  queue_.insert(limit() == 1 ? queue_.begin() : last.base(), std::move(noop));
}

// Selects its mailbox, if that is not the one that is selected; nothing goes before that is done.
bool Flight::reselects(const One& one) {
  if (one.mailbox == nullptr || one.mailbox == selected_ || isSelect(one.name)) return false;
  if (!sent_.empty()) return true;
  One select{.name = one.mailbox->select.name(), .order = orders_++};
  select.command.emplace(one.mailbox->select);
  select.mailbox = one.mailbox;
  select.then = [this, mailbox = one.mailbox](const StatusResponse& status) {
    reselecting_ = false;
    if (status.condition != Condition::ok && !Throttled::inAnswer(status, "SELECT"))
      mailbox->refusal = status;
  };
  reselecting_ = true;
  put(std::move(select));
  return true;
}

void Flight::told(std::uint64_t uidValidity) {
  auto select = std::ranges::find_if(sent_, [](const One& one) { return isSelect(one.name); });
  if (select == sent_.end() || select->mailbox == nullptr) return;
  auto& known = select->mailbox->uidValidity;
  if (select->owner == nullptr && known && *known != uidValidity)
    throw Failure(ExitStatus::tryAgain, "UIDVALIDITY of a mailbox has changed while it was in use");
  known = uidValidity;
}

void Flight::put(One one) {
  if (one.owner != nullptr) one.owner->deaf = false;
  if (isSelect(one.name)) selected_ = one.mailbox;
  if (sent_.empty()) silence_.restart();
  one.behind = !sent_.empty();
  one.at = Clock::now();
  one.overtaken = false;
  one.tag = one.again ? connection_.send(*one.command) : connection_.send(std::move(*one.command));
  if (!one.again) one.command.reset();
  sent_.push_back(std::move(one));
}

std::string_view Flight::oldest() const {
  if (!sent_.empty()) return sent_.front().name;
  return queue_.empty() ? std::string_view() : queue_.front().name;
}

void Flight::clear() {
  sent_.clear();
  queue_.clear();
}

std::optional<Flight::Clock::duration> Flight::completed(std::string_view tag, const StatusResponse& status,
                                                         bool cut) {
  auto it = std::ranges::find(sent_, tag, &One::tag);
  if (it == sent_.end()) return std::nullopt;
  One one = std::move(*it);
  sent_.erase(it);
  auto took = Clock::now() - one.at;
  connection_.outbox().completed(tag, status.condition == Condition::ok && !cut);
  switch (judge(one, status)) {
    case Verdict::answer: one.then(status); break;
    case Verdict::again: setAside(std::move(one)); break;
    case Verdict::notNow: {
      StatusResponse notNow = status;
      notNow.condition = Condition::no;
      notNow.what.code = answer::kNotNow;
      one.then(notNow);
      break;
    }
  }
  return took;
}

Flight::Verdict Flight::judge(One& one, const StatusResponse& status) {
  const bool ok = status.condition == Condition::ok, ours = one.owner != nullptr;
  if (isSelect(one.name) && !ok && selected_ == one.mailbox) selected_.reset();
  if (isRefusedMailbox(one)) return Verdict::answer;
  if (ours && one.owner->deaf && one.again) return Verdict::again;
  auto said = Throttled::inAnswer(status, one.name);
  if (said && !ok && ours) return refused(one, status, *said);
  if (mayHaveBeenTooMany(one, status)) {
    one.trusted = false;
    one.tried = true;
    if (trying_++ == 0) ++trials_;
    return Verdict::again;
  }
  if (one.tried) tried(one, status);
  if (ours && isSelect(one.name) && !ok) one.mailbox->refusal = status;
  if (said && (ours || one.probe || isSelect(one.name)))
    throttle_.refused(*said, status.words());
  else if (ours && !stalled_)
    throttle_.passed();
  if (ok) overtake(one);
  return Verdict::answer;
}

Flight::Verdict Flight::refused(One& one, const StatusResponse& status, const Throttled& said) {
  throttle_.refused(said, status.words());
  // What is wrong with one message is for sync to find out.
  if (!mayGoAgain(one)) return said.why == Throttled::Why::later ? Verdict::answer : Verdict::notNow;
  ++one.refusals;
  one.refusal = status;
  return Verdict::again;
}

// Behind the EXPUNGE that was to remove what it marks, it would leave that marked.
bool Flight::mayGoAgain(const One& one) const {
  return one.again && std::ranges::none_of(sent_, [&](const One& other) {
           return other.owner == one.owner && other.name == "EXPUNGE";
         });
}

// BAD is what a server says that does not read a command before it has answered the one before it. A command
// about a mailbox that could not be selected, it may well call bad.
bool Flight::mayHaveBeenTooMany(const One& one, const StatusResponse& status) const {
  if (status.condition != Condition::bad || !one.behind || !one.trusted || !mayGoAgain(one)) return false;
  bool mayTry = trying_ > 0 || (!alone_ && trials_ < limits::kMostTrials);
  return most_ > 1 && mayTry;
}

void Flight::tried(const One& one, const StatusResponse& status) {
  --trying_;
  if (status.condition == Condition::bad || alone_) return;
  alone_ = true;
  log_(LogLevel::warning, "The server does not bear a command before it has answered the last one (" +
                              one.name + "); sending one at a time. Set pipeline = 1");
}

// Those that were refused before it. One that is overtaken again and again is refused for what it is; but a
// server that says that we ask too much may well do a NOOP.
void Flight::overtake(const One& by) {
  std::deque<One> over;
  for (auto it = queue_.begin(); it != queue_.end();) {
    if (it->refusals == 0 || it->order > by.order) {
      ++it;
      continue;
    }
    auto why = Throttled::inAnswer(it->refusal, it->name)->why;
    bool tells = why == Throttled::Why::later || (why == Throttled::Why::tooMuch && !by.probe);
    if (tells && !std::exchange(it->overtaken, true)) ++it->overtakings;
    bool enough = it->refusals >= limits::kMostRefusals && it->overtakings + 1 >= limits::kMostRefusals;
    if (enough) over.push_back(std::move(*it));
    it = enough ? queue_.erase(it) : it + 1;
  }
  for (One& one : over) {
    one.then(one.refusal);
    if (!isSelect(one.name)) continue;
    one.mailbox->refusal = one.refusal;
    for (auto it = queue_.begin(); it != queue_.end();) {
      bool behind = it->mailbox == one.mailbox;
      if (behind) it->then(one.refusal);
      it = behind ? queue_.erase(it) : it + 1;
    }
  }
  if (!over.empty() && std::ranges::none_of(queue_, isRefused)) throttle_.lift();
}

void Flight::setAside(One one) {
  if (isSelect(one.name))
    for (One& other : sent_)
      if (other.owner != nullptr && other.mailbox == one.mailbox) other.owner->deaf = true;
  one.owner->deaf = stalled_ = true;
  auto before = std::ranges::find_if(queue_, [&](const One& it) { return it.order > one.order; });
  queue_.insert(before, std::move(one));
}

}  // namespace interimap
