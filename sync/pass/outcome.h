// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a pass that ended well leaves behind: how far both sides are synchronised, and what the next pass is
// to look at.
#pragma once

#include "sync/copying/lanes.h"
#include "sync/pass/application.h"
#include "sync/pass/changes.h"
#include "sync/pass/work.h"

namespace interimap {

// Within the caller's transaction.
void rememberReached(const Work& work, const BothChanges& changes, const Application& done,
                     const Both<Lanes*>& lanes);

// Writes down what a server calls its messages.
void rememberNames(const Work& work, Changes& changes, Side side);

// A server has made copies of its own messages: the next pass asks both sides for their flags.
bool isAnyCopiedThere(const Work& work, const Both<Lanes*>& lanes);

// What the pass that follows has to know of what this one has done.
void carryOver(Due& next, const Application& done, const Both<Lanes*>& lanes);

// Where something is left for another day: another pass if a server has not said which UIDs the copies have.
// Should a user delete an original meanwhile, nobody could tell its copy from new mail. What is left is listed
// once more.
void findCopies(Work& work, const Application& done, const Both<Lanes*>& lanes);

// Another pass if something was written, as that is news of our own making, or if MESSAGES does not fit.
void decideNext(Work& work, const BothChanges& changes, const Application& done, const Both<Lanes*>& lanes);

}  // namespace interimap
