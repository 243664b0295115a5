// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Where an account's password comes from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/exit_status.h"
#include "ipc/secret.h"
#include "launch/config/key.h"

namespace interimap {

// The password, and where else it may be kept.
void addPasswordKeys(KnownKeys& all, const std::string& prefix = {});

// The one in the configuration itself; empty if there is none. `prefix` stands before the names of the keys.
Secret configuredPassword(const Keys& keys, const std::string& prefix = {});

struct PasswordSource {
  enum class Kind : std::uint8_t { none, file, command };
  Kind kind = Kind::none;  // none: `password` of the configuration, or a credential
  std::string value;       // a path as written, or a command for sh(1)

  // Throws Failure(config) if a section has more than one of password, password-file and password-command.
  static PasswordSource of(const Keys& keys, const std::string& prefix = {});
};

// What can hold no more than this is no password.
inline constexpr std::size_t kMostPassword = 16384;  // octets

// The first line of `text`, which is wiped. Throws Failure(status) "SOURCE: …" if that is empty, too long, or
// holds NUL or CR.
Secret firstLine(std::string text, const std::string& source, ExitStatus status);

struct PasswordFile {
  Secret password;
  std::optional<std::string> warning;  // about who else may read it
  // Throws Failure(config) if there is no such regular file, if it gives no password, or if anybody may read
  // it.
  static PasswordFile read(const std::string& path);
};

// SECTION.KEY in $CREDENTIALS_DIRECTORY, where systemd.exec(5) puts what LoadCredential= names; empty if
// there is none.
Secret credential(std::string_view section, std::string_view key = "password");

// A file that holds a password: throws Failure(config) with the chmod(1) to run if `mode` lets anybody read
// it; returns a warning if it lets its group.
std::optional<std::string> judgeReaders(const std::string& path, unsigned mode);

}  // namespace interimap
