// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What was copied a moment ago, held against what the target shows of it.
//
// A server's APPENDUID (RFC 4315 section 3) is a claim: servers have been seen to name another session's
// message. The pass that follows lists the copies anyway, with their sizes. One that is not as large as what
// was sent may be as it should be, as servers change line ends and header fields. So it is looked at, and a
// pair is given up only where the copy is found under another UID: then the journal has it, and the next pass
// adopts it from there (sync/pass/adopt.h). Nothing is asked for as long as the sizes are right.
#pragma once

#include "sync/pass/changes.h"
#include "sync/pass/work.h"

namespace interimap {

// If a pair is given up, or the servers do not answer, the pass is over.
void checkCopies(Work& work, const BothChanges& changes, Side target);

// A copy that is not there when it is looked for the first time, on a server that does not say what is
// expunged: Gmail takes a message that it has in that mailbox already, gives it a UID, and drops it. That is
// not for us to expunge on the other side, where it stays alone.
void leaveDropped(Work& work, BothChanges& changes, Side target);
void reportDropped(Work& work, Side source, const UidSet& uids);

}  // namespace interimap
