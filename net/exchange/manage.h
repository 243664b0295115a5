// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Commands on a mailbox as such, and those without arguments: one command, and its tagged response.
#pragma once

#include "net/exchange/exchange.h"

namespace interimap {

class Manage final : public Exchange {
 public:
  explicit Manage(request::Manage request) : request_(std::move(request)) {}
  std::vector<Command> commands(const ExtensionSet&) override;

 private:
  request::Manage request_;
};

class Simple final : public Exchange {
 public:
  Simple(request::Simple request, bool mailboxSelected) : request_(request), selected_(mailboxSelected) {}
  std::vector<Command> commands(const ExtensionSet& extensions) override;
  void completed(std::size_t index, const StatusResponse& status) override;

 private:
  request::Simple request_;
  bool selected_;
};

}  // namespace interimap
