// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/imports/mbsync_file.h"

#include <algorithm>

#include "ipc/failure.h"

namespace interimap::imports {

namespace {

constexpr std::string_view kKinds[] = {"imapaccount", "imapstore", "maildirstore", "channel", "group"};

struct Words {
  std::vector<std::string> words = {};
  bool comment = false;
  const char* wrong = nullptr;
};

bool isBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// A word may have quotation marks anywhere, and a backslash before any character.
Words split(std::string_view line) {
  Words all;
  for (std::size_t at = 0;;) {
    while (at < line.size() && isBlank(line[at])) ++at;
    if (at == line.size()) return all;
    if (line[at] == '#') {
      all.comment = true;
      return all;
    }
    std::string word;
    bool quoted = false, escaped = false;
    for (; at < line.size() && (quoted || escaped || !isBlank(line[at])); ++at) {
      const char c = line[at];
      if (!escaped && c == '"') {
        quoted = !quoted;
      } else if (!escaped && c == '\\') {
        escaped = true;
      } else {
        word += c;
        escaped = false;
      }
    }
    if (quoted) all.wrong = "a quotation mark has no other";
    if (escaped) all.wrong = "there is nothing behind the backslash";
    all.words.push_back(std::move(word));
  }
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

const MbsyncFile::Line* MbsyncFile::Section::find(std::string_view key) const {
  const auto found =
      std::find_if(lines.rbegin(), lines.rend(), [&](const Line& line) { return line.key == key; });
  return found == lines.rend() ? nullptr : &*found;
}

const MbsyncFile::Section* MbsyncFile::find(std::string_view kind, std::string_view name) const {
  const auto found = std::ranges::find_if(
      sections, [&](const Section& section) { return section.kind == kind && section.name == name; });
  return found == sections.end() ? nullptr : &*found;
}

MbsyncFile MbsyncFile::parse(std::string_view text, const std::string& file) {
  MbsyncFile all;
  bool inside = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    auto refuse = [&](const char* why) {
      throw Failure(ExitStatus::config, file + ":" + std::to_string(number) + ": " + why);
    };
    if (line.find('\0') != line.npos) refuse("a NUL character");
    Words words = split(line);
    if (words.wrong) refuse(words.wrong);
    if (words.words.empty()) {
      inside = inside && words.comment;
      continue;
    }
    std::string key = lower(words.words[0]);
    words.words.erase(words.words.begin());
    if (words.words.empty()) refuse("a key without a value");
    if (std::ranges::find(kKinds, key) != std::end(kKinds)) {
      all.sections.push_back({key, words.words[0], number, {}});
      inside = true;
    } else {
      (inside ? all.sections.back().lines : all.global).push_back({key, std::move(words.words), number});
    }
  }
  return all;
}

}  // namespace interimap::imports
