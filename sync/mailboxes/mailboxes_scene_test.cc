// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/mailboxes_scene.h"

#include <algorithm>
#include <utility>

#include "ipc/failure.h"

namespace interimap {

// Waiting lets the simulated nets do their work.
class MailboxesScene::SteppingExchange final : public Exchange {
 public:
  SteppingExchange(MailboxesScene& scene, Reporter& reporter) : Exchange(reporter), scene_(scene) {}
  void turn() override {
    scene_.hear();
    for (Side side : kSides) scene_.servers[side].step();
    Exchange::turn();
  }

 private:
  MailboxesScene& scene_;
};

namespace {

std::pair<Channel, Channel> channels() {
  auto [ours, theirs] = Channel::pair();
  return {Channel(std::move(ours)), Channel(std::move(theirs))};
}

}  // namespace

MailboxesScene::MailboxesScene() : MailboxesScene(channels()) {}

MailboxesScene::MailboxesScene(std::pair<Channel, Channel> launch)
    : launch_(std::move(launch.first)),
      reporter_(std::move(launch.second)),
      exchange_(std::make_unique<SteppingExchange>(*this, reporter_)) {
  store.createSchema();
  Both<std::unique_ptr<Server>*> to{&local, &remote};
  for (Side side : kSides) {
    auto [ours, theirs] = channels();
    *to[side] = std::make_unique<Server>(side, std::move(ours), *exchange_, seam_);
    servers[side].connect(std::move(theirs));
  }
  for (Side side : kSides) enable(side, servers[side].ready);
}

void MailboxesScene::enable(Side side, const answer::Ready& ready) {
  servers[side].ready = ready;
  both()[side]->enable(Purpose::synchronise).get();
}

void MailboxesScene::hear() {
  launch_.flush();
  const char* levels[] = {"info", "notice", "warning", "error", "debug"};
  while (auto packet = launch_.receive()) {
    Report report = readReport(std::move(*packet));
    if (auto* line = std::get_if<LogLine>(&report.what))
      said.push_back(std::string(levels[static_cast<int>(line->level)]) + " " + nameOf(line->component) +
                     ": " + line->text);
  }
}

bool MailboxesScene::hasSaid(const std::string& text) {
  hear();
  return std::ranges::any_of(said,
                             [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

std::vector<std::string> MailboxesScene::known() {
  std::vector<std::string> names;
  for (const store::KnownMailbox& mailbox : store.mailboxes()) {
    std::string name = mailbox.name.bytes();
    std::ranges::replace(name, '\0', '/');
    names.push_back(name);
  }
  return names;
}

void MailboxesScene::know(const std::string& name) {
  std::string bytes = name;
  std::ranges::replace(bytes, '/', '\0');
  store::Transaction transaction = store.begin();
  store::MailboxId id = store.addMailbox(*MailboxName::of(bytes), false);
  Both<store::SideState> states;
  for (Side side : kSides) {
    const SimulatedServer::Mailbox& mailbox = servers[side].mailboxes.at(name);
    states[side] = {{mailbox.uidValidity}, {mailbox.uidNext}, {mailbox.modSeq}};
  }
  store.putState(id, states.local, states.remote);
  auto there = servers.remote.mailboxes.at(name).messages.begin();
  for (const auto& [uid, _] : servers.local.mailboxes.at(name).messages)
    store.map(id, *Uid::of(uid), *Uid::of((there++)->first), Flags());
  transaction.commit("know");
}

}  // namespace interimap
