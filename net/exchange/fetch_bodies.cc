// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/fetch_bodies.h"

#include <cstdio>
#include <ctime>
#include <utility>

#include "ipc/failure.h"
#include "net/wire/limits.h"

namespace interimap {

namespace {

// Of a message whose server tells no date, or an impossible one: as if it were appended without any
// (RFC 3501 section 6.3.11), it has arrived now.
InternalDate now() {
  char text[32];
  std::time_t seconds = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::snprintf(text, sizeof text, "%02d-%s-%04d %02d:%02d:%02d +0000", utc.tm_mday % 100,
                kMonths[utc.tm_mon % 12], (utc.tm_year + 1900) % 10000, utc.tm_hour % 100, utc.tm_min % 100,
                utc.tm_sec % 60);
  return InternalDate::parse(text).value();
}

// A WindowMessage in a packet, generously; what is of any length apart. What pullimap asks for besides, and
// an address in it, likewise. A window of sync's fits in one answer: what is cut here is also appended in
// pieces.
constexpr std::size_t kMessageBytes = 208, kTraceBytes = 240, kNamedBytes = 16;
static_assert(kMostMessages * kMessageBytes < limits::kAnswerBytes);

}  // namespace

std::vector<Command> FetchBodies::commands(const ExtensionSet&) {
  std::vector<Command> commands;
  for (const UidSet& piece : uids_.pieces(limits::kLongestSet))
    commands.push_back(std::move(Command("UID FETCH")
                                     .set(piece)
                                     .add(" (FLAGS INTERNALDATE")
                                     .add(envelope_ ? " ENVELOPE BODY.PEEK[])" : " BODY.PEEK[])")));
  return commands;
}

// Where BODY[] stands in front of UID, the message is only known when its octets are gone by: they are taken,
// and given up if it was not ours.
LiteralSink* FetchBodies::sink(Kind kind, std::optional<Uid> uid) {
  return kind == Kind::body && (!uid || remaining_.contains(*uid)) ? this : nullptr;
}

void FetchBodies::begin(Kind, std::uint64_t size, std::string_view) {
  if (!bodies_) bodies_.emplace(reading_);
  bodies_->truncate(kept_);  // of a response that was not ours, or malformed
  header_.reset();
  // Pullimap alone asks for it: a digest of the whole content costs time with every octet.
  if (envelope_) {
    content_.reset();
    trace_.reset();
  }
  tooLarge_ = maxMessageSize_ > 0 && size > maxMessageSize_;
  if (!tooLarge_) bodies_->expect(size);
}

void FetchBodies::octets(std::string_view piece) {
  if (tooLarge_) return;
  header_.add(piece);
  if (envelope_) {
    content_.add(piece);
    trace_.add(piece);
  }
  bodies_->gather(piece);
}

void FetchBodies::piecesEnd() {
  if (bodies_) bodies_->flush();
}

bool FetchBodies::take(Untagged& untagged, Answers& answers) {
  auto* fetch = std::get_if<FetchResponse>(&untagged);
  if (fetch == nullptr || !fetch->body || !fetch->uid || !remaining_.contains(*fetch->uid)) return false;
  if (!fetch->body->streamed) {
    begin(Kind::body, fetch->body->size, {});
    octets(fetch->body->inlined);
    piecesEnd();
  } else if (fetch->sink != this) {
    throw Failure(ExitStatus::protocol,
                  "server mixes the responses to several FETCH commands, BODY[] before UID");
  }
  // Without its flags a message cannot be stored as it is; it counts as one that did not come.
  if (!tooLarge_ && !fetch->flags) return false;
  remaining_.remove(UidSet::single(*fetch->uid));
  if (tooLarge_) {
    window_.tooLarge.push_back(*fetch->uid);
  } else {
    Trace trace = envelope_ ? trace_.trace() : Trace();
    ReversePath sender = envelope_ && fetch->envelope ? std::move(fetch->envelope->sender) : ReversePath();
    if (trace.returnPath) sender = std::move(*trace.returnPath);
    for (const auto& paths : trace.named)
      for (const ForwardPath& path : paths) bytes_ += kNamedBytes + path.text().size();
    bytes_ += kMessageBytes + (envelope_ ? kTraceBytes : 0) + fetch->flags->text().size() +
              sender.text().size() + trace.messageId.size();
    if (window_.messages.empty())
      window_.messages.reserve(std::min<std::size_t>(remaining_.size() + 1, kMostMessages));
    window_.messages.push_back({.uid = *fetch->uid,
                                .flags = std::move(*fetch->flags),
                                .date = fetch->date ? *fetch->date : now(),
                                .body = {kept_, bodies_->size() - kept_},
                                .header = header_.digest(),
                                .sender = std::move(sender),
                                .content = envelope_ ? content_.digest() : ContentDigest(),
                                .received = trace.received,
                                .hops = std::move(trace.hops),
                                .messageId = std::move(trace.messageId),
                                .named = std::move(trace.named)});
    kept_ = bodies_->size();
  }
  if (window_.messages.size() + window_.tooLarge.size() == kMostMessages || bytes_ > limits::kAnswerBytes ||
      kept_ >= limits::kWindowOctets)
    flush(answers);
  return true;
}

void FetchBodies::flush(Answers& answers) {
  if (window_.messages.empty() && window_.tooLarge.empty()) return;
  if (!bodies_) bodies_.emplace(reading_);
  bodies_->truncate(kept_);
  Descriptor sealed = bodies_->seal();
  bodies_.reset();
  answers.send(std::exchange(window_, {}), std::move(sealed));
  kept_ = 0;
  bytes_ = 0;
}

}  // namespace interimap
