import { jsonLines, type PlacedValue } from '../line-reader.js';
import { discordLines } from './discord/discord.js';
import { mattermostLines } from './mattermost/mattermost.js';
import { slackLines } from './slack/slack.js';

/** Systems whose exports can be imported. Each yields the lines of an export of Parley. */
export const linesFrom = {
  parley: jsonLines,
  slack: slackLines,
  mattermost: mattermostLines,
  discord: discordLines,
} as const satisfies Readonly<Record<string, (path: string) => AsyncIterable<PlacedValue>>>;

export type ExportSource = keyof typeof linesFrom;
