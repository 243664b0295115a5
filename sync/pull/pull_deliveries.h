// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What was delivered lately, to know it again if it comes back: if the server that mail goes to delivers it
// into the mailbox that it is pulled from, each message would otherwise go round for ever.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "ipc/imap.h"

namespace interimap {

class PullDeliveries {
 public:
  static constexpr std::uint32_t kMostReceived = 100;  // fields: as many as mail servers bear (RFC 5321 6.3)
  static constexpr std::int64_t kSoon = 30;            // seconds

  // Known from earlier runs: the last hop of something that was delivered.
  void addHop(const ContentDigest& hop) {
    if (hop == ContentDigest{}) return;
    if (hops_.size() >= kMostHops) hops_.erase(hops_.begin());
    hops_.insert(hop);
  }
  void add(const answer::WindowMessage& message, std::int64_t now) {
    if (message.hops.empty())
      withoutHop_[message.header] = {now, listing_};
    else
      addHop(message.hops.front());
    contents_[message.content] = {now, listing_};
  }

  // What comes back was listed after it had been delivered.
  void beginListing(std::int64_t now) {
    ++listing_;
    std::erase_if(contents_, [&](const auto& each) { return !isSoon(each.second, now); });
    std::erase_if(withoutHop_, [&](const auto& each) { return !isSoon(each.second, now); });
  }

  // The proof is that what was its last hop lies further back now. What has come through no server before is
  // known by its Message-ID, and what no server has added a hop to by its content, if it comes back at once.
  bool isOwn(const answer::WindowMessage& message) const {
    for (std::size_t i = 1; i < message.hops.size(); ++i)
      if (hops_.contains(message.hops[i])) return true;
    return (message.received > 0 && isEarlier(withoutHop_, message.header)) ||
           isEarlier(contents_, message.content);
  }

 private:
  static constexpr std::size_t kMostHops = 100'000;
  struct When {
    std::int64_t time;
    std::uint64_t listing;
  };
  using Recent = std::map<ContentDigest, When>;

  static bool isSoon(const When& when, std::int64_t now) {
    return now >= when.time && now - when.time < kSoon;
  }
  bool isEarlier(const Recent& recent, const ContentDigest& digest) const {
    auto it = recent.find(digest);
    return it != recent.end() && it->second.listing < listing_;
  }

  std::set<ContentDigest> hops_;
  Recent contents_, withoutHop_;
  std::uint64_t listing_ = 0;
};

}  // namespace interimap
