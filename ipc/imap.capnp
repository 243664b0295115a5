# Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

# sync <-> net. net trusts sync; sync checks every answer (ipc/imap_convert.cc is the only reader and writer).
# What the fields mean, and what is answered to what, stands in ipc/imap.h.
@0xb2c9a4d7e1f05361;
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("interimap::schema");

struct Range {
  first @0 :UInt32;  # 1 ... last
  last  @1 :UInt32;
}

struct BodyRange {
  offset @0 :UInt64;
  size   @1 :UInt64;
}

struct Request {
  id @0 :UInt32;  # chosen by sync, ascending, never reused
  union {
    enable      @1  :Enable;
    list        @2  :Listing;
    select      @3  :Select;
    fetch       @4  :Fetch;
    fetchBodies @5  :FetchBodies;
    append      @6  :Append;   # the bodies come beside it: one descriptor (ipc/body.h)
    store       @7  :Store;
    expunge     @8  :Expunge;
    manage      @9  :Manage;
    simple      @10 :Simple;
    watch       @11 :Watch;
    search      @12 :Search;
    move        @13 :Move;
    copy        @14 :Copy;
  }

  struct Enable {
    qresync @0 :Bool;
    namespaces @1 :Bool;
    greeting @2 :Data;  # of Ready, the last time
  }
  struct Listing {
    reference        @0 :Data;
    patterns         @1 :List(Data);
    selectionOptions @2 :List(Data);
    returnStatus     @3 :Bool;
  }
  struct Select {
    mailbox  @0 :Data;
    readOnly @1 :Bool;
    union {
      afresh @2 :Void;
      known  @3 :Known;
    }
    modSequences @4 :Bool;
  }
  struct Known {
    uidValidity @0 :UInt32;
    modSeq      @1 :UInt64;
    uids        @2 :List(Range);
    count       @3 :UInt32;
    sample      @4 :List(Range);
  }
  struct Fetch {
    uids  @0 :List(Range);
    items @1 :Items;
    changedSince @2 :UInt64;
    enum Items { flags @0; sizes @1; identity @2; content @3; listing @4; }
  }
  struct FetchBodies {
    uids     @0 :List(Range);
    envelope @1 :Bool;
    again    @2 :Bool;
    fields   @3 :List(Data);
  }
  struct Search {
    uids  @0 :List(Range);
    year  @1 :UInt16;
    month @2 :UInt8;
    day   @3 :UInt8;  # 0, as year and month: whatever the day
    with  @4 :Data;
  }
  struct Append {
    mailbox  @0 :Data;
    together @1 :Bool;
    messages @2 :List(NewMessage);
    hasLimit @3 :Bool;
    limit    @4 :UInt64;
  }
  struct NewMessage {
    flags @0 :Data;
    date  @1 :Text;
    body  @2 :BodyRange;
  }
  struct Store {
    uids   @0 :List(Range);
    change @1 :Change;
    flags  @2 :Data;
    enum Change { add @0; remove @1; }
  }
  struct Expunge {
    uids @0 :List(Range);
    step @1 :Step;
    enum Step { both @0; mark @1; remove @2; all @3; }
  }
  struct Move {
    uids @0 :List(Range);
    to   @1 :Data;
  }
  struct Copy {
    uids @0 :List(Range);
    to   @1 :Data;
  }
  struct Manage {
    verb    @0 :Verb;
    mailbox @1 :Data;
    to      @2 :Data;
    uses    @3 :UInt8;
    enum Verb { create @0; remove @1; rename @2; subscribe @3; unsubscribe @4; }
  }
  struct Watch {
    mailbox @0 :Data;
    seconds @1 :UInt32;
    all     @2 :Bool;
  }
  enum Simple { unselect @0; noop @1; logout @2; }
}

struct Answer {
  id @0 :UInt32;  # of the request; done is the last one with this id
  union {
    ready    @1 :Ready;
    listed   @2 :List(ListEntry);
    statuses @3 :List(StatusEntry);
    selected @4 :Selected;
    vanished @5 :List(Range);
    messages @6 :List(Message);
    window   @7 :Window;       # the bodies come beside it: one descriptor (ipc/body.h)
    appended @8 :Appended;
    done     @9 :Done;
    found    @10 :List(Range);
  }

  struct Ready {
    extensions @0 :UInt32;  # ipc/extension_set.h
    qresync    @1 :Bool;
    refusal    @2 :Data;
    personal   @3 :Data;
    greeting   @4 :Data;
  }
  struct ListEntry {
    mailbox     @0 :Data;
    delimiter   @1 :UInt16;  # 0: NIL
    nonExistent @2 :Bool;
    noSelect    @3 :Bool;
    subscribed  @4 :Bool;
    uses        @5 :UInt8;   # a bit for each special use
  }
  struct StatusEntry {
    mailbox       @0 :Data;
    hasUidValidity @1 :Bool;
    uidValidity   @2 :UInt32;
    hasUidNext    @3 :Bool;
    uidNext       @4 :UInt64;
    hasModSeq     @5 :Bool;
    modSeq        @6 :UInt64;
    hasMessages   @7 :Bool;
    messages      @8 :UInt32;
    hasAppendLimit @9 :Bool;
    appendLimit   @10 :UInt64;
  }
  struct Selected {
    uidValidity   @0 :UInt32;
    uidNext       @1 :UInt64;
    highestModSeq @2 :UInt64;
    exists        @3 :UInt32;
    readOnly      @4 :Bool;
    uidNotSticky  @5 :Bool;
    storesAll     @6 :Bool;
    storesKeywords @7 :Bool;
    storable      @8 :Data;
  }
  struct Message {
    uid    @0 :UInt32;
    modSeq @1 :UInt64;
    hasFlags @2 :Bool;
    flags  @3 :Data;
    date   @4 :Text;    # empty: not asked for
    size   @5 :UInt64;
    header @6 :Data;    # empty: not asked for
    content @7 :Data;   # likewise
    id     @8 :Data;    # likewise
  }
  struct Window {
    messages @0 :List(WindowMessage);
    tooLarge @1 :List(UInt32);
  }
  struct WindowMessage {
    uid    @0 :UInt32;
    flags  @1 :Data;
    date   @2 :Text;
    body   @3 :BodyRange;
    header @4 :Data;
    sender @5 :Data;    # empty: null, or not asked for
    content   @6 :Data;        # empty: not asked for
    received  @7 :UInt32;
    hops      @8 :List(Data);
    messageId @9 :Data;
    named     @10 :List(List(Data));  # by field that was asked for
  }
  struct Appended {
    uidValidity @0 :UInt32;
    uids        @1 :List(UInt32);  # 0: refused, or not told
    refusal     @2 :Data;
    stored      @3 :List(Bool);
  }
  struct Done {
    completion @0 :Completion;
    code       @1 :Data;
    text       @2 :Data;
    enum Completion { ok @0; no @1; bad @2; }
  }
}
