// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/imports/imported.h"

#include <charconv>
#include <utility>

#include "ipc/failure.h"
#include "launch/config/configuration.h"
#include "launch/show/escape.h"

namespace interimap {

namespace {

constexpr int kMostRefused = 100;  // lines
constexpr const char* kMade = "what was made of it";

// The number of the line that the parser refuses, and why; 0 if it is none.
std::pair<std::size_t, std::string> refusedLine(const std::string& text) {
  const std::string before = std::string(kMade) + ":";
  std::size_t number = 0;
  if (!text.starts_with(before)) return {0, text};
  const char* end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data() + before.size(), end, number);
  if (error != std::errc() || last == end) return {0, text};
  return {number, std::string(last + 1, end)};
}

// It becomes a remark; of a section all of it.
std::string withoutLine(const std::string& text, std::size_t number, const std::string& why) {
  std::string all;
  bool within = false;
  for (std::size_t at = 0, line = 1; at < text.size(); ++line) {
    const auto end = text.find('\n', at);
    const std::string one = text.substr(at, end - at);
    at = end + 1;
    if (line == number) {
      all += "# Left out:" + escape(why) + "\n";
      within = one.starts_with('[');
    } else if (within && one.empty()) {
      within = false;
    } else if (!within) {
      all += one + "\n";
    }
  }
  return all;
}

}  // namespace

// What comes out is to be read again. What our parser refuses, as there is no such file say, is left out.
std::string imported(Origin origin, std::string_view text, const std::string& file, const std::string& name) {
  std::string made = origin == Origin::mbsync ? imports::fromMbsync(text, file, name)
                                              : imports::fromOfflineImap(text, file, name);
  for (int refused = 0;; ++refused) try {
      Configuration::parse(made, kMade);
      return made;
    } catch (const Failure& failure) {
      const auto [line, why] = refusedLine(failure.what());
      if (line == 0 || refused == kMostRefused)
        throw Failure(ExitStatus::data, file + ": cannot be taken over: " + why);
      made = withoutLine(made, line, why);
    }
}

}  // namespace interimap
