import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { usage } from '../../../failure.js';
import { terminalLine } from '../../../plain-text.js';
import { itemOf, readJson, unreadable } from '../read-json.js';
import { type DiscordChannel, type DiscordMessage, discordFile, discordMessage } from './forms.js';

/** The contents of one file. */
export interface DiscordPart {
  readonly guild: string;
  readonly channel: DiscordChannel;
  readonly messages: readonly { readonly where: string; readonly message: DiscordMessage }[];
}

/** Returns the JSON files that a path names: itself, or those in the folder. @throws {Failure} */
export async function discordFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(unreadable(path));
  if (found.isFile()) return [path];
  const names = (await readdir(path).catch(unreadable(path))).filter((name) => name.endsWith('.json')).toSorted();
  if (names.length === 0) throw usage(`${terminalLine(path)} has no JSON files. Export with the format Json.`);
  return names.map((name) => join(path, name));
}

/** Folder of a file, in which its attachments are. */
export const folderOf = (file: string) => dirname(file);

/** Reads a file. @throws {Failure} */
export async function readPart(file: string): Promise<DiscordPart> {
  const shown = basename(file);
  const { guild, channel, messages } = itemOf(await readJson(file, shown), shown, discordFile);
  const placed = messages.map((value, at) => {
    const where = `${shown}, message ${at + 1}`;
    return { where, message: itemOf(value, where, discordMessage) };
  });
  const time = ({ message }: { readonly message: DiscordMessage }) => Date.parse(message.timestamp);
  return { guild: guild.id, channel, messages: placed.toSorted((one, other) => time(one) - time(other)) };
}
