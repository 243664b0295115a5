// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The file of pullimap's state before SQLite has it: locked in the reference's way, and what to do with a
// state file of the reference that is found in its place.
//
// There is no rename() in the sandbox, and a kill at any instant must not lose the contents. So: a copy
// (".importing") is made and synced, the file is emptied, the import is committed in it, the copy that stays
// (".reference") is made and synced, and the first copy goes.
#pragma once

#include <optional>
#include <string>

#include "ipc/body.h"

namespace interimap::store {

class StateFile {
 public:
  static constexpr const char* kKept = ".reference";

  // Opens, creates if there is none and `create`, and takes the POSIX write lock over the whole file that the
  // reference takes. `shown` is for messages. Failure(tryAgain) if somebody else has it, Failure(cantCreate)
  // if it cannot be opened.
  StateFile(const std::string& path, const std::string& shown, bool create);

  // The contents of a state file of the reference, of which a copy has been made; the file is empty then.
  // Nothing if it is empty anyway, or a database. Failure(data) if it is corrupt, Failure(io).
  std::optional<std::string> takeReference();
  // The locked file, to be kept open as long as the lock is to last: POSIX locks go with the first descriptor
  // of the file that is closed, whichever it is.
  Descriptor release() { return std::move(file_); }

  // For a file that has no tables: the contents that an import was killed over.
  static std::optional<std::string> interruptedImport(const std::string& path, const std::string& shown);
  // After the import was committed: keeps the copy under its final name.
  static void finishImport(const std::string& path, const std::string& shown);

 private:
  std::string path_, shown_;
  Descriptor file_;
};

}  // namespace interimap::store
