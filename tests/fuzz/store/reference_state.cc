// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "store/reference_state.h"

#include "tests/fuzz/target.h"

using interimap::fuzz::require;
using interimap::store::ReferenceState;

FUZZ(reference_state) {
  auto state = ReferenceState::parse(octets);
  if (!state) return;
  for (auto range : state->delivered.ranges())
    require(range.first >= state->uidNext.value, "only what is not covered");
  if (state->delivered.size() > octets.size()) require(false, "no more UIDs than were there");
  require(ReferenceState::parse(state->octets()) == state, "a state survives being written down");
}
