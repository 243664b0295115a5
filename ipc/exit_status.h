// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How both programs end; the numbers of sysexits.h. The manual's EXIT STATUS section repeats this table.
#pragma once

namespace interimap {

enum class ExitStatus : int {
  ok = 0,             // done and in sync
  usage = 64,         // wrong command line
  data = 65,          // state or data refused: UIDVALIDITY changed, a mailbox disappeared, not a database
  unavailable = 69,   // a server cannot be reached, or went away
  internal = 70,      // a bug, or a worker that broke the protocol between us
  cantCreate = 73,    // a file or directory cannot be created
  io = 74,            // reading or writing a file failed
  tryAgain = 75,      // locked, throttled, or done but for messages reported above
  protocol = 76,      // the server broke IMAP, or lacks an extension we need
  noPermission = 77,  // credentials or certificate refused
  config = 78,        // error in the configuration file
};

// A worker's status that is none of the program's: the access token is no good any more, and there may be a
// newer one.
inline constexpr ExitStatus kStale{79};

}  // namespace interimap
