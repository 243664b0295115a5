// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What was copied to one side of a mailbox a moment ago, to be held against what the server then lists.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "ipc/flags.h"
#include "ipc/uid.h"

namespace interimap {

class Copies {
 public:
  // Where the target has said that the copy is, how many octets were sent, and the flags that the pair agrees
  // on.
  void add(Uid uid, std::uint64_t octets, const Flags& flags);
  void sort();  // after the last add(), before the first find()

  class Copy {
   public:
    bool isOfSize(std::uint64_t octets) const { return octets % kSizes == copied_.size; }
    // Null: not known here, but in the database.
    const Flags* flags() const { return copied_.kind < kinds_.size() ? &kinds_[copied_.kind] : nullptr; }
    explicit operator bool() const { return copied_.uid != 0; }

   private:
    friend class Copies;
    static constexpr std::uint32_t kSizes = 1U << 20, kOtherKind = 4095;  // octets are known modulo the first
    // Eight bytes: there may be a million.
    struct Copied {
      std::uint32_t uid = 0, size : 20 = 0, kind : 12 = kOtherKind;
    };
    Copy(Copied copied, const std::vector<Flags>& kinds) : copied_(copied), kinds_(kinds) {}

    Copied copied_;
    const std::vector<Flags>& kinds_;
  };
  Copy find(Uid uid) const;  // false if there is none

 private:
  std::vector<Copy::Copied> copied_;
  std::vector<Flags> kinds_;
  std::unordered_map<std::string, std::uint32_t> kindOf_;  // by their text
};

}  // namespace interimap
