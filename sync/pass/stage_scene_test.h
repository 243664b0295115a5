// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// For tests: a mailbox on two simulated servers (those of the model), and what a stage of a pass works with.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "store/scratch.h"
#include "sync/pass/changes.h"
#include "sync/pass/work.h"
#include "sync/peers/connections.h"
#include "tests/model/simulated_net.h"

namespace interimap {

class StageScene {
 public:
  StageScene() {
    store.createSchema();
    store::Transaction transaction = store.begin();
    mailbox.id = store.addMailbox(mailbox.name, true);
    transaction.commit("mailbox");
    for (Side side : kSides) accounts[side].create("INBOX");
  }

  model::HeldMailbox& box(Side side) { return *accounts[side].find("INBOX"); }
  // A message; those of one serial are the same, whatever they look like.
  std::uint32_t add(Side side, std::uint32_t serial, model::FlagBits flags = 0,
                    std::optional<std::uint32_t> looks = {}) {
    witness.appended(side, "INBOX", serial, looks.value_or(serial), flags);
    return box(side).append(serial, flags).uid;
  }
  // What a user does to a message that both have.
  void flag(Side side, std::uint32_t serial, model::FlagBits flags) {
    model::HeldMessage& held = *box(side).bySerial(serial);
    witness.flagged(side, "INBOX", serial, flags & ~held.flags, held.flags & ~flags);
    box(side).setFlags(held, flags);
  }
  void expunge(Side side, std::uint32_t serial) {
    std::uint32_t uid = box(side).bySerial(serial)->uid;
    witness.expunged(side, "INBOX", serial);
    box(side).expunge(uid);
  }
  // Messages that both have under the UIDs 1 to `count`, and that is written down.
  void synchronised(std::uint32_t count, model::FlagBits flags = 0) {
    for (std::uint32_t serial = 1; serial <= count; ++serial)
      for (Side side : kSides) add(side, serial, flags);
    store::Transaction transaction = store.begin();
    store.putState(mailbox.id, state(Side::local), state(Side::remote));
    for (std::uint32_t uid = 1; uid <= count; ++uid)
      store.map(mailbox.id, *Uid::of(uid), *Uid::of(uid), model::toFlags(flags));
    transaction.commit("synchronised");
  }
  store::SideState state(Side side) {
    return {{box(side).uidValidity}, {box(side).uidNext}, {box(side).highestModSeq}};
  }
  template <typename Write>
  void write(Write&& how) {
    store::Transaction transaction = store.begin();
    how();
    transaction.commit("test");
  }

  // As after both sides have been listed, with nothing to tell.
  Work work() {
    Work work(settings, {&local_, &remote_}, store, log_, {.mailbox = &mailbox});
    for (Side side : kSides)
      work.due.selected[side] = {.uidValidity = {box(side).uidValidity},
                                 .uidNext = {box(side).uidNext},
                                 .highestModSeq = {box(side).highestModSeq},
                                 .exists = static_cast<std::uint32_t>(box(side).messages.size())};
    return work;
  }
  BothChanges changes() {
    Changes none;
    none.knownNext = none.listedFrom =
        store.state(mailbox.id, Side::local).value_or(store::SideState{}).uidNext;
    Changes other = none;
    other.knownNext = other.listedFrom =
        store.state(mailbox.id, Side::remote).value_or(store::SideState{}).uidNext;
    return {none, other};
  }
  Server& server(Side side) { return side == Side::local ? local_ : remote_; }
  Exchange& exchange() { return exchange_; }
  Log& log() { return log_; }
  // After this the servers' means are known, as in a run.
  Connections& connections() {
    for (Side side : kSides) server(side).enable(Purpose::synchronise).get();
    return connections_;
  }

  // What was logged since the last time, a line each: "local: text".
  std::string said() {
    std::string all;
    reporter_.flush();
    while (auto packet = launch_.receive()) {
      Report report = readReport(std::move(*packet));
      if (auto* line = std::get_if<LogLine>(&report.what))
        all += nameOf(line->component) + (": " + line->text) + "\n";
    }
    return all;
  }
  // "1-1 2-2", local and remote UIDs.
  std::string pairs() {
    std::string all;
    for (const auto& pair : store.pairs(mailbox.id, Side::local, store.mapped(mailbox.id, Side::local)))
      all += (all.empty() ? "" : " ") + std::to_string(pair.local.value()) + "-" +
             std::to_string(pair.remote.value());
    return all;
  }

  Both<model::Account> accounts;
  model::Witness witness{accounts};
  settings::Sync settings;
  store::Store store{store::Seam()};
  Mailbox mailbox{store::mailbox("INBOX"), {}, {WireName{"INBOX"}, WireName{"INBOX"}}};

 private:
  // Waiting lets the servers do what they were asked, in order.
  struct Turning final : Exchange {
    Turning(Reporter& reporter, StageScene& scene) : Exchange(reporter), scene_(scene) {}
    void turn() override {
      for (model::SimulatedNet* net : {&scene_.localNet_, &scene_.remoteNet_}) {
        net->receive();
        while (net->waiting()) net->carryOut({});
        net->flush();
      }
      Exchange::turn();
    }
    StageScene& scene_;
  };

  std::pair<Descriptor, Descriptor> toLaunch_ = Channel::pair(), toLocal_ = Channel::pair(),
                                    toRemote_ = Channel::pair();
  Channel launch_{std::move(toLaunch_.first)};
  Reporter reporter_{Channel(std::move(toLaunch_.second))};
  Turning exchange_{reporter_, *this};
  Seam seam_{0, false};
  Log log_{reporter_};
  model::SimulatedNet localNet_{Side::local, accounts.local, witness, Channel(std::move(toLocal_.first))},
      remoteNet_{Side::remote, accounts.remote, witness, Channel(std::move(toRemote_.first))};
  Server local_{Side::local, Channel(std::move(toLocal_.second)), exchange_, seam_},
      remote_{Side::remote, Channel(std::move(toRemote_.second)), exchange_, seam_};
  Connections connections_{{&local_, &remote_}, {1, 1}, exchange_, reporter_, seam_};
};

}  // namespace interimap
