import { type RefusalRow, row } from './refusal-row.js';

export type { RefusalRow, StatusName } from './refusal-row.js';

/** Every error and every end of a stream that a client can see, by its stable reason. */
export const refusals = {
  // invalid requests
  malformed: row('INVALID_ARGUMENT', 400, 'The request could not be decoded. Send valid JSON or protobuf.'),
  'invalid-request': row(
    'INVALID_ARGUMENT',
    400,
    'A field of the request is missing, unknown or out of range. Check it against the schema of the call.',
  ),
  'invalid-user-id': row(
    'INVALID_ARGUMENT',
    400,
    'Invalid user id. Use 1 to 64 of A-Z a-z 0-9 . _ - and start with a letter or digit.',
  ),
  'invalid-name': row('INVALID_ARGUMENT', 400, 'Invalid name. Use 1 to 64 visible characters, not only spaces.'),
  'invalid-password': row('INVALID_ARGUMENT', 400, 'Invalid password. Use 8 to 72 bytes of UTF-8 without NUL.'),
  'common-password': row('INVALID_ARGUMENT', 400, 'That password is too common. Choose one that is hard to guess.'),
  'invalid-email': row('INVALID_ARGUMENT', 400, 'Invalid email address. Use one of at most 254 characters.'),
  'invalid-profile': row('INVALID_ARGUMENT', 400, 'A field of the profile is too long or has an unknown value.'),
  'invalid-limit': row('INVALID_ARGUMENT', 400, 'Invalid limit. Use 1 to 25 for a room and 1 to 10000 for a chat.'),
  'invalid-channel': row('INVALID_ARGUMENT', 400, 'A field of the channel is too long or has an unknown value.'),
  'invalid-channel-id': row('INVALID_ARGUMENT', 400, 'Invalid channel id. Use a whole number from 1 to 2147483647.'),
  'invalid-invite': row('INVALID_ARGUMENT', 400, 'Invalid invite. Check the number of uses and the expiry.'),
  'invalid-member-change': row(
    'INVALID_ARGUMENT',
    400,
    'Invalid member change. Set one of add, remove, role, mute_until and ban_until to a valid value.',
  ),
  'invalid-page': row(
    'INVALID_ARGUMENT',
    400,
    'Invalid page. Use a size of at most 100 (0: as many as fit). To continue, start where the last page ended, and read in one direction only.',
  ),
  'invalid-position': row(
    'INVALID_ARGUMENT',
    400,
    'That is not a position of your inbox. Use the last id that you received, or none.',
  ),
  'invalid-notify': row('INVALID_ARGUMENT', 400, 'Invalid choice. Choose NOTIFY_ALL, NOTIFY_MENTIONS or NOTIFY_NONE.'),
  'invalid-command': row(
    'INVALID_ARGUMENT',
    400,
    'Invalid command. Use a name of 1 to 32 of a-z 0-9 _ - and a description of 1 to 100 visible characters.',
  ),
  'invalid-webhook': row(
    'INVALID_ARGUMENT',
    400,
    'The webhook needs a URL that begins with https:// and has neither a user nor a password. Correct the URL.',
  ),
  'invalid-push': row(
    'INVALID_ARGUMENT',
    400,
    'Invalid push subscription. Send the https endpoint and the keys as the browser returns them.',
  ),
  'no-push': row('FAILED_PRECONDITION', 409, 'This server sends no Web Push. Ask the operator to set PARLEY_PUSH_KEY.'),
  'invalid-message': row('INVALID_ARGUMENT', 400, 'A field of the message is too long or has an unknown value.'),
  'empty-message': row('INVALID_ARGUMENT', 400, 'The message has no visible text. Write something, then send it.'),
  'invalid-search': row(
    'INVALID_ARGUMENT',
    400,
    'Nothing to search for. Give at least one word or a sender, and at most 256 characters.',
  ),
  'invalid-report': row(
    'INVALID_ARGUMENT',
    400,
    'Invalid report of a chat server. Set addr, internal_addr, name, state and load within their limits.',
  ),
  'invalid-abuse-report': row(
    'INVALID_ARGUMENT',
    400,
    'Invalid report. Name another user or a message, and give a reason of at most 1000 characters.',
  ),
  'invalid-kick': row(
    'INVALID_ARGUMENT',
    400,
    'Invalid kick. Name a user or a channel, and give a reason of at most 1000 characters.',
  ),
  'invalid-hold': row(
    'INVALID_ARGUMENT',
    400,
    'Invalid hold. Name a channel or a user, not both, and give a reason of 1 to 1000 characters.',
  ),
  'invalid-reaction': row('INVALID_ARGUMENT', 400, 'A reaction must be an emoji.'),
  'invalid-deadline': row('INVALID_ARGUMENT', 400, 'Invalid drain deadline. Use at most 600000 ms; 0 means 10000 ms.'),
  'invalid-metadata': row('INVALID_ARGUMENT', 400, 'A metadata value is too long, repeated or malformed.'),
  'no-subprotocol': row(
    'INVALID_ARGUMENT',
    400,
    'No known WebSocket subprotocol was requested. Ask for parley.v1 or parley.v1.json.',
  ),
  'token-in-url': row(
    'INVALID_ARGUMENT',
    400,
    'The URL of a WebSocket must not have a query, because URLs end up in logs. Send the token as the subprotocol bearer.<token>, or in the first command.',
  ),
  'message-too-large': row(
    'RESOURCE_EXHAUSTED',
    413,
    'The message is larger than this server accepts. Send a smaller one.',
  ),

  // authentication and permission
  unauthenticated: row('UNAUTHENTICATED', 401, 'Not logged in. Send authorization: Bearer <token> with the call.'),
  'invalid-token': row('UNAUTHENTICATED', 401, 'The token is not valid here. Log in or listen again.'),
  'expired-token': row('UNAUTHENTICATED', 401, 'The token has expired. Log in or listen again.'),
  'wrong-credentials': row('UNAUTHENTICATED', 401, 'The user id or password is wrong.'),
  'logged-out': row('UNAUTHENTICATED', 401, 'This session has ended. Log in again.'),
  'must-change-password': row(
    'PERMISSION_DENIED',
    403,
    'You logged in with a one-time password. Set a new password first.',
  ),
  suspended: row('UNAUTHENTICATED', 403, 'This account is suspended.'),
  'seat-gone': row(
    'UNAUTHENTICATED',
    401,
    'This join token was already used, was replaced or came too late. Listen again.',
  ),
  'handle-gone': row('UNAUTHENTICATED', 401, 'This relay has no such handle. Attach the user again.'),
  'invalid-relay': row(
    'INVALID_ARGUMENT',
    400,
    'Invalid relay. Send a hello first, and only once, with a name of 1 to 64 visible ASCII characters.',
  ),
  'not-owner': row('PERMISSION_DENIED', 403, 'Only the channel owner or an operator can do this.'),
  'not-channel-admin': row('PERMISSION_DENIED', 403, 'Only the owner or an admin of the channel can do this.'),
  'not-operator': row('PERMISSION_DENIED', 403, 'Only an operator can do this.'),
  'not-a-service': row('PERMISSION_DENIED', 403, 'This call needs a service token.'),
  'no-certificate': row('PERMISSION_DENIED', 403, 'The caller needs a certificate that PARLEY_TLS_CLIENT_CA accepts.'),
  'origin-not-allowed': row(
    'PERMISSION_DENIED',
    403,
    'Pages of this origin may not connect. Add the origin to PARLEY_ORIGINS of the gateway.',
  ),
  'no-route': row('PERMISSION_DENIED', 403, 'This join token does not name a chat server. Listen again.'),
  'address-not-allowed': row(
    'PERMISSION_DENIED',
    403,
    'The reported address is not on the allow-list of this manager.',
  ),
  'not-your-message': row(
    'PERMISSION_DENIED',
    403,
    'Only the sender can change this message. The owner or an admin of the channel can delete it.',
  ),
  'registration-closed': row(
    'PERMISSION_DENIED',
    403,
    'This server does not accept new accounts. Ask an operator for one.',
  ),
  muted: row('PERMISSION_DENIED', 403, 'You are muted in this channel.'),
  banned: row('PERMISSION_DENIED', 403, 'You are banned from this channel.'),

  // form of an HTTP request
  'unknown-path': row('NOT_FOUND', 404, 'Nothing has this path. The OpenAPI document lists all paths.'),
  'wrong-method': row('INVALID_ARGUMENT', 405, 'This path has no such method. The header Allow lists its methods.'),
  'not-acceptable': row('INVALID_ARGUMENT', 406, 'The response would be JSON. Accept application/json.'),
  'wrong-media-type': row(
    'INVALID_ARGUMENT',
    415,
    'The body has the wrong type, or is compressed. Send JSON in UTF-8 as application/json, or files as multipart/form-data.',
  ),
  'precondition-failed': row(
    'FAILED_PRECONDITION',
    412,
    'If-Match does not name the current state. Read it again, then repeat the change.',
  ),

  'headers-too-large': row(
    'RESOURCE_EXHAUSTED',
    431,
    'The URL and the headers are longer than 16 KiB together. Send less.',
  ),
  'request-too-slow': row('ABORTED', 408, 'The request did not arrive in time. Send it again.', 1_000),

  // files
  'file-not-found': row('NOT_FOUND', 404, 'File not found. It may have been deleted, or you may not see it.'),
  'file-too-large': row('RESOURCE_EXHAUSTED', 413, 'The file is larger than this server accepts.'),
  'file-quota': row(
    'RESOURCE_EXHAUSTED',
    413,
    'Your files would take more than your quota. Delete files, or messages that have files.',
  ),
  'files-full': row('UNAVAILABLE', 507, 'This server has no room for more files. Tell an operator.'),
  'files-away': row('UNAVAILABLE', 503, 'The storage of files is not available. Try again.', 10_000),
  'file-posted': row('FAILED_PRECONDITION', 409, 'A message has this file. Delete the message instead.'),
  'invalid-upload': row(
    'INVALID_ARGUMENT',
    400,
    'The body is not a form with files. Send multipart/form-data with 1 to 10 files, each in a part with a filename.',
  ),
  'wrong-offset': row(
    'ABORTED',
    409,
    'The upload has another offset, or is complete. Read its offset, then continue there.',
  ),
  'invalid-range': row('INVALID_ARGUMENT', 416, 'The file has no such range. Ask for one range within its size.'),

  // state of users, channels and messages
  'user-not-found': row('NOT_FOUND', 404, 'User not found. Check the id.'),
  'session-not-found': row('NOT_FOUND', 404, 'You have no session with that id. It may have ended.'),
  'server-not-found': row('NOT_FOUND', 404, 'Server not found. It may have shut down.'),
  'channel-not-found': row('NOT_FOUND', 404, 'Channel not found. It may have been deleted, or you may not see it.'),
  'member-not-found': row('NOT_FOUND', 404, 'That user is not a member of this channel.'),
  'mention-not-found': row(
    'NOT_FOUND',
    404,
    'The message mentions a user who is not in this channel. Check the user ids, then send it again.',
  ),
  'webhook-not-found': row(
    'NOT_FOUND',
    404,
    'There is no such webhook, or its address has changed. Ask an admin of the chat for its address.',
  ),
  'invite-not-found': row(
    'NOT_FOUND',
    404,
    'This invite is not valid. It may have expired, been used up or been revoked. Ask for a new one.',
  ),
  'abuse-report-not-found': row('NOT_FOUND', 404, 'Report not found. Check the id.'),
  'hold-not-found': row('NOT_FOUND', 404, 'Hold not found. List the holds to see which stand.'),
  'already-held': row('ALREADY_EXISTS', 409, 'A hold on this stands already. To change its reason, release it first.'),
  'client-id-reused': row(
    'ALREADY_EXISTS',
    409,
    'Another message was already sent with that client id. Use a new one.',
  ),
  'message-not-found': row('NOT_FOUND', 404, 'Message not found. It may have been deleted.'),
  'no-history': row('FAILED_PRECONDITION', 409, 'This channel does not store messages, so they cannot be changed.'),
  'other-log': row(
    'FAILED_PRECONDITION',
    409,
    'These seqs belong to another log of the channel. Call Overview, then use the log it names.',
  ),
  'user-id-taken': row('ALREADY_EXISTS', 409, 'That user id is taken. Choose another.'),
  'guest-name-taken': row('ALREADY_EXISTS', 409, 'A guest of this name is here. Choose another name.'),
  'room-name-taken': row('ALREADY_EXISTS', 409, 'A room of this name exists. Choose another name.'),
  'not-your-guest': row(
    'PERMISSION_DENIED',
    403,
    'That guest came from another network. Call from where its socket is.',
  ),
  'no-guests': row(
    'PERMISSION_DENIED',
    403,
    'This server does not let guests in. Set PARLEY_GUESTS=on for the gateway to change that.',
  ),
  'channel-occupied': row('FAILED_PRECONDITION', 409, 'Someone is in this channel. Try again when it is empty.'),
  'not-a-member': row('FAILED_PRECONDITION', 409, 'You are not a member of this channel. Join it first.'),
  'wrong-kind': row('FAILED_PRECONDITION', 409, 'Channels of this kind do not support that.'),
  'owner-stays': row(
    'FAILED_PRECONDITION',
    409,
    'The owner cannot leave or be removed, muted or banned. Transfer or delete the channel first.',
  ),
  'user-blocked': row('FAILED_PRECONDITION', 409, 'You have blocked this user. Lift the block first.'),
  'bot-channel': row('FAILED_PRECONDITION', 409, 'This bot was created for another channel. Use it only there.'),
  'bot-session': row(
    'FAILED_PRECONDITION',
    409,
    'A bot cannot log out, because its token would never be valid again. To end the bot for good, revoke it.',
  ),
  'own-account': row('FAILED_PRECONDITION', 409, 'You cannot do this to your own account. Use Update instead.'),
  'no-password': row('FAILED_PRECONDITION', 409, 'That account has no password, because it is a bot or a guest.'),
  'email-changed': row(
    'FAILED_PRECONDITION',
    409,
    'That is not the email address of this user any more. Read the profile again.',
  ),
  'email-taken': row('ALREADY_EXISTS', 409, 'That email address is already verified for another account.'),
  'last-operator': row('FAILED_PRECONDITION', 409, 'This is the last operator. Make another operator first.'),

  // limits
  'channel-full': row('RESOURCE_EXHAUSTED', 429, 'Channel is full. Try again when someone leaves.', 5_000),
  'too-many-channels': row('RESOURCE_EXHAUSTED', 429, 'You own the maximum number of channels. Delete one first.'),
  'too-many-bots': row(
    'RESOURCE_EXHAUSTED',
    429,
    'This channel already has the maximum number of bots and webhooks, or you do. Revoke one first.',
  ),
  'too-many-offers': row(
    'RESOURCE_EXHAUSTED',
    429,
    'That user has too many open offers, in total or from you. Wait until some are answered or expire.',
    60_000,
  ),
  'too-many-invites': row(
    'RESOURCE_EXHAUSTED',
    429,
    'The maximum number of valid invites is reached. Revoke one first.',
  ),
  'too-many-blocks': row('RESOURCE_EXHAUSTED', 429, 'You have blocked the maximum number of users. Unblock one first.'),
  'too-many-abuse-reports': row(
    'RESOURCE_EXHAUSTED',
    429,
    'You have too many open reports. Wait until an operator has resolved some.',
  ),
  'too-many-holds': row('RESOURCE_EXHAUSTED', 429, 'The maximum number of holds stands. Release one first.'),
  'too-many-seats': row('RESOURCE_EXHAUSTED', 429, 'You are in the maximum number of channels. Leave one first.'),
  'too-many-guests': row(
    'RESOURCE_EXHAUSTED',
    429,
    'There are too many guests here, in all or from your network. Try again when one has left.',
    5_000,
  ),
  'too-many-inboxes': row('RESOURCE_EXHAUSTED', 429, 'You have the maximum number of open inboxes. Close one first.'),
  'listen-too-often': row('RESOURCE_EXHAUSTED', 429, 'Too many attempts to enter a channel. Wait a moment.', 1_000),
  'create-too-often': row(
    'RESOURCE_EXHAUSTED',
    429,
    'You have created too many channels, bots or webhooks. Try again later.',
    5_000,
  ),
  'change-too-often': row('RESOURCE_EXHAUSTED', 429, 'Too many changes. Try again later.', 1_000),
  'read-too-often': row('RESOURCE_EXHAUSTED', 429, 'Too many requests. Try again later.', 1_000),
  'login-too-often': row('RESOURCE_EXHAUSTED', 429, 'Too many attempts. Try again in a minute or two.', 5_000),
  'register-too-often': row(
    'RESOURCE_EXHAUSTED',
    429,
    'Too many new accounts from this address. Wait a few seconds.',
    5_000,
  ),
  'send-too-fast': row('RESOURCE_EXHAUSTED', 429, 'You are sending too fast. Wait a moment.', 1_000),
  'slow-mode': row('RESOURCE_EXHAUSTED', 429, 'This channel is in slow mode. Wait before you send again.', 1_000),
  'too-many-reactions': row(
    'RESOURCE_EXHAUSTED',
    429,
    'This message has the maximum number of different reactions. Use one of them.',
  ),
  'search-too-broad': row(
    'RESOURCE_EXHAUSTED',
    429,
    'The search took too long. Add a word, a channel or dates, then search again.',
  ),
  'quota-exceeded': row(
    'RESOURCE_EXHAUSTED',
    429,
    'The storage of this channel, or yours across all channels, is full. Delete messages, or ask the channel owner to shorten the retention.',
  ),
  'too-busy': row('RESOURCE_EXHAUSTED', 503, 'The server is overloaded. Try again in a moment.', 2_000),

  // servers and transport
  'no-server': row('UNAVAILABLE', 503, 'No chat server is available. None is running, or all are drained.', 1_000),
  'database-away': row('UNAVAILABLE', 503, 'The database is not available. Try again.', 1_000),
  paused: row('UNAVAILABLE', 503, 'This chat server cannot confirm that it still owns the channel. Try again.', 1_000),
  'server-away': row(
    'UNAVAILABLE',
    503,
    'That chat server does not respond and gets no new channels. Drain it again, or stop it.',
    2_000,
  ),
  unreachable: row('UNAVAILABLE', 503, 'The service cannot be reached. Try again.', 1_000),
  unconfirmed: row(
    'ABORTED',
    409,
    'The chat server did not confirm the message. Others may have seen it. In a chat with history, send it again with the same client id.',
  ),
  'not-mine': row('ABORTED', 409, 'This chat server does not own that channel.'),
  compressed: row('UNIMPLEMENTED', 501, 'Compressed messages are not supported. Send with grpc-encoding identity.'),
  'not-implemented': row('UNIMPLEMENTED', 501, 'This call is not offered here. Operators log in at the service ports.'),
  'deadline-exceeded': row('DEADLINE_EXCEEDED', 504, 'The call did not finish before its deadline.', 1_000),
  cancelled: row('CANCELLED', 499, 'The caller cancelled the call.'),
  internal: row('INTERNAL', 500, 'Something went wrong on the server. Its log has the details.'),

  // ends of a stream
  moved: row('ABORTED', 409, 'The channel is moving to another chat server. Listen again.', 500),
  replaced: row('ABORTED', 409, 'You entered this channel, or another room, from somewhere else.'),
  draining: row('UNAVAILABLE', 503, 'This server is shutting down. Listen or watch again.', 500),
  removed: row('PERMISSION_DENIED', 403, 'You were removed from this channel.'),
  kicked: row('PERMISSION_DENIED', 403, 'An operator ended this connection.'),
  'channel-deleted': row('NOT_FOUND', 404, 'The channel was deleted.'),
  'too-slow': row('RESOURCE_EXHAUSTED', 429, 'Your connection reads too slowly. Listen again and resume.'),
  'long-stream': row('ABORTED', 409, 'This stream reached its size limit. Listen again and resume.'),
  behind: row(
    'RESOURCE_EXHAUSTED',
    429,
    'The relay fell behind this channel. Read the missing entries in the table, then follow again.',
  ),
  idle: row('DEADLINE_EXCEEDED', 504, 'Your client sent nothing for too long. Listen again.'),
} as const satisfies Record<string, RefusalRow>;

/** Stable word for one outcome: a key of `refusals`. */
export type Reason = keyof typeof refusals;
