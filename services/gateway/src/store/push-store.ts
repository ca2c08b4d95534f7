import {
  array,
  bool,
  bytea,
  type ChannelKind,
  enumeration,
  float8,
  int4,
  int8,
  loadSql,
  type NotificationKind,
  type RowOf,
  text,
  uuid,
} from '@parley/database';

const sql = loadSql('push.sql', import.meta.url);
const due = { sessionId: uuid, channelId: int4 };

export const reportPushKey = sql.statement('reportPushKey', { publicKey: bytea });
export const takePushes = sql.statement(
  'takePushes',
  { leaseMs: float8, size: int8, busyIds: array(uuid) },
  { ...due, notificationId: int8 },
);
export const readPushes = sql.statement(
  'readPushes',
  { sessionIds: array(uuid), channelIds: array(int4), notificationIds: array(int8) },
  {
    ...due,
    notificationId: int8,
    failures: int4,
    endpoint: text,
    publicKey: bytea,
    secret: bytea,
    isLive: bool,
    isWanted: bool,
    kind: text.as<NotificationKind>(),
    seq: int8,
    channelName: text,
    channelKind: enumeration<ChannelKind>('chat.channel_kind'),
    byName: text,
    /** Start of the text of the message; empty if the user does not want it to be sent. */
    textBytes: bytea,
  },
);
export const finishPush = sql.statement('finishPush', { ...due, notificationId: int8 });
export const postponePushes = sql.statement('postponePushes', { sessionId: uuid, afterMs: float8 });
export const forgetFailures = sql.statement('forgetFailures', { sessionId: uuid });
export const forgetPush = sql.statement('forgetPush', { sessionId: uuid, endpoint: text });

/** One push to send. */
export type DuePush = RowOf<typeof readPushes>;
