/** Every bound that a client can meet, with its unit in its name. Settings may lower `messageBytes` and set the rates of messages. */
export const limits = {
  /** The largest SERIAL. */
  channelId: 2_147_483_647,
  messageBytes: 65_536,
  /** One request, where nothing larger is meant. */
  requestBytes: 65_536,
  /** One frame of a Connect stream, or one Send: a message and what comes with it. A stream that brings a larger one ends. */
  frameBytes: 73_728,
  /** One Report, with as many channels as it may list. */
  reportBytes: 2_097_152,
  /** What all requests of a process hold between their arrival and their answer; beyond it each connection has an even share. */
  requestBudgetBytes: 25_165_824,
  /** Metadata of one call in all, names and values, and how many there are. */
  headersBytes: 12_288,
  headerPairs: 64,
  /** What a call counts as beside the bytes it brings. */
  callBytes: 1_024,
  /** A call whose request is one message has this long to send it. */
  requestWithinMs: 10_000,
  /** A stream of questions about the contract is ended after this. */
  reflectionWithinMs: 30_000,
  /** An answer whose end its caller has not taken by then is dropped, and the call reset. */
  takenWithinMs: 30_000,
  /** Calls and streams at once on one HTTP/2 connection; a proxy opens another one. */
  streamsPerConnection: 1_000,
  /** The same where every call is answered at once: services without chat streams. */
  callsPerConnection: 100,
  /** Calls of one user that one process answers at once, always fewer than its database connections, and how many more may wait. */
  callsPerUser: 8,
  callsWaitingPerUser: 100,
  nameCharacters: 64,
  userIdCharacters: 64,
  emailCharacters: 254,
  aboutCharacters: 500,
  descriptionCharacters: 1_000,
  metadataJsonBytes: 4_096,
  passwordMinBytes: 8,
  passwordMaxBytes: 72,
  tokenBytes: 4_096,
  /** One metadata value other than the token. */
  metadataValueBytes: 256,
  contentTypeCharacters: 127,
  mentions: 50,
  /** A client id is remembered for so long, also where nothing is kept; who would push one out is refused. */
  clientIdMs: 600_000,
  /** In one channel. */
  clientIdsPerSender: 30_000,
  /** Of one process, some 200 bytes each; shared fairly once they are so many. */
  clientIdsRemembered: 300_000,
  reactionCharacters: 64,
  /** Distinct ones. */
  reactionsPerMessage: 20,
  /** Bytes of entries that are not committed yet, with what they cost in memory: of one process, channel and user; more is refused. */
  laneWaitingBytes: 33_554_432,
  laneChannelBytes: 8_388_608,
  laneUserBytes: 2_097_152,
  laneBatchRows: 500,
  laneBatchBytes: 1_048_576,
  /** A reader further behind fetches the rest with History. */
  replayEntries: 20_000,
  roomSeats: 25,
  chatMembers: 10_000,
  chatMembersDefault: 1_000,
  seatsPerUser: 20,
  channelsPerUser: 100,
  /** Of an account that is less than a day old. */
  channelsPerNewUser: 20,
  /** Open ones, of what others offer to one user. */
  offersPerUser: 20,
  /** Of these, how many one offerer may hold. */
  offersPerOfferer: 3,
  /** Own ones, and as many that are listed. */
  channelsPerList: 1_000,
  serversListed: 1_000,
  /** Why somebody was kicked, for the audit. */
  kickReasonCharacters: 1_000,
  /** How many of the users inside List names. */
  usersListedOfRoom: 25,
  usersListedOfChat: 100,
  /** `user_count` goes no further. */
  usersCounted: 1_000,
  pageEntries: 100,
  pageBytes: 1_048_576,
  /** Of one message in a page; and of each of them so many people, the others only counted. */
  emojiListed: 100,
  reactorsListed: 10,
  joinWithinMs: 10_000,
  joinClockSkewMs: 30_000,
  /** How long a chat server may take to give its channels back. */
  drainMs: 600_000,
  drainDefaultMs: 10_000,
  reportMetrics: 64,
  reportMetricBytes: 256,
  reportChannels: 100_000,
  /** Per sender in one channel. */
  senderMessagesPerSecond: 100,
  senderBytesPerSecond: 1_048_576,
  /** Frames of any kind that are read of one stream; the rest waits unread. */
  streamFramesPerSecond: 500,
  streamBytesPerSecond: 4_194_304,
  /** Written to one Subscribe before it is ended, to be resumed: a browser keeps the whole response of a stream. */
  subscribeBytes: 4_194_304,
  /** Of one channel, all senders together. */
  channelMessagesPerSecond: 5_000,
  channelBytesPerSecond: 8_388_608,
  /** Frames a live channel remembers; a reader further behind is reset. */
  ringBytes: 1_048_576,
  lossyRingBytes: 65_536,
  /** All rings of a chat server; beyond it those of empty channels go early. */
  allRingsBytes: 268_435_456,
  /** Bytes of one joined write to a member. */
  writeBytes: 65_536,
} as const;
