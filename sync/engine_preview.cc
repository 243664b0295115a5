// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Engine: --dry-run.
#include "sync/engine.h"

#include "ipc/side.h"

namespace interimap {

void Engine::preview() {
  lists_.fetch();
  checkListings(true);
  followRenamings(true);
  forgetGone(true);
  if (store_.isNew()) store_.createSchema();  // in memory
  for (const MailboxPlan& plan :
       planMailboxes(lists_.listing(Side::local), lists_.listing(Side::remote), known()))
    previewMailbox(plan);
  if (store_.version() == 0) return;
  std::vector<Mailbox> dirty = dirtyMailboxes();
  for (const Mailbox& mailbox : dirty) previewPass({.mailbox = &mailbox});
}

void Engine::previewPass(const Due& due) {
  Pass pass(settings_, servers_, store_, log_, due);
  pass.ask();
  pass.clarify();
  pass.preview();
  if (pass.next()) previewPass(*pass.next());  // its UIDs lost their meaning, or a response could not be read
}

// One that is to be added to the database.
void Engine::previewNew(const MailboxName& name) {
  Both<std::uint32_t> messages;
  for (Side side : kSides)
    if (auto it = lists_.listing(side).find(name); it != lists_.listing(side).end())
      messages[side] = it->second.status.messages.value_or(0);
  Both<WireName> wire{lists_.hierarchy(Side::local).wire(name), lists_.hierarchy(Side::remote).wire(name)};
  if (messages.local > 0 && messages.remote > 0 && store_.version() > 0) {
    Mailbox mailbox{name, store::MailboxId{}, wire};
    return previewPass({.mailbox = &mailbox});
  }
  for (Side side : kSides)
    if (messages[other(side)] > 0)
      log_.notice(About::at(side, wire[side]), "Would add " + std::to_string(messages[other(side)]) +
                                                   " message(s), all that " + servers_[other(side)]->name() +
                                                   " has");
}

void Engine::previewMailbox(const MailboxPlan& plan) {
  using Do = MailboxStep::Do;
  bool isNew = false;
  for (const MailboxStep& step : plan.steps) {
    isNew = isNew || step.what == Do::add;
    if (step.what != Do::add && step.what != Do::mark)
      log_.notice(About::server(step.side), std::string("Would ") + verbOf(step.what) + " " +
                                                lists_.hierarchy(step.side).wire(plan.name).bytes);
  }
  if (!plan.goneFrom) synced_.push_back(plan.name);
  if (isNew) previewNew(plan.name);
}

}  // namespace interimap
