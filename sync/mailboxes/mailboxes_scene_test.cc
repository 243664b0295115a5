// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/mailboxes_scene.h"

#include <algorithm>
#include <utility>

#include "ipc/failure.h"

namespace interimap {

namespace {

bool matches(const std::string& name, const std::string& pattern) {
  if (!pattern.ends_with('*')) return name == pattern;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

void SimulatedServer::answer(What what) { channel_->send(pack(Answer{id_, std::move(what), {}})); }

void SimulatedServer::done(answer::Done::Completion completion, const char* code) {
  answer(answer::Done{completion, code, ""});
}

bool SimulatedServer::said(const std::string& command) {
  commands.push_back(command);
  if (!answers) return false;
  auto done = answers(command);
  if (done) answer(*done);
  return done.has_value();
}

std::size_t SimulatedServer::count(const std::string& start) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      commands, [&](const std::string& command) { return command.starts_with(start); }));
}

void SimulatedServer::step() {
  try {
    while (auto packet = channel_->receive()) {
      Request request = readRequest(std::move(*packet));
      id_ = request.id;
      if (auto* list = std::get_if<request::List>(&request.what))
        handle(*list);
      else if (auto* select = std::get_if<request::Select>(&request.what))
        handle(*select);
      else if (auto* fetch = std::get_if<request::Fetch>(&request.what))
        handle(*fetch);
      else if (auto* manage = std::get_if<request::Manage>(&request.what))
        handle(*manage);
      else if (std::holds_alternative<request::Enable>(request.what))
        answer(ready), done();
      else
        done(answer::Done::Completion::bad);
    }
    channel_->flush();
  } catch (const PeerGone&) {
  }
}

void SimulatedServer::handle(const request::List& list) {
  if (said("LIST")) return;
  if (list.patterns == std::vector<std::string>{""}) {
    answer(answer::Listed{{{{""}, delimiter, false, true, false}}});
    return done();
  }
  bool whole = true;
  for (const auto& entry : mailboxes) {
    const auto& name = entry.first;
    const auto& mailbox = entry.second;
    bool asked = std::ranges::any_of(
        list.patterns, [&](const std::string& pattern) { return matches(name, list.reference + pattern); });
    if (!asked || unlisted.contains(name)) continue;
    if (garbled.contains(name)) {
      whole = false;
      continue;
    }
    answer(answer::Listed{{{{name}, delimiter, false, mailbox.noSelect, mailbox.subscribed}}});
    if (mailbox.noSelect) continue;
    answer(answer::Statuses{{{{name},
                              UidValidity{mailbox.uidValidity},
                              UidNext{mailbox.uidNext},
                              ModSeq{mailbox.modSeq},
                              static_cast<std::uint32_t>(mailbox.messages.size())}}});
  }
  whole ? done() : done(answer::Done::Completion::no, answer::kUnreadable);
}

void SimulatedServer::handle(const request::Select& select) {
  if (said("SELECT " + select.mailbox.bytes)) return;
  auto it = mailboxes.find(select.mailbox.bytes);
  selected_ = it == mailboxes.end() || it->second.noSelect ? nullptr : &it->second;
  if (selected_ == nullptr) return done(answer::Done::Completion::no, "NONEXISTENT");
  answer::Selected selected;
  selected.uidValidity = {selected_->uidValidity};
  selected.uidNext = {selected_->uidNext};
  selected.highestModSeq = {selected_->modSeq};
  selected.exists = static_cast<std::uint32_t>(selected_->messages.size());
  answer(selected);
  done();
}

void SimulatedServer::handle(const request::Fetch& fetch) {
  if (selected_ == nullptr) return done(answer::Done::Completion::no);
  answer::Messages messages;
  for (const auto& [number, header] : selected_->messages) {
    Uid uid = *Uid::of(number);
    if (fetch.uids.contains(uid))
      messages.messages.push_back({uid, {}, std::nullopt, std::nullopt, 1, HeaderDigest{header}});
  }
  answer(std::move(messages));
  done();
}

void SimulatedServer::handle(const request::Manage& manage) {
  using Verb = request::Manage::Verb;
  using Completion = answer::Done::Completion;
  const char* verbs[] = {"CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE"};
  const std::string &name = manage.mailbox.bytes, &to = manage.to.bytes;
  if (said(std::string(verbs[static_cast<int>(manage.verb)]) + " " + name + (to.empty() ? "" : " " + to)))
    return;
  if (manage.verb == Verb::create) {
    if (!mailboxes.try_emplace(name).second) return done(Completion::no, "ALREADYEXISTS");
  } else if (manage.verb == Verb::remove) {
    if (mailboxes.erase(name) == 0) return done(Completion::no, "NONEXISTENT");
  } else if (manage.verb == Verb::rename) {
    std::map<std::string, Mailbox> moved;
    for (auto& [each, mailbox] : mailboxes) {
      bool goes = each == name || (delimiter && each.starts_with(name + *delimiter));
      std::string now = goes ? to + each.substr(name.size()) : each;
      if (!moved.emplace(now, mailbox).second) return done(Completion::no, "ALREADYEXISTS");
    }
    if (std::ranges::equal(
            moved, mailboxes, {}, [](const auto& each) { return each.first; },
            [](const auto& each) { return each.first; }))
      return done(Completion::no, "NONEXISTENT");
    mailboxes = std::move(moved);
  } else if (auto it = mailboxes.find(name); it != mailboxes.end()) {
    it->second.subscribed = manage.verb == Verb::subscribe;
  }
  done();
}

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
