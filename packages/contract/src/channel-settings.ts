import type { Channel } from './gen/chat/v1/types.js';

/**
 * A plain setting of a channel. `meaning` is its text in the documentation and in the help of the
 * command line. `max` is the largest number, or the maximum number of characters.
 */
export type ChannelSetting = { readonly meaning: string } & (
  | { readonly type: 'text'; readonly max: number }
  | { readonly type: 'number'; readonly max: number; readonly unit?: 'seconds' }
  | { readonly type: 'boolean' }
);

/**
 * The plain settings of a channel: those that the server stores exactly as the client sends them.
 * Each is a column of `chat.channel` and a field of the same name in the contract. Statements,
 * handlers, the command line and the documentation follow this table, so a new setting begins as a
 * row here.
 */
export const channelSettings = {
  description: { type: 'text', max: 1_000, meaning: 'what the channel is about' },
  slowModeS: {
    type: 'number',
    max: 21_600,
    unit: 'seconds',
    meaning: 'time between two messages of one sender; 0: no slow mode',
  },
} as const satisfies { readonly [Name in keyof Channel]?: ChannelSetting };

/** Names of the plain settings. */
export type ChannelSettingName = keyof typeof channelSettings;

/** Values of the plain settings of a channel. */
export type ChannelSettingValues = Readonly<Pick<Channel, ChannelSettingName>>;

/** The plain settings by name. */
export const settingRows: readonly (readonly [name: ChannelSettingName, row: ChannelSetting])[] = Object.entries(
  channelSettings,
) as [ChannelSettingName, ChannelSetting][];

/** Returns the name of a field in the contract and the database. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
