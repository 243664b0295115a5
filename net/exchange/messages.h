// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Answers of kind Messages, put together until a packet is full.
#pragma once

#include "net/exchange/exchange.h"

namespace interimap {

class MessagesAnswer {
 public:
  void add(answer::Message message, Answers& answers);
  // What a FETCH response without body says, digest apart; it has a UID.
  static answer::Message of(FetchResponse& fetch);
  void flush(Answers& answers);

 private:
  answer::Messages messages_;
  std::size_t bytes_ = 0;  // of flags
};

}  // namespace interimap
