import { usage } from '../../failure.js';
import { jsonLines, type PlacedValue } from '../line-reader.js';
import { discordLines } from './discord/discord.js';
import { mattermostLines } from './mattermost/mattermost.js';
import { slackLines } from './slack/slack.js';
import type { SourceSettings } from './source-settings.js';

type Lines = (path: string, settings?: SourceSettings) => AsyncIterable<PlacedValue>;

/** Systems whose exports can be imported. Each yields the lines of an export of Parley. */
export const linesFrom = {
  parley: jsonLines,
  slack: slackLines,
  mattermost: mattermostLines,
  discord: discordLines,
} as const satisfies Readonly<Record<string, Lines>>;

export type ExportSource = keyof typeof linesFrom;

/** @throws {Failure} if an export needs a name that is missing, or has one already */
export function checkSource(from: ExportSource, source: string | undefined): void {
  if (from === 'mattermost' && source === undefined)
    throw usage(
      'An export of Mattermost does not name its server. Name it with --source, and use the same name each time.',
    );
  if (from === 'parley' && source !== undefined)
    throw usage('An export of Parley names its system. Leave out --source.');
}
