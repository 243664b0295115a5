// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/messages.h"

#include <utility>

#include "net/wire/limits.h"

namespace interimap {

answer::Message MessagesAnswer::of(FetchResponse& fetch) {
  answer::Message message{.uid = *fetch.uid, .modSeq = fetch.modSeq};
  message.flags = std::move(fetch.flags);
  message.date = std::move(fetch.date);
  message.size = fetch.size.value_or(0);
  return message;
}

void MessagesAnswer::add(answer::Message message, Answers& answers) {
  if (message.flags) bytes_ += message.flags->text().size();
  messages_.messages.push_back(std::move(message));
  // A packet has a limit, and sync works on the first while the server sends the next.
  if (messages_.messages.size() == kMostMessages || bytes_ > limits::kAnswerBytes) flush(answers);
}

void MessagesAnswer::flush(Answers& answers) {
  if (!messages_.messages.empty()) answers.send(std::exchange(messages_, {}));
  bytes_ = 0;
}

}  // namespace interimap
