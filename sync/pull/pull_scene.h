// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// For tests: a mailbox behind a net and a server behind a delivery process, both simulated, and between them
// the engine of pullimap.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ipc/body.h"
#include "ipc/channel.h"
#include "ipc/delivery.h"
#include "ipc/imap.h"
#include "ipc/launch.h"
#include "store/scratch.h"
#include "sync/peers/simulated_server.h"
#include "sync/pull/pull.h"

namespace interimap {

// Delivery, and the server behind it.
class SceneSink {
 public:
  using Kind = deliver::Outcome::Kind;
  std::vector<std::pair<std::string, std::string>> received;  // body and recipient, in order
  std::function<Kind(const std::string& body, const std::string& recipient)> fate =
      [](const std::string&, const std::string&) { return Kind::delivered; };
  // Whether the connection breaks off at this message, before its end.
  std::function<bool(const std::string& body)> losing = [](const std::string&) { return false; };
  std::optional<int> closesAfter;  // messages per connection, then Closed
  std::optional<int> diesAfter;    // ditto, without a word
  ExitStatus closedWith = ExitStatus::unavailable;
  int connections = 0;
  bool sawQuit = false;
  bool holds = false;  // answers nothing
  // The reply code and status to what is refused, by the sender it comes from.
  std::function<std::pair<int, std::optional<EnhancedStatus>>(const std::string& sender)> refusal =
      [](const std::string&) { return std::pair(550, std::optional<EnhancedStatus>()); };
  std::function<void(const std::string& body)> onDelivered = [](const std::string&) {};

  void connect(Channel channel);
  void disconnect() { channel_.reset(); }
  void step();
  std::size_t count(const std::string& body) const;

 private:
  bool deliver(DeliveryRequest& request);  // false: the connection is gone

  std::optional<Channel> channel_;
  int settled_ = 0;
  bool over_ = false;  // only what is queued is left
};

// Runs of the engine over one state.
class PullScene {
 public:
  // What a seam throws instead of a kill.
  struct Killed {};

  PullScene() {
    settings.mailboxes = {"INBOX"};
    settings.forwardPaths = {"rcpt"};
    settings.account = "me@there";
    settings.interval = 1740;
    server.ready.extensions = {Extension::idle, Extension::uidPlus};
    server.mailboxes["INBOX"];
  }

  settings::Pull settings;
  SimulatedServer server;
  SceneSink sink;
  store::Scratch scratch{store::Scratch::inMemory()};
  std::int64_t now = 1'000'000'000;

  std::vector<std::string> log;  // of the last run: "error INBOX: text"
  std::vector<Pulled> pulled;    // likewise
  int pauses = 0;                // an idling run is stopped at its last one
  std::function<void(int)> onPause = [](int) {};

  ExitStatus run(int stopAtWrite = 0, bool stopAfter = false);
  bool killed = false;  // the last run was
  bool said(const std::string& text) const;
  std::size_t saidTimes(const std::string& text) const;

  void fill(int messages) {  // "body 1" and so on
    for (int i = 1; i <= messages; ++i) inbox().add("body " + std::to_string(i));
  }
  SimulatedServer::Mailbox& inbox() { return server.mailboxes["INBOX"]; }
  void withState(const std::function<void(store::PullState&)>& look);
};

}  // namespace interimap
