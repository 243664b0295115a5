// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Session: what the server sends, and whose it is.
#include <algorithm>
#include <utility>

#include "ipc/failure.h"
#include "net/session.h"

namespace interimap {

namespace {

constexpr std::size_t kExcerpt = 200;  // characters of a malformed response in a warning

}  // namespace

void Session::handle(const Response& response) {
  if (response.text.starts_with("* ")) return untagged(response);
  std::string_view text = response.text;
  if (text == "+" || text.starts_with("+ "))
    return continuation(text.substr(std::min<std::size_t>(2, text.size())));
  tagged(response);
}

void Session::continuation(std::string_view challenge) {
  if (!greeting_) throw Failure(ExitStatus::protocol, "not a greeting: a continuation");
  bool authenticating = !inFlight_.empty() && inFlight_.front().manner >= Manner::alone;
  if (authenticating && !connection_.outbox().waiting()) {
    const InFlight& login = inFlight_.front();
    auto answer = login.conversation != nullptr ? login.conversation->respond(challenge) : std::nullopt;
    if (!answer)
      throw Failure(ExitStatus::protocol, "server asks for more than the credentials it was given");
    connection_.outbox().respond(login.tag, answer->reveal());
    if (login.manner == Manner::thenRequests && login.conversation->concluded()) phase_ = Phase::mayFollow;
    return;
  }
  if (watch_ != nullptr && watch_->continued()) return;
  connection_.outbox().continued();
}

void Session::untagged(const Response& response) {
  auto [parsed, kind] = parseUntagged(response);
  bool tells = News::tells(kind);
  if (!parsed) {
    news_.any |= tells;
    missed(kind, FetchResponse::uidBefore(response.text));
    if (warned_.insert(kind).second)
      log(LogLevel::warning,
          "ignoring a malformed " + kind + " response: " + response.text.substr(0, kExcerpt));
    return countUnasked();
  }
  if (auto* status = std::get_if<StatusResponse>(&*parsed)) {
    note(status->what);
    if (status->condition == Condition::bye) bye_ = status->what.text;
    if (!greeting_) return greeted(std::move(*status));
  } else if (auto* capabilities = std::get_if<Capabilities>(&*parsed)) {
    capabilities_ = std::move(*capabilities);
    if (phase_ == Phase::ready) enterReady();
  }
  if (auto* enabled = std::get_if<Enabled>(&*parsed)) modSequences_ |= enabled->what.has("QRESYNC");
  if (auto* fetch = std::get_if<FetchResponse>(&*parsed)) {
    fetch->sink = sink_;
    bool news = !fetch->dropped.empty() && warned_.size() < limits::kMostKinds;
    if (news && warned_.insert("keyword " + fetch->dropped).second)
      chatter_.say("keyword", LogLevel::warning,
                   "Leaving out a keyword that cannot be one" +
                       (fetch->uid ? " of UID " + std::to_string(fetch->uid->value()) : std::string()) +
                       ": " + fetch->dropped.substr(0, kExcerpt));
  }
  if (!greeting_) throw Failure(ExitStatus::protocol, "not a greeting: " + response.text.substr(0, kExcerpt));
  if (!news_.isNotification(*parsed) && offer(*parsed)) return;
  news_.any |= tells;
  countUnasked();
}

// Courier says "* OK [ALERT] ..." when it is short of something, and only then its greeting.
void Session::greeted(StatusResponse status) {
  if (status.condition != Condition::ok && status.condition != Condition::preauth)
    throw Failure(status.condition == Condition::bye ? ExitStatus::unavailable : ExitStatus::protocol,
                  "server refused the connection: " + status.words());
  if (status.condition == Condition::ok && status.what.code == "ALERT")
    beforeGreeting_ = std::move(status);
  else
    greeting_ = std::move(status);
}

// Whose it may have been: servers work on several commands at once, but on one mailbox at a time. A list is
// never complete without its lines, whenever they came.
void Session::missed(const std::string& kind, std::optional<Uid> uid) {
  bool oldest = true;
  for (auto& running : running_) {
    if (running->unfinished == 0) continue;
    bool selects = running->exchange->selects(), anyTime = kind == "LIST";
    if (selects && !oldest && !anyTime) return;
    running->exchange->missed(kind, uid);
    if (selects && !anyTime) return;
    oldest = false;
  }
}

void Session::countUnasked() {
  if (++unasked_ > limits::kMostUnasked)
    throw Failure(ExitStatus::protocol, "more than " + std::to_string(limits::kMostUnasked) +
                                            " responses that nobody asked for, and no end");
}

// The oldest that wants it gets it; whether one did. What a mailbox being selected brings is nobody else's,
// and nothing is a Select's before its turn.
bool Session::offer(Untagged& untagged) {
  bool oldest = true;
  for (auto& running : running_) {
    if (running->unfinished == 0) continue;
    bool selects = running->exchange->selects();
    if (selects && !oldest) return false;
    AnswersTo answers(*this, *running);
    if (running->exchange->take(untagged, answers)) return true;
    if (selects) return false;
    oldest = false;
  }
  return false;
}

void Session::begin(Kind kind, std::uint64_t size, std::string_view before) {
  sink_ = nullptr;
  auto uid = FetchResponse::uidBefore(before);
  for (auto& running : running_) {
    if (running->unfinished == 0) continue;
    if (running->exchange->selects()) return;
    sink_ = running->exchange->sink(kind, uid);
    if (sink_ != nullptr) return sink_->begin(kind, size, before);
  }
}

void Session::octets(std::string_view piece) {
  if (sink_ != nullptr) sink_->octets(piece);
}

void Session::piecesEnd() {
  for (auto& running : running_) running->exchange->piecesEnd();
}

void Session::tagged(const Response& response) {
  std::string_view text = response.text;
  auto blank = std::min(text.find(' '), text.size());
  auto status = StatusResponse::parse(text.substr(std::min(blank + 1, text.size())));
  auto command = std::find_if(inFlight_.begin(), inFlight_.end(),
                              [&](const InFlight& entry) { return entry.tag == text.substr(0, blank); });
  if (command == inFlight_.end() || !status || status->condition > Condition::bad)
    throw Failure(ExitStatus::protocol, "Unexpected response: " + response.text.substr(0, kExcerpt));
  note(status->what);
  unasked_ = 0;
  InFlight entry = std::move(*command);
  inFlight_.erase(command);
  quickest_ = std::min(quickest_, Clock::now() - entry.sent);
  bool cut = watch_ != nullptr && watch_->holdsDone();  // an end of IDLE without DONE
  connection_.outbox().completed(entry.tag, status->condition == Condition::ok && !cut);
  completed(std::move(entry), *status);
}

void Session::note(const RespText& text) {
  if (text.code == "CAPABILITY") {
    capabilities_ = Capabilities::parse(text.arguments);
    if (phase_ == Phase::ready) enterReady();
  } else if (text.code == "NOTIFICATIONOVERFLOW") {
    news_.overflow(log_);
  } else if (text.code == "ALERT" && text.text != alert_) {
    // RFC 3501 section 7.1: text that MUST be presented to the user; the same one once.
    alert_ = text.text;
    chatter_.say("[ALERT]", LogLevel::notice, text.text);
  }
}

void Session::completed(InFlight command, const StatusResponse& status) {
  if (command.step != nullptr) {
    if (command.manner == Manner::lastInClear && status.condition == Condition::ok && connection_.unread())
      throw Failure(ExitStatus::protocol,
                    "Data after the STARTTLS reply: possible injection by a man in the middle");
    connection_.setConfidential(false);
    *command.step = status;
    return;
  }
  if (command.running == nullptr) return compressed(status);
  command.running->exchange->completed(command.index, status);
  --command.running->unfinished;
  finishRunning();
}

void Session::compressed(const StatusResponse& status) {
  phase_ = Phase::ready;
  if (status.condition == Condition::ok) {
    connection_.startDeflate();
  } else {
    log(LogLevel::debug, "COMPRESS refused: " + status.words());
  }
}

// Requests are answered in order, whatever order the server works in. Not before login is done: until then it
// is not known what the server has.
void Session::finishRunning() {
  if (phase_ != Phase::ready && phase_ != Phase::compressing) return;
  while (!running_.empty()) {
    Running& oldest = *running_.front();
    for (Answer& answer : std::exchange(oldest.held, {})) sync_.send(pack(std::move(answer)));
    if (oldest.unfinished > 0 || oldest.exchange->hasMore()) return;
    finish(oldest);
    running_.pop_front();
  }
}

void Session::finish(Running& running) {
  AnswersTo answers(*this, running);
  running.exchange->finish(answers);
  answers.send(running.exchange->done());
  noteSelected(running);
}

void Session::AnswersTo::send(What what, Descriptor bodies) {
  Answer answer{running_.id, std::move(what), std::move(bodies)};
  if (session_.running_.front().get() == &running_) return session_.sync_.send(pack(std::move(answer)));
  if (running_.held.size() == limits::kMostHeldAnswers)
    throw Failure(ExitStatus::protocol, "server answers too much out of order");
  running_.held.push_back(std::move(answer));
}

void Session::noteSelected(const Running& running) {
  const answer::Done& done = running.exchange->done();
  if (!running.exchange->selects() || done.ok() || done.code == answer::kUnreadable) return;
  bool another = std::any_of(running_.begin() + 1, running_.end(),
                             [](const auto& later) { return later->exchange->selects(); });
  if (!another) selected_ = false;
}

}  // namespace interimap
