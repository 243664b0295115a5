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

void PullFetch::add(Uid uid, std::uint32_t size, const std::vector<ForwardPath>& recipients) {
  auto group = std::ranges::find(groups_, recipients);
  if (group == groups_.end()) group = groups_.insert(groups_.end(), recipients);
  tasks_.push_back({uid, size, static_cast<std::uint32_t>(group - groups_.begin()) & 0x7fffffffU, 0});
}

void PullFetch::addLast(Uid uid, const std::vector<ForwardPath>& recipients) {
  add(uid, 0, recipients);
  last_.push_back(tasks_.back());
  tasks_.pop_back();
  last_.back().alone = 1;
}

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
    if (task.group != first.group || task.alone != first.alone) break;
    if (count > 0 && size + task.size > kWindowOctets) break;
    size += task.size;
    uids.add(task.uid);
  }
  if (size > room && !mayBeLarger) return 0;
  tasks_.erase(tasks_.begin(), tasks_.begin() + static_cast<std::ptrdiff_t>(count));
  pulling_.server.ensureSelected(mailbox_);
  fetching_.push_back({uids, size, first.group, first.alone != 0,
                       pulling_.server.fetchBodies({uids, /*envelope=*/true, Reading::again})});
  return std::max<std::uint64_t>(size, 1);
}

PullFetch::Fetched PullFetch::take() {
  Fetching fetching = std::move(fetching_.front());
  fetching_.pop_front();
  FetchedBodies& bodies = fetching.reply.get();
  Fetched fetched{.group = fetching.group, .size = std::max<std::uint64_t>(fetching.size, 1)};
  if (!fetching.reply.done().ok()) fetched.error = words(fetching.reply.done());
  UidSet missing = fetching.uids;
  for (Uid uid : bodies.tooLarge) {
    missing.remove(UidSet::single(uid));
    fetched.tooLarge.push_back(uid);
  }
  for (FetchedBodies::Part& part : bodies.parts) {
    Window window{fetching.group, {}, std::move(part.bodies)};
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
      tasks_.push_back({uid, 0, static_cast<std::uint32_t>(fetching.group) & 0x7fffffffU, 1});
  }
  return fetched;
}

}  // namespace interimap
