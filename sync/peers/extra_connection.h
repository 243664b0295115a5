// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A connection beside the first of its side, to a net that launch has started. That it is lost can be borne.
#pragma once

#include <string>
#include <utility>

#include "sync/peers/server.h"

namespace interimap {

struct ExtraConnection {
  // `greeting`: what the first connection was greeted with, as it is the same server.
  ExtraConnection(Side side, Descriptor peer, Purpose purpose, const std::string& greeting,
                  Exchange& exchange, Seam& seam)
      : server(side, Channel(std::move(peer)), exchange, seam, Server::Loss::isBearable),
        ready(server.enable(purpose, greeting)) {}
  Server server;
  Reply<Means> ready;
};

}  // namespace interimap
