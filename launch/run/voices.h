// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the processes of a run have to say, as the log shows it: by the names that people know them by, and no
// more of it than is good for the disk.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "launch/run/crew.h"
#include "launch/show/log.h"

namespace interimap {

class Voices {
 public:
  explicit Voices(Log& log) : log_(log) {}
  void ofSection() { isSection_ = true; }  // pullimap: lines are of the section, which the log knows

  void line(Member& member, const LogLine& line);
  void spoken(Member& member, const std::vector<std::string>& lines);
  void warning(const Member& member, const std::string& text);
  void withoutIt(const Member& member, const std::string& why);  // of an extra connection
  void error(const Member& member, const std::string& text);
  void error(std::string_view component, std::string_view mailbox, const std::string& text,
             const LogSubject& subject = {});
  void lastWords(const Member& member);  // what was left out until then
  // With what the command of a tunnel said last, where its end is what is told.
  std::string withLastWords(Member& member, const std::string& text);
  // Those of one side make one sum, told with the last of them.
  void add(const Member& member, const Traffic& traffic, bool othersFollow);
  void tellTraffic(Role role, bool othersFollow);

  const std::string& reason() const { return reason_; }  // the last error

 private:
  std::string component(const Member& member) const { return isSection_ ? std::string() : member.name(); }
  bool admits(Member& member, LogLevel level, std::size_t octets);
  void tellLeftOut(const Member& member, LogLevel level, std::uint64_t count);

  Log& log_;
  bool isSection_ = false;
  std::string reason_;
  struct Sum {
    Traffic traffic;
    bool isDue = false;  // the first net has ended
  };
  std::map<Role, Sum> traffic_;  // of the nets of a side
};

}  // namespace interimap
