// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// For tests: what is written to standard error while this lives.
#pragma once

#include <stdio.h>
#include <unistd.h>

#include <string>

namespace interimap {

class CapturedStderr {
 public:
  CapturedStderr() : saved_(dup(STDERR_FILENO)), file_(tmpfile()) { dup2(fileno(file_), STDERR_FILENO); }
  ~CapturedStderr() {
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    fclose(file_);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  std::string text() const {
    std::string all(65536, '\0');
    ssize_t n = pread(fileno(file_), all.data(), all.size(), 0);
    all.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return all;
  }

 private:
  int saved_;
  FILE* file_;
};

}  // namespace interimap
