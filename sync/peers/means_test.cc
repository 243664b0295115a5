// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/peers/means.h"

#include <doctest/doctest.h>

using namespace interimap;

namespace {

using enum Extension;
using News = Means::News;
using Collect = Means::Collect;

}  // namespace

TEST_CASE("field 12: what is used of a server follows from what it has, and from nothing else") {
  const ExtensionSet kAll{enable, qresync, condstore, uidPlus, listExtended, listStatus};
  auto with = [&](std::initializer_list<Extension> more) {
    ExtensionSet extensions = kAll;
    for (Extension extension : more) extensions.add(extension);
    return extensions;
  };
  const struct {
    Purpose purpose;
    answer::Ready ready;
    Means means;
  } table[] = {
      {Purpose::synchronise, {kAll, true, ""}, {Collect::qresync, true, News::none, ""}},
      {Purpose::synchronise,
       {with({unselect, idle}), true, ""},
       {Collect::qresync, true, News::ofOneMailbox, ""}},
      {Purpose::synchronise, {with({notify, idle}), true, ""}, {Collect::qresync, true, News::ofAll, ""}},
      {Purpose::synchronise,
       {with({notify}), false, "NO later"},
       {Collect::condstore, true, News::ofAll, ""}},
      {Purpose::synchronise, {kAll, false, ""}, {Collect::condstore, true, News::none, ""}},
      {Purpose::synchronise,
       {{condstore, uidPlus, listExtended, listStatus}, false, ""},
       {Collect::condstore, true, News::none, ""}},
      {Purpose::synchronise,
       {{enable, uidPlus, listExtended, listStatus}, false, "BAD what"},
       {Collect::everything, true, News::none, ""}},
      {Purpose::synchronise,
       {{enable, qresync, listExtended, listStatus}, true, ""},
       {Collect::qresync, false, News::none, ""}},
      {Purpose::synchronise,
       {{enable, qresync, uidPlus}, true, ""},
       {Collect::qresync, true, News::none, ""}},
      {Purpose::synchronise, {kAll, true, "", "INBOX."}, {Collect::qresync, true, News::none, "INBOX."}},
      {Purpose::pull, {{}, false, "", "INBOX."}, {Collect::everything, false, News::none, ""}},
      // One mailbox, all of it: any server will do, and what it notifies of others is of no use.
      {Purpose::pull, {}, {Collect::everything, false, News::none, ""}},
      {Purpose::pull, {{notify}, false, ""}, {Collect::everything, false, News::none, ""}},
      {Purpose::pull,
       {with({Extension::move}), false, ""},
       {Collect::everything, true, News::none, "", true}},
      {Purpose::pull, {with({idle, notify}), false, ""}, {Collect::everything, true, News::ofOneMailbox, ""}},
  };
  for (const auto& row : table) {
    Means means = Means::of(row.ready, row.purpose);
    CAPTURE(row.ready.extensions.bits());
    CHECK(means.collect == row.means.collect);
    CHECK(means.expunges == row.means.expunges);
    CHECK(means.news == row.means.news);
    CHECK(means.prefix == row.means.prefix);
    CHECK(means.moves == row.means.moves);
  }
}
