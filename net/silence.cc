// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/silence.h"

#include <algorithm>
#include <string>

#include "ipc/failure.h"

namespace interimap {

namespace {

// An hour: poll's milliseconds are an int, and a watch may last for weeks.
constexpr int kLongestPoll = 3'600'000;  // milliseconds

}  // namespace

void Silence::heard(std::uint64_t received, Clock::time_point now) {
  since_ = now;
  receivedThen_ = received;
}

// A large message takes its time: what counts is that it goes on, at a pace that is worth waiting for.
void Silence::receiving(std::uint64_t received, Clock::time_point now) {
  if (received - receivedThen_ >= limits::kProgress) heard(received, now);
}

void Silence::watch(std::chrono::seconds seconds, Clock::time_point now) {
  watch_ = seconds;
  restart(now);
}

std::chrono::milliseconds Silence::allowed(Awaited awaited) const {
  switch (awaited) {
    case Awaited::nothing: break;
    case Awaited::greeting: return deadlines_.greeting;
    case Awaited::otherGreeting: return deadlines_.afterAlert;
    case Awaited::answer: return deadlines_.command;
    case Awaited::news: return watch_;
  }
  return {};
}

bool Silence::over(Awaited awaited, Clock::time_point now) const {
  return !forEver(awaited) && now - since_ >= allowed(awaited);
}

int Silence::left(Awaited awaited, Clock::time_point now) {
  if (forEver(awaited)) {
    restart(now);
    return -1;
  }
  auto left = std::chrono::ceil<std::chrono::milliseconds>(since_ + allowed(awaited) - now);
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, kLongestPoll));
}

void Silence::unasked() {
  if (++unasked_ > limits::kMostUnasked)
    throw Failure(ExitStatus::protocol, "more than " + std::to_string(limits::kMostUnasked) +
                                            " responses that nobody asked for, and no end");
}

}  // namespace interimap
