// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_fetch.h"

#include <algorithm>
#include <utility>

namespace interimap {

namespace {

// Whatever delivery has in hand at a kill may have been delivered, and is to be named: so windows are small.
constexpr std::size_t kWindowMessages = 32;
static_assert(kWindowMessages <= kMostMessages);
constexpr std::uint64_t kWindowOctets = 1 << 20;

}  // namespace

void PullFetch::stop() {
  last_.clear();
  tasks_.clear();
  fetching_.clear();
}

std::uint64_t PullFetch::ask(std::uint64_t room, bool mayBeLarger) {
  if (nextIsLast()) {
    tasks_.push_back(last_.front());
    last_.pop_front();
  }
  const Task first = tasks_.front();
  UidSet uids;
  std::uint64_t size = 0;
  std::size_t count = 0;
  for (; count < tasks_.size() && count < (first.alone ? 1 : kWindowMessages); ++count) {
    const Task& task = tasks_[count];
    if (task.alone != first.alone) break;
    if (count > 0 && size + task.size > kWindowOctets) break;
    size += task.size;
    uids.add(task.uid);
  }
  if (size > room && !mayBeLarger) return 0;
  tasks_.erase(tasks_.begin(), tasks_.begin() + static_cast<std::ptrdiff_t>(count));
  pulling_.server.ensureSelected(mailbox_);
  request::FetchBodies fetch{uids, /*envelope=*/true, Reading::again, pulling_.addressees.fields()};
  fetching_.push_back({uids, size, first.alone, pulling_.server.fetchBodies(std::move(fetch))});
  return std::max<std::uint64_t>(size, 1);
}

PullFetch::Fetched PullFetch::take() {
  Fetching fetching = std::move(fetching_.front());
  fetching_.pop_front();
  FetchedBodies& bodies = fetching.reply.get();
  Fetched fetched{.size = std::max<std::uint64_t>(fetching.size, 1)};
  if (!fetching.reply.done().ok()) fetched.error = words(fetching.reply.done());
  UidSet missing = fetching.uids;
  for (Uid uid : bodies.tooLarge) {
    missing.remove(UidSet::single(uid));
    fetched.tooLarge.push_back(uid);
  }
  for (FetchedBodies::Part& part : bodies.parts) {
    Window window{{}, std::move(part.bodies)};
    for (answer::WindowMessage& message : part.messages) {
      if (!missing.contains(message.uid)) continue;  // a server may say it twice
      missing.remove(UidSet::single(message.uid));
      window.size += message.body.size;
      window.messages.push_back(std::move(message));
    }
    if (!window.messages.empty()) fetched.windows.push_back(std::move(window));
  }
  // Expunged meanwhile, or something about one of them keeps the server from sending it: the others shall not
  // suffer.
  for (Uid uid : missing.each()) {
    if (fetching.alone)
      missing_.add(uid);
    else
      tasks_.push_back({uid, 0, true});
  }
  return fetched;
}

}  // namespace interimap
