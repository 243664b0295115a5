# Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

# launch <-> workers. A worker trusts launch; launch trusts no worker (ipc/launch_convert.cc is the only reader and
# writer). What the fields mean stands in ipc/launch.h.
@0xd86f0c3a5b9e1742;
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("interimap::schema");

struct Optional {  # an absent text and an empty one differ
  union {
    none @0 :Void;
    some @1 :Data;
  }
}

struct Order {
  union {
    net      @0 :Net;
    sync     @1 :Sync;
    delivery @2 :Delivery;
    go       @3 :Void;
    stop     @4 :Void;
    pull     @5 :Pull;
    deliverer @6 :Void;  # the channel comes beside it
    anotherNet @7 :Side;  # ditto
  }
  enum Side { local @0; remote @1; }

  struct Tls {
    verify       @0 :Bool;
    caFile       @1 :Data;
    caPath       @2 :Data;
    fingerprints @3 :List(Data);
    hostname     @4 :Optional;
    protocolMin  @5 :Data;
    protocolMax  @6 :Data;
    protocols    @7 :List(Data);
    cipherList   @8 :Data;
    cipherSuites @9 :Optional;
  }
  struct Net {
    transport      @0  :Transport;
    host           @1  :Data;
    port           @2  :Data;
    proxy          @3  :Data;
    command        @4  :Data;
    nullStderr     @5  :Bool;
    startTls       @6  :Bool;
    compress       @7  :Compress;
    tls            @8  :Tls;
    auth           @9  :List(Data);
    username       @10 :Data;
    password       @11 :Data;
    keepAlive      @12 :Bool;
    maxMessageSize @13 :UInt64;
    debug          @14 :UInt8;
    user           @15 :Data;
    enum Transport { imap @0; imaps @1; tunnel @2; }
    enum Compress { no @0; ifItPays @1; yes @2; }
  }
  struct Sync {
    databaseDirectory @0  :Data;
    databaseName      @1  :Data;
    createDatabase    @2  :Bool;
    mailboxes         @3  :List(Data);
    patterns          @4  :List(Data);
    selectionOptions  @5  :List(Data);
    ignore            @6  :Optional;
    localReference    @7  :Data;
    remoteReference   @8  :Data;
    localAccount      @9  :Data;
    remoteAccount     @10 :Data;
    debug             @11 :UInt8;
    user              @12 :Data;
    stopAtWrite       @13 :UInt32;
    stopAfterWrite    @14 :Bool;
    errand            @15 :Errand;
    interval          @16 :UInt32;
    onLocal           @17 :Bool;
    onRemote          @18 :Bool;
    inDatabase        @19 :Bool;
    dryRun            @20 :Bool;
    forceDeletions    @21 :Bool;
    maxDeletions :union {
      unlimited       @22 :Void;
      number          @23 :UInt64;
      percent         @24 :UInt64;
    }
    localConnections  @25 :UInt8;
    remoteConnections @26 :UInt8;
    adopt             @27 :Bool;
    byMessageId       @28 :Bool;
    enum Errand { synchronise @0; watch @1; notify @2; repair @3; remove @4; rename @5; }
  }
  struct Delivery {
    lmtp @0 :Bool;
    host @1 :Data;
    port @2 :Data;
    ehlo @3 :Data;
    user @4 :Data;
    security @5 :Security;
    tls      @6 :Tls;
    username @7 :Data;
    password @8 :Data;
    debug    @9 :UInt8;
    drop     @10 :List(Data);
    enum Security { none @0; startTls @1; required @2; implicit @3; }
  }
  struct Pull {
    stateDirectory @0  :Data;
    stateName      @1  :Data;
    createState    @2  :Bool;
    errand         @3  :Errand;
    interval       @4  :UInt32;
    mailboxes      @5  :List(Data);
    forwardPaths   @6  :List(Data);
    deliver        @7  :Bool;
    retryRefused   @8  :Bool;
    purges         @9  :Bool;
    purgeAfter     @10 :UInt32;  # if purges
    account        @11 :Data;
    debug          @12 :UInt8;
    user           @13 :Data;
    stopAtWrite    @14 :UInt32;
    stopAfterWrite @15 :Bool;
    forgetRefused  @16 :Bool;
    seen           @17 :Bool;
    sender         @18 :Optional;
    enum Errand { once @0; idle @1; exportState @2; }
  }
}

struct Report {
  union {
    log      @0 :Log;
    locked   @1 :Void;
    progress @2 :Progress;
    traffic  @3 :Traffic;
    ended    @4 :UInt8;  # an ExitStatus
    synchronised @5 :Synchronised;
    wantsDeliverer @6 :Void;
    pulled   @7 :Pulled;
    exported @8 :Data;
    wantsNets @9 :WantsNets;
  }

  struct Log {
    level     @0 :Level;
    component @1 :Data;
    mailbox   @2 :Data;
    text      @3 :Data;
    subject   @4 :Subject;
    enum Level { info @0; notice @1; warning @2; error @3; debug @4; }
  }
  struct Subject {
    uid       @0 :UInt32;
    uids      @1 :Data;
    messageId @2 :Data;
    sender    @3 :Optional;
    recipient @4 :Data;
    reply     @5 :Data;
  }
  struct Progress {
    mailbox    @0 :Data;
    messages   @1 :UInt64;
    ofMessages @2 :UInt64;
    octets     @3 :UInt64;
  }
  struct Synchronised {
    copiedToLocal  @0 :UInt64;
    copiedToRemote @1 :UInt64;
    flagsUpdated   @2 :UInt64;
    expunged       @3 :UInt64;
    failed         @4 :UInt64;
    octets         @5 :UInt64;
    mailboxes      @6 :UInt32;
    waiting        @7 :Bool;
  }
  struct Pulled {
    delivered @0 :UInt64;
    deferred  @1 :UInt64;
    refused   @2 :UInt64;
    unknown   @3 :UInt64;
    purged    @4 :UInt64;
    octets    @5 :UInt64;
    waiting   @6 :Bool;
  }
  struct WantsNets {
    local  @0 :UInt8;
    remote @1 :UInt8;
  }
  struct Traffic {
    received           @0 :UInt64;
    sent               @1 :UInt64;
    receivedCompressed @2 :UInt64;
    sentCompressed     @3 :UInt64;
    compressed         @4 :Bool;
  }
}
