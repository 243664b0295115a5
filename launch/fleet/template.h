// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A configuration for many accounts: "%i" and the like in its values stand for what a list says of one.
#pragma once

#include <string>

#include "launch/config/ini.h"
#include "launch/fleet/account_list.h"

namespace interimap {

// Puts into the values of the sections that are read
//   %i          the account's name
//   %u %h       its columns user and host
//   %{COLUMN}   this column
//   %%          a percent sign
// and, if it names none, gives the account a database of its own. What is put in is data: it stays in the
// value it was put into, it names no other file than one beside that which is meant, and a shell finds
// nothing in it to act on. `log-prefix` has percent signs of its own, and stays as it is. Throws
// Failure(config) "FILE:LINE: …", which quotes nothing of what may be a password.
void expand(Ini& ini, const Instance& instance, const std::string& file);

// Whether something of the list other than a name goes into a password: then it has to be closed, too.
bool takesPasswords(const Ini& ini);

}  // namespace interimap
