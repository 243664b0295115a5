// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What came of many accounts.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace interimap {

struct Result {
  int status = 0;
  unsigned attempts = 1;
  std::chrono::milliseconds time{};  // of the last one
  std::string text = {};             // what was done, or why it failed
};

struct Results {
  std::map<std::string, Result> accounts;  // those that have ended
  std::size_t doneBefore = 0;              // left out by --resume
  std::size_t left = 0;                    // the user asked to stop before they were done

  std::size_t failed() const;
  // 0; tryAgain if all that failed may pass, or something is left; data if anything else failed.
  int status() const;

  std::string line() const;   // "12 accounts: 9 done, 3 failed"
  std::string table() const;  // with a line for each that failed; nothing if none did
  // {"accounts":[{"instance":"alice","exitStatus":0,…},…],"done":9,…}
  std::string json() const;
};

// "alice" of what one account has to tell, in front of each line.
std::string withName(std::string_view name, std::string_view lines);

}  // namespace interimap
