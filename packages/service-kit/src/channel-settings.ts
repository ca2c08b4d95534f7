import {
  ChannelKind,
  type ChannelSettingName,
  type ChannelSettingValues,
  Retention,
  settingRows,
  snakeCase,
} from '@parley/contract';
import {
  bool,
  enumeration,
  int4,
  int8,
  type ChannelKind as KindName,
  nullable,
  type OutputOf,
  type SqlType,
  text,
  uuid,
} from '@parley/database';

/**
 * Kinds of channels in the contract, by name in the database.
 * @example
 * ```ts
 * import { channelKinds } from '@parley/service-kit';
 *
 * channelKinds.direct; // ChannelKind.DIRECT
 * ```
 */
export const channelKinds = {
  room: ChannelKind.ROOM,
  direct: ChannelKind.DIRECT,
  group: ChannelKind.GROUP,
  public: ChannelKind.PUBLIC,
  private: ChannelKind.PRIVATE,
} as const satisfies Record<KindName, ChannelKind>;

function ruleOf(seconds: number | null) {
  if (seconds === null) return { everything: true };
  return seconds === 0 ? { nothing: true } : { seconds };
}

/**
 * Returns the retention of a channel: seconds (null: for ever, 0: nothing) and number of entries
 * (null: all).
 */
function retentionOf(seconds: number | null, count: number | null): Retention {
  return Retention.fromPartial({ ...ruleOf(seconds), maxCount: count ?? 0 });
}

const sqlTypes = { text, number: int4, boolean: bool };

/**
 * Columns of the plain settings of a channel, with their types.
 * @example
 * ```ts
 * import { settingColumns } from '@parley/service-kit';
 *
 * Object.keys(settingColumns); // names of the fields
 * ```
 */
export const settingColumns = Object.fromEntries(settingRows.map(([name, { type }]) => [name, sqlTypes[type]])) as {
  readonly [Name in ChannelSettingName]: SqlType<ChannelSettingValues[Name]>;
};

/** Plain settings that a request sets. Each may be missing. */
export type SomeSettings = { readonly [Name in ChannelSettingName]?: ChannelSettingValues[Name] | undefined };

/**
 * Columns of a channel that are the same for every reader, with their types.
 * @example
 * ```ts
 * import { sharedChannelColumns } from '@parley/service-kit';
 *
 * Object.keys(sharedChannelColumns); // names of the fields
 * ```
 */
export const sharedChannelColumns = {
  name: text,
  userLimit: int4,
  kind: enumeration<KindName>('chat.channel_kind'),
  ownerId: text,
  iconId: nullable(uuid),
  /** Seconds of retention: 0 for no history, null for no limit. */
  retentionSeconds: nullable(int4),
  /** Maximum number of entries; null for no limit. */
  retentionCount: nullable(int4),
  ...settingColumns,
  openHistory: bool,
  /** Metadata as JSON text. */
  metadata: text,
  createdMs: int8,
};

const columns = settingRows.map(([name]) => ({ name, column: snakeCase(name) }));
const settings = columns.map(({ column }) => `c.${column}`).join(', ');

/**
 * Fragments of SQL for channels: `CHANNEL_FIELDS` are the columns of `c` that are the same for
 * every reader. The others are the plain settings: columns of `c` to read, and columns and
 * parameters to write. In `SETTING_CHANGES`, a NULL parameter leaves its column unchanged.
 * @example
 * ```ts
 * import { settingConstants } from '@parley/service-kit';
 *
 * settingConstants.SETTINGS; // 'c.description, c.slow_mode_s'
 * ```
 */
export const settingConstants = {
  SETTINGS: settings,
  CHANNEL_FIELDS: `c.name, c.user_limit, c.kind, c.owner_id, c.icon_id, c.retention_seconds, c.retention_count, ${settings},
    c.open_history, c.metadata::text AS metadata, floor(extract(epoch FROM c.created_at) * 1000)::bigint AS created_ms`,
  SETTING_COLUMNS: columns.map(({ column }) => column).join(', '),
  SETTING_VALUES: columns.map(({ name }) => `:${name}`).join(', '),
  SETTING_CHANGES: columns.map(({ name, column }) => `${column} = coalesce(:${name}, ${column})`).join(', '),
};

/**
 * Returns the plain settings of a row or a request.
 * @example
 * ```ts
 * import { settingsOf } from '@parley/service-kit';
 *
 * settingsOf({ description: 'about it', slowModeS: 5, name: 'room' }); // without the name
 * ```
 */
export function settingsOf<Settings extends SomeSettings>(
  from: Settings,
): { readonly [Name in ChannelSettingName]: Settings[Name] } {
  const settings = settingRows.map(([name]) => [name, from[name]]);
  return Object.fromEntries(settings) as { readonly [Name in ChannelSettingName]: Settings[Name] };
}

/**
 * Returns the fields of a channel message that are the same for every reader.
 * @example
 * ```ts
 * import type { OutputOf } from '@parley/database';
 * import { channelFieldsOf, type sharedChannelColumns } from '@parley/service-kit';
 *
 * export function limitOf(row: OutputOf<typeof sharedChannelColumns>): number {
 *   return channelFieldsOf(row).limit;
 * }
 * ```
 */
export function channelFieldsOf(row: OutputOf<typeof sharedChannelColumns>) {
  return {
    name: row.name,
    limit: row.userLimit,
    kind: channelKinds[row.kind],
    ownerId: row.ownerId,
    iconId: row.iconId ?? '',
    retention: retentionOf(row.retentionSeconds, row.retentionCount),
    ...settingsOf(row),
    closedHistory: !row.openHistory,
    createdAt: row.createdMs,
    metadata: row.metadata,
  };
}
