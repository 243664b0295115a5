// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// When the last run that was successful as a whole ended, also one that changed nothing: in a file beside the
// database, since one more commit there would cost a run with nothing to do several fsyncs. It is not synced,
// and nothing depends on it: lost, it is made again by the next such run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace interimap {

class LastSuccess {
 public:
  static constexpr const char* kSuffix = "-last-success";

  // Beside that database.
  LastSuccess(const std::string& directory, const std::string& database)
      : path_((directory == "/" ? "" : directory) + "/" + database + kSuffix) {}

  // Seconds since 1970. Whether it could be written.
  bool note(std::int64_t now) const;
  // Nothing if there is none, or in it something else.
  std::optional<std::int64_t> time() const;

 private:
  std::string path_;
};

}  // namespace interimap
