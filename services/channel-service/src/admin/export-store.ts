import { kindConstants } from '@parley/contract';
import {
  array,
  bool,
  bytea,
  int2,
  int4,
  int8,
  json,
  jsonb,
  loadSql,
  nullable,
  type Queryable,
  type RowOf,
  type SqlFields,
  text,
  timestamptz,
  uuid,
} from '@parley/database';

const sql = loadSql('exports.sql', import.meta.url, kindConstants);

const user = { userId: text };
const time = nullable(timestamptz);
const object = jsonb<Record<string, unknown>>();
const offer = { channelId: int4, userId: text, role: text, offeredBy: text, lapsesAt: timestamptz };
const report = { id: int8, channelId: int4, seq: int8 };
const reportTimes = { createdAt: timestamptz, resolvedAt: time };

/** Row of a section: its position, and the fields of its line. */
export type ExportedRow = Readonly<Record<string, unknown>> & { readonly position: string };

/** Section of an export: rows of one kind, read in pages. */
export interface ExportSection {
  /** Value of `type` in the lines. */
  readonly type: string;
  /** Position before the first row. */
  readonly start: string;
  /** Reads at most `size` rows after a position. */
  readonly read: (
    pool: Queryable,
    page: { readonly userId: string; readonly after: string; readonly size: number },
  ) => Promise<readonly ExportedRow[]>;
}

function section(type: string, start: string, name: string, columns: SqlFields): ExportSection {
  const statement = sql.statement(name, { ...user, after: text, size: int8 }, { position: text, ...columns });
  return { type, start, read: (pool, page) => statement.run(pool, page) };
}

/** Position before every uuid. */
export const firstUuid = '00000000-0000-0000-0000-000000000000';

/** The sections of an export, except memberships and entries, in their order. */
export const sections: readonly ExportSection[] = [
  section('usage', '', 'exportUsage', { bytes: int8, rows: int8, fileBytes: int8, files: int4 }),
  section('session', firstUuid, 'exportSessions', {
    device: text,
    address: text,
    createdAt: timestamptz,
    expiresAt: timestamptz,
    revokedAt: time,
  }),
  section('seat', firstUuid, 'exportSeats', { channelId: int4, createdAt: timestamptz, live: bool }),
  section('block', '', 'exportBlocks', { blockedId: text, createdAt: timestamptz }),
  section('bot', '', 'exportBots', {
    userId: text,
    channelId: nullable(int4),
    createdBy: nullable(text),
    createdAt: timestamptz,
    revokedAt: time,
    isWebhook: bool,
  }),
  section('bot_command', '', 'exportBotCommands', { botId: text, name: text, description: text }),
  section('outgoing_webhook', '', 'exportOutgoingWebhooks', {
    id: text,
    channelId: int4,
    host: text,
    types: array(text),
    createdAt: timestamptz,
    disabledReason: nullable(text),
  }),
  section('guest', '', 'exportGuest', { name: text, isNumbered: bool, network: text, openedAt: timestamptz }),
  section('file', firstUuid, 'exportFiles', {
    id: uuid,
    name: text,
    contentType: text,
    size: int4,
    width: nullable(int4),
    height: nullable(int4),
    received: int4,
    complete: bool,
    createdAt: timestamptz,
    staleAt: time,
  }),
  section('channel', '0', 'exportChannels', {
    id: int4,
    name: text,
    alias: nullable(text),
    userLimit: int4,
    kind: text,
    description: text,
    iconId: nullable(uuid),
    retentionSeconds: nullable(int4),
    retentionCount: nullable(int4),
    openHistory: bool,
    slowModeS: int4,
    metadata: json<Record<string, unknown>>(),
    createdAt: timestamptz,
    updatedAt: timestamptz,
    deletedAt: time,
  }),
  section('invite', '', 'exportInvites', {
    channelId: nullable(int4),
    useCount: int4,
    maxUses: nullable(int4),
    expiresAt: time,
    revokedAt: time,
    createdAt: timestamptz,
    usedAt: time,
  }),
  section('offer', '0', 'exportOffersTo', offer),
  section('offer', '0 ', 'exportOffersBy', offer),
  section('notification', '0', 'exportNotifications', {
    kind: text,
    channelId: int4,
    seq: nullable(int8),
    createdAt: timestamptz,
    readAt: time,
    byId: text,
  }),
  section('push', firstUuid, 'exportPushes', {
    host: text,
    showsText: bool,
    quietUntil: time,
    createdAt: timestamptz,
  }),
  section('report', '0', 'exportReportsBy', { ...report, userId: text, reason: text, ...reportTimes }),
  section('report_about', '0', 'exportReportsAbout', { ...report, contentType: text, data: bytea, ...reportTimes }),
  section('audit_about', '0', 'exportAuditAbout', {
    at: timestamptz,
    actor: text,
    action: text,
    target: text,
    detail: object,
  }),
  section('audit_by', '0', 'exportAuditBy', { at: timestamptz, action: text, target: text }),
];

export const exportAccount = sql.statement('exportAccount', user, {
  id: text,
  number: int4,
  name: text,
  email: nullable(text),
  emailVerified: bool,
  role: text,
  status: text,
  about: text,
  avatarId: nullable(uuid),
  visibility: text,
  privateReads: bool,
  bot: bool,
  metadata: object,
  createdAt: timestamptz,
  lastSeenAt: time,
  passwordState: text,
});
export const walkChannels = sql.statement(
  'walkChannels',
  { ...user, afterChannel: int4, size: int8 },
  { id: int4, hasEntries: bool },
);
export const exportMemberships = sql.statement(
  'exportMemberships',
  { ...user, channelIds: array(int4) },
  {
    channelId: int4,
    channelName: text,
    channelKind: text,
    with: nullable(text),
    role: text,
    joinedAt: timestamptz,
    joinedSeq: int8,
    staySeq: nullable(int8),
    leftSeq: nullable(int8),
    leftByChoice: bool,
    mutedUntil: time,
    bannedUntil: time,
    notify: text,
    deliveredSeq: int8,
    readSeq: int8,
    receiptAt: time,
    markedUnread: bool,
  },
);
export const exportEntries = sql.statement(
  'exportEntries',
  { ...user, channelId: int4, after: uuid, size: int8 },
  {
    position: uuid,
    channelId: int4,
    seq: int8,
    kind: int2,
    sentAt: timestamptz,
    targetSeq: nullable(int8),
    contentType: text,
    data: bytea,
    mentions: array(text),
    editedAt: time,
    deletedAt: time,
    pinnedAt: time,
    inEffect: nullable(bool),
    fileIds: array(uuid),
  },
);

/** An entry of the log that the user sent. */
export type ExportedEntry = RowOf<typeof exportEntries>;
