// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Commands on a mailbox as such, and those without arguments: one command, and its tagged response.
#pragma once

#include "net/exchange/exchange.h"

namespace interimap {

class Manage final : public Exchange {
 public:
  // `capabilities` outlives this.
  Manage(request::Manage request, const Capabilities& capabilities)
      : request_(std::move(request)), capabilities_(capabilities) {}
  std::vector<Command> commands(const ExtensionSet&) override;

 private:
  std::string uses() const;

  request::Manage request_;
  const Capabilities& capabilities_;
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
