/** gRPC status names, spelled as in the gRPC documentation. */
export type StatusName =
  | 'CANCELLED'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'UNAUTHENTICATED';

export interface RefusalRow {
  readonly status: StatusName;
  /** The status of the same refusal on an HTTP door. */
  readonly http: number;
  /** States the rule and the remedy. */
  readonly words: string;
  /** Milliseconds until a retry may succeed; absent: do not retry as is. */
  readonly retryAfterMs?: number;
}

function row(status: StatusName, http: number, words: string, retryAfterMs?: number): RefusalRow {
  return retryAfterMs === undefined ? { status, http, words } : { status, http, words, retryAfterMs };
}

/** Every error and every ending that a client of Parley can meet, by its stable reason word. */
export const refusals = {
  // what was sent
  malformed: row('INVALID_ARGUMENT', 400, 'the request cannot be decoded'),
  'invalid-user-id': row(
    'INVALID_ARGUMENT',
    400,
    'a user id is 1 to 64 of A-Z a-z 0-9 . _ - and begins with a letter or a digit',
  ),
  'invalid-name': row(
    'INVALID_ARGUMENT',
    400,
    'a name is 1 to 64 characters, not only spaces, and each of them can be seen',
  ),
  'invalid-password': row('INVALID_ARGUMENT', 400, 'a password is 8 to 72 bytes of UTF-8 without NUL'),
  'common-password': row('INVALID_ARGUMENT', 400, 'that password is too common: choose one that is hard to guess'),
  'invalid-email': row('INVALID_ARGUMENT', 400, 'that is not an e-mail address of at most 254 characters'),
  'invalid-profile': row('INVALID_ARGUMENT', 400, 'a field of the profile is too long or not one of its values'),
  'invalid-limit': row('INVALID_ARGUMENT', 400, 'the limit of a room is 1 to 25, of a chat 1 to 10000'),
  'invalid-channel': row('INVALID_ARGUMENT', 400, 'a field of the channel is too long or not one of its values'),
  'invalid-channel-id': row('INVALID_ARGUMENT', 400, 'a channel id is a whole number from 1 to 2147483647'),
  'invalid-member-change': row(
    'INVALID_ARGUMENT',
    400,
    'a change names one of add, remove, role, mute_until and ban_until, with a value that fits',
  ),
  'invalid-page': row(
    'INVALID_ARGUMENT',
    400,
    'a page has at most 100 entries (0: as many as fit), begins where the one before ended, and goes one way',
  ),
  'invalid-message': row('INVALID_ARGUMENT', 400, 'a field of the message is too long or not one of its values'),
  'invalid-report': row(
    'INVALID_ARGUMENT',
    400,
    'a report names its addr, internal_addr, name, state and load, within their bounds',
  ),
  'invalid-kick': row(
    'INVALID_ARGUMENT',
    400,
    'a kick names a user or a channel, and a reason of at most 1000 characters',
  ),
  'invalid-reaction': row('INVALID_ARGUMENT', 400, 'a reaction is an emoji'),
  'invalid-deadline': row('INVALID_ARGUMENT', 400, 'a drain takes at most 600000 ms (0: 10000 ms)'),
  'invalid-metadata': row('INVALID_ARGUMENT', 400, 'a metadata value is too long, repeated or not of its form'),
  'message-too-large': row('RESOURCE_EXHAUSTED', 413, 'the message is larger than this server takes'),

  // who is asking
  unauthenticated: row('UNAUTHENTICATED', 401, 'send metadata authorization: Bearer <token>'),
  'invalid-token': row('UNAUTHENTICATED', 401, 'the token is not valid here'),
  'expired-token': row('UNAUTHENTICATED', 401, 'the token has expired: log in or listen again'),
  'wrong-credentials': row('UNAUTHENTICATED', 401, 'the user id or the password is wrong'),
  'logged-out': row('UNAUTHENTICATED', 401, 'this session has ended: log in again'),
  suspended: row('UNAUTHENTICATED', 403, 'this account is suspended'),
  'seat-gone': row('UNAUTHENTICATED', 401, 'this join token was used, was replaced or came too late: listen again'),
  'not-owner': row('PERMISSION_DENIED', 403, 'only the owner of the channel or an administrator may do this'),
  'not-an-admin': row('PERMISSION_DENIED', 403, 'only the owner or an admin of the channel may do this'),
  'not-an-administrator': row('PERMISSION_DENIED', 403, 'only an administrator may do this'),
  'not-a-service': row('PERMISSION_DENIED', 403, 'this call needs a service token'),
  'no-route': row('PERMISSION_DENIED', 403, 'this join token names no chat server: listen again'),
  'address-not-allowed': row('PERMISSION_DENIED', 403, 'the reported address is not on the allow-list of this manager'),
  'not-your-message': row('PERMISSION_DENIED', 403, 'only who said it may change it'),
  muted: row('PERMISSION_DENIED', 403, 'you may not speak in this channel just now'),
  banned: row('PERMISSION_DENIED', 403, 'you may not enter this channel'),

  // what it is about
  'user-not-found': row('NOT_FOUND', 404, 'there is no such user'),
  'server-not-found': row('NOT_FOUND', 404, 'there is no such chat server, or it has ended'),
  'channel-not-found': row('NOT_FOUND', 404, 'there is no such channel'),
  'member-not-found': row('NOT_FOUND', 404, 'that user is no member of this channel'),
  'client-id-reused': row('ALREADY_EXISTS', 409, 'another message was sent with that client id'),
  'message-not-found': row('NOT_FOUND', 404, 'there is no such message in this channel, or it was deleted'),
  'nothing-kept': row('FAILED_PRECONDITION', 409, 'this channel keeps nothing: what was said cannot be changed'),
  'user-id-taken': row('ALREADY_EXISTS', 409, 'that user id is taken'),
  'channel-occupied': row('FAILED_PRECONDITION', 409, 'somebody is in this channel'),
  'not-a-member': row('FAILED_PRECONDITION', 409, 'join this channel first'),
  'wrong-kind': row('FAILED_PRECONDITION', 409, 'channels of this kind do not do that'),
  'owner-stays': row(
    'FAILED_PRECONDITION',
    409,
    'the owner cannot leave, or be removed, muted or banned: hand the channel over first, or delete it',
  ),

  'last-administrator': row(
    'FAILED_PRECONDITION',
    409,
    'somebody must be left to manage: make another administrator first',
  ),

  // how much
  'channel-full': row('RESOURCE_EXHAUSTED', 429, 'the channel is full', 5_000),
  'too-many-channels': row('RESOURCE_EXHAUSTED', 429, 'you own as many channels as one user may: delete one first'),
  'too-many-offers': row(
    'RESOURCE_EXHAUSTED',
    429,
    'that user has as many open offers as one may have, in all or from you: wait until some are answered or have lapsed',
    60_000,
  ),
  'too-many-seats': row('RESOURCE_EXHAUSTED', 429, 'you are in as many channels at once as one user may: leave one'),
  'listen-too-often': row('RESOURCE_EXHAUSTED', 429, 'listen less often', 1_000),
  'create-too-often': row('RESOURCE_EXHAUSTED', 429, 'create channels less often', 5_000),
  'change-too-often': row(
    'RESOURCE_EXHAUSTED',
    429,
    'change channels, their members and your profile less often',
    1_000,
  ),
  'read-too-often': row('RESOURCE_EXHAUSTED', 429, 'read less often', 1_000),
  'login-too-often': row('RESOURCE_EXHAUSTED', 429, 'too many attempts: wait a little', 5_000),
  'register-too-often': row('RESOURCE_EXHAUSTED', 429, 'too many new accounts from this address: wait a little', 5_000),
  'send-too-fast': row('RESOURCE_EXHAUSTED', 429, 'send less often', 1_000),
  'slow-mode': row('RESOURCE_EXHAUSTED', 429, 'this channel is in slow mode: wait for your turn', 1_000),
  'too-many-reactions': row('RESOURCE_EXHAUSTED', 429, 'this message has as many different reactions as one may have'),
  'quota-exceeded': row(
    'RESOURCE_EXHAUSTED',
    429,
    'this channel, or you in all channels, have stored as much as is allowed: delete messages, or have the owner of the channel keep less',
  ),
  'too-busy': row('RESOURCE_EXHAUSTED', 503, 'the server has too much to do: try again', 2_000),

  // where it lives
  'no-server': row('UNAVAILABLE', 503, 'no chat server is serving, because none runs or all are drained', 1_000),
  'database-away': row('UNAVAILABLE', 503, 'the database does not answer: try again', 1_000),
  paused: row('UNAVAILABLE', 503, 'this chat server cannot confirm that it still owns the channel: try again', 1_000),
  'server-away': row(
    'UNAVAILABLE',
    503,
    'that chat server does not answer; nothing is placed with it any more: drain it again, or stop it',
    2_000,
  ),
  unreachable: row('UNAVAILABLE', 503, 'that service cannot be reached: try again', 1_000),
  'not-mine': row('ABORTED', 409, 'this chat server does not own that channel'),
  compressed: row(
    'UNIMPLEMENTED',
    501,
    'nothing compressed is read here: send it as it is, with grpc-encoding identity',
  ),
  'not-implemented': row('UNIMPLEMENTED', 501, 'this server does not offer that call'),
  'deadline-exceeded': row('DEADLINE_EXCEEDED', 504, 'the deadline passed first', 1_000),
  cancelled: row('CANCELLED', 499, 'the caller went away'),
  internal: row('INTERNAL', 500, 'something went wrong on the server; it was logged'),

  // why a stream ends
  moved: row('ABORTED', 409, 'the channel moves to another chat server: listen again', 500),
  replaced: row('ABORTED', 409, 'a newer listen of the same user took this place'),
  draining: row('UNAVAILABLE', 503, 'this chat server stops: listen again', 500),
  removed: row('PERMISSION_DENIED', 403, 'you were removed from this channel'),
  kicked: row('PERMISSION_DENIED', 403, 'an administrator ended this connection'),
  'channel-deleted': row('NOT_FOUND', 404, 'the channel was deleted'),
  'too-slow': row('RESOURCE_EXHAUSTED', 429, 'you read too slowly: connect again and resume'),
  'long-stream': row('ABORTED', 409, 'this stream has carried as much as one may: listen again and resume'),
  idle: row('DEADLINE_EXCEEDED', 504, 'nothing was heard from you for too long'),
} as const satisfies Record<string, RefusalRow>;

/** A stable word for one outcome: a key of the table. */
export type Reason = keyof typeof refusals;

const ofCodes: ReadonlyMap<number, Reason> = new Map<number, Reason>([
  [1, 'cancelled'],
  [4, 'deadline-exceeded'],
  [8, 'message-too-large'],
  [12, 'not-implemented'],
  [14, 'unreachable'],
]);

/** What a gRPC status code without a reason means: the transport itself refused. */
export function reasonOfCode(code: number): Reason {
  return ofCodes.get(code) ?? 'internal';
}

/** Whether a word is a reason of the table. */
export function isReason(word: unknown): word is Reason {
  return typeof word === 'string' && Object.hasOwn(refusals, word);
}
