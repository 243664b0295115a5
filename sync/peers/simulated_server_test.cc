// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/peers/simulated_server.h"

#include <algorithm>
#include <utility>

#include "ipc/body.h"
#include "ipc/failure.h"

namespace interimap {

namespace {

using Completion = answer::Done::Completion;

bool matches(const std::string& name, const std::string& pattern) {
  if (!pattern.ends_with('*')) return name == pattern;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

InternalDate dateOf(int minute) {
  std::string two = (minute < 10 ? "0" : "") + std::to_string(minute);
  return *InternalDate::parse("17-Jul-1996 02:" + two + ":25 +0000");
}

ContentDigest contentOf(const std::string& body) {
  ContentDigest digest{1};
  for (std::size_t i = 0; i < body.size(); ++i)
    digest[1 + i % 15] = static_cast<std::uint8_t>(digest[1 + i % 15] * 31 + body[i]);
  return digest;
}

answer::Message told(Uid uid, const Flags& flags) {
  return {.uid = uid, .modSeq = {}, .flags = flags, .date = {}, .size = 0, .header = {}, .content = {}};
}

}  // namespace

std::uint32_t SimulatedServer::Mailbox::add(const std::string& body) {
  auto uid = static_cast<std::uint32_t>(uidNext++);
  messages[uid] = {
      .body = body, .header = static_cast<std::uint8_t>(uid), .minute = static_cast<int>(uid % 60)};
  ++modSeq;
  return uid;
}

void SimulatedServer::add(const std::string& name, std::uint32_t uidValidity,
                          const std::vector<std::uint8_t>& headers) {
  Mailbox& mailbox = mailboxes[name];
  mailbox.uidValidity = uidValidity;
  for (std::uint8_t header : headers) mailbox.messages[mailbox.add("x")].header = header;
}

std::size_t SimulatedServer::count(const std::string& start) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      commands, [&](const std::string& command) { return command.starts_with(start); }));
}

void SimulatedServer::answer(What what, Descriptor bodies) {
  channel_->send(pack(Answer{id_, std::move(what), std::move(bodies)}));
}

void SimulatedServer::done(Completion completion, const char* code, const char* text) {
  answer(answer::Done{completion, code, text});
}

bool SimulatedServer::answered(const std::string& command) {
  commands.push_back(command);
  auto done = answers ? answers(command) : std::nullopt;
  if (done) answer(*done);
  return done.has_value();
}

void SimulatedServer::step() {
  try {
    if (channel_) serve();
  } catch (const PeerGone&) {
    channel_.reset();
  }
}

void SimulatedServer::serve() {
  while (auto packet = channel_->receive()) {
    Request request = readRequest(std::move(*packet));
    if (std::exchange(watched_, false)) done();  // under its own number
    id_ = request.id;
    std::visit([&](const auto& what) { handle(what); }, request.what);
  }
  channel_->flush();
}

void SimulatedServer::handle(const request::Enable&) {
  answer(ready);
  done();
}

void SimulatedServer::handle(const request::Watch&) { watched_ = true; }

void SimulatedServer::handle(const request::List& list) {
  if (answered("LIST")) return;
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
    answer(answer::Listed{{{{name}, delimiter, false, mailbox.noSelect, mailbox.subscribed, mailbox.uses}}});
    if (mailbox.noSelect) continue;
    answer(answer::Statuses{{{{name},
                              UidValidity{mailbox.uidValidity},
                              UidNext{mailbox.uidNext},
                              ModSeq{mailbox.modSeq},
                              static_cast<std::uint32_t>(mailbox.messages.size())}}});
  }
  whole ? done() : done(Completion::no, answer::kUnreadable);
}

void SimulatedServer::handle(const request::Select& select) {
  if (answered("SELECT " + select.mailbox.bytes)) return;
  auto it = mailboxes.find(select.mailbox.bytes);
  selected_ = it == mailboxes.end() || it->second.noSelect ? nullptr : &it->second;
  if (selected_ == nullptr) return done(Completion::no, "NONEXISTENT", "[NONEXISTENT] no such mailbox");
  answer::Selected selected;
  selected.uidValidity = {selected_->uidValidity};
  selected.uidNext = {selected_->uidNext};
  if (ready.extensions.has(Extension::condstore)) selected.highestModSeq = {selected_->modSeq};
  selected.exists = static_cast<std::uint32_t>(selected_->messages.size());
  selected.readOnly = selected_->readOnly;
  answer(selected);
  done();
}

