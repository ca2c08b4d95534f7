/**
 * Sizes, counts and times that a client can reach, with the unit in the name. Most rates are next
 * to the calls that they limit. Settings can lower `messageBytes` and set the message rates.
 */
export const limits = {
  /** Maximum of a PostgreSQL SERIAL. */
  channelId: 2_147_483_647,
  messageBytes: 65_536,
  /** Size of one request. Send, Report and the frames of a stream have limits of their own. */
  requestBytes: 65_536,
  /**
   * One frame of a Connect stream, or one Send: a message with its metadata. A larger frame ends
   * the stream.
   */
  frameBytes: 73_728,
  /** One Report with the maximum number of channels. */
  reportBytes: 2_097_152,
  /**
   * Memory of all unanswered requests of a process. Beyond it, the address that holds the most
   * loses the largest request of its largest connection.
   */
  requestBudgetBytes: 25_165_824,
  /** Metadata of one call: total size of names and values, and number of pairs. */
  headersBytes: 12_288,
  headerPairs: 64,
  /** Memory of an open call in addition to its request, for HTTP/2 and grpc-js, as measured. */
  callBytes: 16_384,
  /** Time within which the request of a unary call must arrive. */
  requestWithinMs: 10_000,
  /** Maximum life of a reflection stream. */
  reflectionWithinMs: 30_000,
  /** Health watchers of a process. They need no account, so a new one ends the oldest. */
  healthWatchers: 256,
  /** Time for a caller to read a response. After that, the call is reset. */
  takenWithinMs: 30_000,
  /**
   * Memory of responses that clients have not read, in one process. Messages that wait for one
   * stream alone have a second budget of the same size. Beyond a budget, the user who holds the
   * most memory loses their largest response or stream.
   */
  unreadBytes: 67_108_864,
  /**
   * Open connections from one IPv4 address or IPv6 /64 network, and in one process. Those of
   * trusted proxies do not count.
   */
  connectionsPerAddress: 1_000,
  connectionsPerProcess: 20_000,
  /** Time from connecting to the first call. After that, the connection is closed. */
  firstCallWithinMs: 30_000,
  /** Time without an open call after which a gRPC connection is closed. Clients connect again. */
  idleConnectionMs: 300_000,
  /**
   * Maximum concurrent calls and streams on one HTTP/2 connection to a chat server or a gateway. A
   * connection of a trusted proxy has this limit from the start. Any other connection begins with
   * `callsPerConnection`, which doubles whenever accepted streams fill half of it.
   */
  streamsPerConnection: 1_000,
  /**
   * Concurrent calls on any other connection. A gateway that reaches the limit opens another
   * connection.
   */
  callsPerConnection: 100,
  /**
   * Maximum concurrent calls of one user in one process, and maximum calls that wait in a queue. A
   * process allows at most one call fewer than it has database connections.
   */
  callsPerUser: 8,
  callsWaitingPerUser: 100,
  /** Maximum number of streams that wait in one process until their user is known. */
  startsWaiting: 2_000,
  /**
   * Maximum concurrent calls through one gateway with one bearer token, and maximum calls that wait
   * in a queue. Streams do not count.
   */
  callsPerToken: 12,
  callsWaitingPerToken: 100,
  /**
   * The same two limits for one IPv4 address or IPv6 /64 network, with any tokens or none. Many
   * users may share an address.
   */
  callsPerAddress: 64,
  callsWaitingPerAddress: 1_000,
  nameCharacters: 64,
  userIdCharacters: 64,
  emailCharacters: 254,
  aboutCharacters: 500,
  metadataJsonBytes: 4_096,
  passwordMinBytes: 8,
  /** Minimum length of a new password under lax rules. */
  laxPasswordMinBytes: 6,
  passwordMaxBytes: 72,
  tokenBytes: 4_096,
  /** One metadata value, except the token. */
  metadataValueBytes: 256,
  contentTypeCharacters: 127,
  mentions: 50,
  /** Maximum number of files in one message, or in one upload by form. */
  filesAtOnce: 10,
  /** Files of one user, whatever their sizes. */
  filesPerUser: 10_000,
  /** Pause within an upload. When it is over, the connection is closed. */
  uploadPauseMs: 30_000,
  /**
   * Time for which the dedupe cache of a channel without history remembers a client id. A send that
   * would evict an id earlier is refused.
   */
  clientIdMs: 600_000,
  /**
   * Time for which the dedupe cache of a channel with history remembers a client id. After that, a
   * repeated message is found in the table.
   */
  storedClientIdMs: 120_000,
  /** Client ids of one sender in one channel. */
  clientIdsPerSender: 30_000,
  /**
   * Client ids of one process, about 200 bytes each. When all are in use, senders share them
   * fairly.
   */
  clientIdsRemembered: 300_000,
  reactionCharacters: 64,
  /** Distinct reactions to one message. */
  reactionsPerMessage: 20,
  /**
   * Memory of uncommitted entries in the append queues of a process, of one channel and of one
   * user. More is refused.
   */
  appendQueueBytes: 33_554_432,
  appendQueueChannelBytes: 8_388_608,
  appendQueueUserBytes: 2_097_152,
  appendBatchRows: 500,
  appendBatchBytes: 1_048_576,
  /**
   * Maximum number of entries replayed to a resuming client, which fetches the rest with History.
   */
  replayEntries: 20_000,
  roomSeats: 25,
  chatMembers: 10_000,
  chatMembersDefault: 1_000,
  /** Maximum number of users whom one call adds to a chat. */
  membersAddedAtOnce: 100,
  seatsPerUser: 20,
  /** Maximum number of valid invites of a channel, and maximum uses of one invite. */
  invitesPerChannel: 100,
  inviteUses: 100_000,
  channelsPerUser: 100,
  /** Channels of an account that is less than a day old. */
  channelsPerNewUser: 20,
  /** Users whom one user has blocked. */
  blocksPerUser: 1_000,
  /** Length of the URL of a push service. */
  pushEndpointCharacters: 2_048,
  /** Open reports of abuse by one user, and the length of the reason of one report. */
  openReportsPerUser: 100,
  reportReasonCharacters: 1_000,
  offersPerUser: 20,
  /** Open offers from one user to another. */
  offersPerOfferer: 3,
  /**
   * Maximum number of the caller's own channels that List returns, and of channels that are listed
   * for everyone.
   */
  channelsPerList: 1_000,
  serversListed: 1_000,
  /** Maximum number of bots of one channel, and of one creator who is not an operator. */
  botsPerChannel: 10,
  commandsPerBot: 50,
  commandNameCharacters: 32,
  commandDescriptionCharacters: 100,
  /** Maximum number of outgoing webhooks of one chat, and of one creator who is not an operator. */
  webhooksPerChannel: 10,
  webhookUrlCharacters: 2_048,
  /** Maximum number of entries of a webhook that wait for another attempt or are dead letters. */
  webhookFailures: 1_000,
  /** Sessions of a user that ListSessions returns: the newest ones. */
  sessionsListed: 1_000,
  /** Length of the reason of a kick, which goes into the audit. */
  kickReasonCharacters: 1_000,
  holdReasonCharacters: 1_000,
  /** Legal holds that stand at a time. */
  holds: 1_000,
  /** Maximum number of users in a channel whom List names. */
  usersListedOfRoom: 25,
  usersListedOfChat: 100,
  /** Maximum number of members of a chat in which all members see each other's receipts. */
  membersToldReceipts: 100,
  /** Maximum of `user_count`. */
  usersCounted: 1_000,
  /**
   * The first number is the highest count of unread messages, mentions and notifications. The
   * second is the maximum number of messages after the last read one that are examined.
   */
  unreadCounted: 100,
  unreadLookedAt: 1_000,
  /** Replies to one message, as counted in a page. */
  repliesCounted: 1_000,
  pageEntries: 100,
  pageBytes: 1_048_576,
  /**
   * Maximum number of emoji of one message in a page, and of users named for each emoji; the others
   * are only counted.
   */
  emojiListed: 100,
  reactorsListed: 10,
  /**
   * Maximum length of the text of a search, in characters, and maximum number of channels searched
   * at once: the most active ones.
   */
  searchCharacters: 256,
  channelsSearched: 10_000,
  joinWithinMs: 10_000,
  joinClockSkewMs: 30_000,
  /** Time a chat server may take to give its channels back. */
  drainMs: 600_000,
  drainDefaultMs: 10_000,
  reportMetrics: 64,
  reportMetricBytes: 256,
  reportChannels: 100_000,
  /** Rate of one sender in one channel. */
  senderMessagesPerSecond: 100,
  senderBytesPerSecond: 1_048_576,
  /** Rate at which one stream is read, counting frames of any kind. The rest waits unread. */
  streamFramesPerSecond: 500,
  streamBytesPerSecond: 4_194_304,
  /**
   * Bytes written to one Subscribe stream before the server ends it and the client resumes in a new
   * one: a browser keeps the whole response in memory.
   */
  subscribeBytes: 4_194_304,
  /** One frame of a relay: a frame of a user with its envelope. */
  relayFrameBytes: 74_752,
  /** Rate at which one relay is read. The rest waits unread. */
  relayFramesPerSecond: 20_000,
  relayBytesPerSecond: 67_108_864,
  /**
   * Maximum bytes of responses and announcements that a relay has not read. Beyond this, the relay
   * is reset.
   */
  relayUnreadBytes: 8_388_608,
  /**
   * Maximum number of relays of a process, and of the follows, handles and waiting calls of one
   * relay.
   */
  relays: 256,
  relayFollows: 200_000,
  relayHandles: 50_000,
  relayWaiting: 20_000,
  /** Maximum number of chats in which one handle is present. */
  relayPresences: 100,
  relayNameCharacters: 64,
  /**
   * Limits of posts at a gateway that have no ack yet: number of one user, bytes of one user, and
   * bytes of all users.
   */
  postsPerUser: 200,
  postBytesPerUser: 2_097_152,
  postBytes: 67_108_864,
  /** Maximum number of receipts of one user at a gateway that may not be saved yet. */
  receiptsPerUser: 1_000,
  /**
   * Time after which a silent relay ends, and within which a new relay can take over the handles of
   * a broken one.
   */
  relaySilentMs: 10_000,
  relayGraceMs: 10_000,
  /** Channels in a page of `owned`, and in one announcement. */
  ownedPage: 1_000,
  /** Rate of one channel, for all senders together. */
  channelMessagesPerSecond: 5_000,
  channelBytesPerSecond: 8_388_608,
  /**
   * Size of the ring buffer of one channel. If a subscriber lags by more than this, its stream
   * ends.
   */
  ringBytes: 1_048_576,
  lossyRingBytes: 65_536,
  /**
   * Memory of all ring buffers of a chat server. Beyond it, those of empty channels are dropped,
   * and the largest ones shrink.
   */
  allRingsBytes: 268_435_456,
  /** Bytes of one joined write to a subscriber. */
  writeBytes: 65_536,
} as const;
