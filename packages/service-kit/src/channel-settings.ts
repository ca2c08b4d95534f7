import {
  ChannelKind,
  type ChannelSettingName,
  type ChannelSettingValues,
  Retention,
  settingRows,
  snakeCase,
} from '@parley/contract';
import { bool, int4, type ChannelKind as Kind, type SqlType, text } from '@parley/database';

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
} as const satisfies Record<Kind, ChannelKind>;

function ruleOf(seconds: number | null) {
  if (seconds === null) return { everything: true };
  return seconds === 0 ? { nothing: true } : { seconds };
}

/**
 * Returns the retention of a channel: seconds (null: for ever, 0: nothing) and number of entries
 * (null: all).
 * @example
 * ```ts
 * import { retentionOf } from '@parley/service-kit';
 *
 * retentionOf(86_400, null); // a day
 * retentionOf(null, 1_000); // the last 1,000 entries
 * retentionOf(0, null); // nothing
 * ```
 */
export function retentionOf(seconds: number | null, count: number | null): Retention {
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

const columns = settingRows.map(([name]) => ({ name, column: snakeCase(name) }));

/**
 * Fragments of SQL for the plain settings: columns of `c` to read, and columns and parameters to
 * write. In `SETTING_CHANGES`, a NULL parameter leaves its column unchanged.
 * @example
 * ```ts
 * import { settingConstants } from '@parley/service-kit';
 *
 * settingConstants.SETTINGS; // 'c.description, c.slow_mode_s'
 * ```
 */
export const settingConstants = {
  SETTINGS: columns.map(({ column }) => `c.${column}`).join(', '),
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
