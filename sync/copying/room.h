// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Room for the bodies in flight from one side to the other. The lanes between the two share it evenly.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace interimap {

class Room {
 public:
  // Octets, each direction; one larger message goes alone.
  static constexpr std::uint64_t kOctets = 8 << 20;
  // Windows; each has a descriptor (sandbox/privileges.cc). So many, so that small windows of as many
  // mailboxes go out together.
  static constexpr std::size_t kWindows = 64;
  // Octets of a window: where Dovecot's MULTIAPPEND is saturated.
  static constexpr std::uint64_t kWindowOctets = 1 << 20;

  class Place;
  // What one lane has of it.
  class Share {
   public:
    explicit Share(Room& room) : room_(room) { ++room_.shares_; }
    ~Share() {
      renounce();
      --room_.shares_;
    }
    Share(const Share&) = delete;

    std::uint64_t octets() const { return octets_; }  // that it has taken
    // Of a window. The more lanes, the smaller: each is to have one on its way to either server.
    std::uint64_t windowOctets() const { return std::min(kWindowOctets, kOctets / room_.shares_ / 4); }
    // Whether there is room for another window. If not, and this lane has nothing in flight, it is the next
    // to have room, before those that have.
    bool admits(std::uint64_t octets) {
      if (room_.next_ != nullptr && room_.next_ != this) return false;
      if (windows_ > 0 &&
          (octets_ + octets > kOctets / room_.shares_ || windows_ >= kWindows / room_.shares_))
        return false;
      bool fits = room_.windows_ == 0 || (room_.octets_ + octets <= kOctets && room_.windows_ < kWindows);
      room_.next_ = fits || windows_ > 0 ? nullptr : this;
      return fits;
    }
    // This lane needs no more room.
    void renounce() {
      if (room_.next_ == this) room_.next_ = nullptr;
    }

   private:
    friend Place;
    Room& room_;
    std::uint64_t octets_ = 0;
    std::size_t windows_ = 0;
  };

  // A window's, which it gives back with its end.
  class Place {
   public:
    Place() = default;
    Place(Share& share, std::uint64_t octets) : share_(&share), octets_(octets) {
      share.octets_ += octets;
      share.room_.octets_ += octets;
      ++share.windows_;
      ++share.room_.windows_;
    }
    Place(Place&& other) noexcept : share_(std::exchange(other.share_, nullptr)), octets_(other.octets_) {}
    Place& operator=(Place&& other) noexcept {
      leave();
      share_ = std::exchange(other.share_, nullptr);
      octets_ = other.octets_;
      return *this;
    }
    ~Place() { leave(); }

   private:
    void leave() {
      if (share_ == nullptr) return;
      share_->octets_ -= octets_;
      share_->room_.octets_ -= octets_;
      --share_->windows_;
      --share_->room_.windows_;
      share_ = nullptr;
    }
    Share* share_ = nullptr;
    std::uint64_t octets_ = 0;
  };

 private:
  std::uint64_t octets_ = 0;
  std::size_t windows_ = 0;
  unsigned shares_ = 0;
  const Share* next_ = nullptr;
};

}  // namespace interimap
