// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/journal.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <string>

namespace interimap {

// "DEVICE:INODE" of the stream: whoever has it redirected elsewhere wants no priorities there.
bool isJournal(int fd) {
  const char* stream = getenv("JOURNAL_STREAM");
  struct stat its {};
  return stream != nullptr && fstat(fd, &its) == 0 &&
         std::to_string(its.st_dev) + ":" + std::to_string(its.st_ino) == stream;
}

std::string_view journalPriority(LogLevel level) {
  switch (level) {
    case LogLevel::info: return "<6>";
    case LogLevel::notice: return "<5>";
    case LogLevel::warning: return "<4>";
    case LogLevel::error: return "<3>";
    case LogLevel::debug: return "<7>";
  }
  return "";
}

}  // namespace interimap