void SimulatedServer::handle(const request::Fetch& fetch) {
  using Items = request::Fetch::Items;
  if (selected_ == nullptr) return done(Completion::no);
  std::vector<answer::Message> all;
  for (const auto& [number, message] : selected_->messages) {
    Uid uid = *Uid::of(number);
    if (!fetch.uids.contains(uid)) continue;
    answer::Message each = told(uid, message.flags);
    if (fetch.items != Items::flags) each.size = message.body.size();
    if (fetch.items == Items::identity) {
      each.date = dateOf(message.minute);
      each.header = HeaderDigest{message.header};
    }
    if (fetch.items == Items::content) each.content = contentOf(message.body);
    all.push_back(std::move(each));
  }
  for (std::size_t at = 0; at < all.size(); at += kMostMessages) {
    auto end = std::min(all.size(), at + kMostMessages);
    answer(answer::Messages{
        {all.begin() + static_cast<std::ptrdiff_t>(at), all.begin() + static_cast<std::ptrdiff_t>(end)}});
  }
  done();
}

void SimulatedServer::handle(const request::FetchBodies& fetch) {
  if (selected_ == nullptr) return done(Completion::no);
  answer::Window window;
  BodyWriter writer;
  for (const auto& [number, message] : selected_->messages) {
    Uid uid = *Uid::of(number);
    if (!fetch.uids.contains(uid) || unsendable.contains(number)) continue;
    if (tooLarge.contains(number)) {
      window.tooLarge.push_back(uid);
      continue;
    }
    window.messages.push_back({uid,
                               message.flags,
                               dateOf(message.minute),
                               {writer.size(), message.body.size()},
                               HeaderDigest{message.header},
                               *ReversePath::parse(message.sender),
                               contentOf(message.body),
                               message.received,
                               message.hops,
                               "<" + std::to_string(number) + "@example.org>",
                               message.named});
    window.messages.back().named.resize(fetch.fields.size());
    writer.write(message.body);
  }
  answer(std::move(window), writer.seal());
  done();
}

void SimulatedServer::handle(const request::Store& store) {
  if (selected_ == nullptr) return done(Completion::no);
  for (auto& [number, message] : selected_->messages) {
    Uid uid = *Uid::of(number);
    if (!store.uids.contains(uid)) continue;
    message.flags = store.change == request::Store::Change::add ? message.flags | store.flags
                                                                : message.flags - store.flags;
    answer(answer::Messages{{told(uid, message.flags)}});
  }
  done();
}

void SimulatedServer::handle(const request::Expunge& expunge) {
  if (selected_ == nullptr) return done(Completion::no);
  expunged.push_back(expunge.uids.text());
  UidSet gone;
  for (auto it = selected_->messages.begin(); it != selected_->messages.end();) {
    bool goes = expunge.uids.contains(*Uid::of(it->first));
    if (goes) gone.add(*Uid::of(it->first));
    it = goes ? selected_->messages.erase(it) : std::next(it);
  }
  answer(answer::Vanished{gone});
  done();
}

void SimulatedServer::handle(const request::Move& move) {
  if (selected_ == nullptr) return done(Completion::no);
  auto to = mailboxes.find(move.to.bytes);
  if (to == mailboxes.end()) return done(Completion::no, "TRYCREATE", "[TRYCREATE] no such mailbox");
  moved.push_back(move.uids.text() + " " + move.to.bytes);
  for (auto it = selected_->messages.begin(); it != selected_->messages.end();) {
    if (!move.uids.contains(*Uid::of(it->first))) {
      ++it;
      continue;
    }
    to->second.messages[to->second.add("")] = it->second;
    it = selected_->messages.erase(it);
  }
  done();
}

// Every message with an even UID is old.
void SimulatedServer::handle(const request::Search& search) {
  if (selected_ == nullptr || !search.before) return done(Completion::no);
  auto day = *search.before;
  searches.push_back(search.uids.text() + " before " + std::to_string(int(day.year())) + "-" +
                     std::to_string(unsigned(day.month())) + "-" + std::to_string(unsigned(day.day())));
  UidSet found;
  for (const auto& [number, message] : selected_->messages)
    if (number % 2 == 0 && search.uids.contains(*Uid::of(number))) found.add(*Uid::of(number));
  answer(answer::Found{found});
  done();
}

void SimulatedServer::handle(const request::Manage& manage) {
  using Verb = request::Manage::Verb;
  const char* verbs[] = {"CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE"};
  const std::string &name = manage.mailbox.bytes, &to = manage.to.bytes;
  if (answered(std::string(verbs[static_cast<int>(manage.verb)]) + " " + name + (to.empty() ? "" : " " + to)))
    return;
  if (manage.verb == Verb::create) {
    auto [created, isNew] = mailboxes.try_emplace(name);
    if (!isNew) return done(Completion::no, "ALREADYEXISTS");
    created->second.uses = manage.uses;
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

}  // namespace interimap
