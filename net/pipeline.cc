// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/pipeline.h"

#include <algorithm>
#include <utility>

#include "ipc/failure.h"
#include "ipc/hang_up.h"

namespace interimap {

Pipeline::Pipeline(Connection& connection, Channel& sync, Silence& silence, Throttle& throttle,
                   MessageHeader& header, Log log, const settings::Net& settings)
    : connection_(connection),
      sync_(sync),
      silence_(silence),
      log_(log),
      context_{.maxMessageSize = settings.maxMessageSize,
               .capabilities = toldAtLogin_,
               .greeting = greeting_,
               .news = news_,
               .log = log_,
               .header = header},
      flight_(connection, silence, throttle, log, settings.pipeline) {}

// Requests become commands.

void Pipeline::start(Request request, const ExtensionSet& extensions) {
  using Verb = request::Simple::Verb;
  auto* simple = std::get_if<request::Simple>(&request.what);
  loggedOut_ |= simple != nullptr && simple->verb == Verb::logout;
  bool unselects = simple != nullptr && simple->verb == Verb::unselect;
  RequestId id = request.id;
  context_.storing = storing();
  running_.push_back(std::make_unique<Running>(Running{id, makeExchange(std::move(request), context_)}));
  Running& running = *running_.back();
  if (unselects) context_.mailboxSelected = false;
  watch_ = running.exchange->watch();
  if (watch_ != nullptr) silence_.watch(watch_->seconds());
  sendCommands(running, running.exchange->commands(extensions));
  answer();
}

void Pipeline::sendCommands(Running& running, std::vector<Command> commands) {
  for (Command& command : commands) {
    auto completed = [&running, index = running.unfinished++](const StatusResponse& status) {
      running.exchange->completed(index, status);
      --running.unfinished;
    };
    flight_.add(std::move(command), running.owner, std::move(completed), answering_);
  }
  context_.mailboxSelected |= running.exchange->selects();
  go();  // after which it may be over
}

// An Expunge stores as well, in its own mailbox.
bool Pipeline::storing() const {
  bool storing = false, expunging = false;
  for (const auto& each : running_) {
    const Exchange* exchange = each->exchange.get();
    storing |= exchange->stores();
    expunging |= exchange->expunges();
    if (exchange->selects()) expunging = false;
  }
  return storing || expunging;
}

bool Pipeline::goOn(const ExtensionSet& extensions, bool waits) {
  if (watch_ != nullptr) keepWatch(waits);
  if (running_.empty() || !running_.back()->exchange->hasMore()) return false;
  if (empty()) {
    Running& last = *running_.back();
    std::vector<Command> more = last.exchange->more(extensions);
    const bool none = more.empty();
    sendCommands(last, std::move(more));
    if (none) answer();
  }
  return !running_.empty() && running_.back()->exchange->hasMore();
}

// Waiting for news.

bool Pipeline::watching() const {
  bool mayBe = watch_ != nullptr && running_.front()->exchange.get() == watch_ && !connection_.unsent();
  return mayBe && (watch_->idling() || empty());
}

void Pipeline::keepWatch(bool waits) {
  if (running_.front()->exchange.get() != watch_) return;
  bool over = news_.any || waits;
  bool silent = watching() && silence_.over(Awaited::news);
  if (watch_->idling()) {
    if (!over && !silent) return;
    watch_->leave();
    connection_.outbox().continued();
    silence_.restart();
  } else if (empty()) {
    if (silent) watch_->silent();
    if (!over) return;
    watch_->end();
    watch_ = nullptr;
    news_.any = false;
    answer();
  }
}

void Pipeline::continued() {
  if (watch_ == nullptr || !watch_->continued()) connection_.outbox().continued();
}

// Whose a response is.

bool Pipeline::take(Untagged& untagged, std::string_view kind) {
  if (auto* enabled = std::get_if<Enabled>(&untagged)) context_.modSequences |= enabled->what.has("QRESYNC");
  if (auto* fetch = std::get_if<FetchResponse>(&untagged)) fetch->sink = sink_;
  if (auto* status = std::get_if<StatusResponse>(&untagged))
    if (auto validity = status->what.number("UIDVALIDITY")) flight_.told(*validity);
  if (!news_.isNotification(untagged) && offer(untagged)) return true;
  news_.any |= News::tells(kind);
  return false;
}

// The oldest that wants it gets it; whether one did. What a mailbox being selected brings is nobody else's,
// and nothing is a Select's before its turn.
bool Pipeline::offer(Untagged& untagged) {
  bool oldest = true;
  for (auto& running : running_) {
    if (!running->listens()) continue;
    bool selects = running->exchange->selects();
    if (selects && !oldest) return false;
    AnswersTo answers(*this, *running);
    if (running->exchange->take(untagged, answers)) return true;
    if (selects) return false;
    oldest = false;
  }
  return false;
}

// Whose it may have been: servers work on several commands at once, but on one mailbox at a time. A list is
// never complete without its lines, whenever they came.
void Pipeline::missed(const std::string& kind, std::optional<Uid> uid) {
  news_.any |= News::tells(kind);
  bool oldest = true;
  for (auto& running : running_) {
    if (!running->listens()) continue;
    bool selects = running->exchange->selects(), anyTime = kind == "LIST";
    if (selects && !oldest && !anyTime) return;
    running->exchange->missed(kind, uid);
    if (selects && !anyTime) return;
    oldest = false;
  }
}

void Pipeline::begin(Kind kind, std::uint64_t size, std::string_view before) {
  sink_ = nullptr;
  auto uid = FetchResponse::uidBefore(before);
  for (auto& running : running_) {
    if (!running->listens()) continue;
    if (running->exchange->selects()) return;
    sink_ = running->exchange->sink(kind, uid);
    if (sink_ != nullptr) return sink_->begin(kind, size, before);
  }
}

void Pipeline::octets(std::string_view piece) {
  pieces_ |= sink_ != nullptr;
  if (sink_ != nullptr) sink_->octets(piece);
}

void Pipeline::piecesEnd() {
  if (!std::exchange(pieces_, false)) return;
  for (auto& running : running_) running->exchange->piecesEnd();
}

std::optional<Pipeline::Clock::duration> Pipeline::completed(std::string_view tag,
                                                             const StatusResponse& status) {
  // IDLE that ends without DONE is like a command that was refused halfway.
  auto took = flight_.completed(tag, status, watch_ != nullptr && watch_->holdsDone());
  if (took) answer();
  return took;
}

// Answers.

void Pipeline::loggedIn(const Capabilities& capabilities, std::string greeting) {
  toldAtLogin_ = capabilities;
  greeting_ = std::move(greeting);
  answering_ = true;
  answer();
}

// Requests are answered in order, whatever order the server works in.
void Pipeline::answer() {
  while (answering_ && !running_.empty()) {
    Running& oldest = *running_.front();
    for (Answer& answer : std::exchange(oldest.held, {})) sync_.send(pack(std::move(answer)));
    if (oldest.unfinished > 0 || oldest.exchange->hasMore()) return;
    finish(oldest);
    running_.pop_front();
  }
}

void Pipeline::wentAheadInVain(const std::string& why) {
  if (running_.empty()) return;
  AnswersTo(*this, *running_.front())
      .send(answer::Done{answer::Done::Completion::no, answer::kAhead, why.substr(0, kMostText)});
}

void Pipeline::takeLeave(const std::string& why) {
  if (!answering_ || running_.empty()) return;
  try {
    AnswersTo answers(*this, *running_.front());
    running_.front()->exchange->lost(answers);
    answers.send(answer::Done{answer::Done::Completion::no, answer::kHungUp, why.substr(0, kMostText)});
  } catch (const std::exception&) {
    // sync is gone as well.
  }
}

void Pipeline::finish(Running& running) {
  AnswersTo answers(*this, running);
  running.exchange->finish(answers);
  answers.send(running.exchange->done());
  noteSelected(running);
}

void Pipeline::AnswersTo::send(What what, Descriptor bodies) {
  Answer answer{running_.id, std::move(what), std::move(bodies)};
  if (pipeline_.running_.front().get() == &running_) return pipeline_.sync_.send(pack(std::move(answer)));
  if (running_.held.size() >=
      (pipeline_.flight_.isStalled() ? limits::kMostHeldInRest : limits::kMostHeldAnswers))
    throw Failure(ExitStatus::protocol, "server answers too much out of order");
  running_.held.push_back(std::move(answer));
}

// After a SELECT that failed none is selected (RFC 3501 section 6.3.1).
void Pipeline::noteSelected(const Running& running) {
  const answer::Done& done = running.exchange->done();
  if (!running.exchange->selects() || done.ok() || done.code == answer::kUnreadable) return;
  bool another = std::any_of(running_.begin() + 1, running_.end(),
                             [](const auto& later) { return later->exchange->selects(); });
  if (!another) context_.mailboxSelected = false;
}

}  // namespace interimap
