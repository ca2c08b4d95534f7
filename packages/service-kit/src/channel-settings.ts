import { type Channel, ChannelKind, Retention } from '@parley/contract';
import { int4, type ChannelKind as Kind, text } from '@parley/database';

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

/**
 * The list of the plain settings of a channel: a column of `chat.channel`, and a field of the same
 * name in the contract. Statements and handlers follow it, so a new setting begins as a row here.
 * @example
 * ```ts
 * import { channelSettings } from '@parley/service-kit';
 *
 * Object.keys(channelSettings); // names of the fields
 * ```
 */
export const channelSettings = { description: text, slowModeS: int4 } as const;

/** Values of the plain settings of a channel. */
export type ChannelSettingValues = Pick<Channel, keyof typeof channelSettings>;

/** Some of the plain settings, as a request sets them. */
export type SomeSettings = { readonly [Name in keyof ChannelSettingValues]?: ChannelSettingValues[Name] | undefined };

/**
 * Names of the plain settings.
 * @example
 * ```ts
 * import { settingNames } from '@parley/service-kit';
 *
 * settingNames.includes('slowModeS'); // true
 * ```
 */
export const settingNames = Object.keys(channelSettings) as readonly (keyof ChannelSettingValues)[];

function columnOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * The plain settings as SQL: columns of `c` to read, and columns and parameters to write. In
 * `SETTING_CHANGES` a parameter that is NULL leaves its column unchanged.
 * @example
 * ```ts
 * import { settingConstants } from '@parley/service-kit';
 *
 * settingConstants.SETTINGS; // 'c.description, c.slow_mode_s'
 * ```
 */
export const settingConstants = {
  SETTINGS: settingNames.map((name) => `c.${columnOf(name)}`).join(', '),
  SETTING_COLUMNS: settingNames.map(columnOf).join(', '),
  SETTING_VALUES: settingNames.map((name) => `:${name}`).join(', '),
  SETTING_CHANGES: settingNames.map((name) => `${columnOf(name)} = coalesce(:${name}, ${columnOf(name)})`).join(', '),
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
): { readonly [Name in keyof ChannelSettingValues]: Settings[Name] } {
  const settings = settingNames.map((name) => [name, from[name]]);
  return Object.fromEntries(settings) as { readonly [Name in keyof ChannelSettingValues]: Settings[Name] };
}
