import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { usage } from '../../../failure.js';
import { terminalLine } from '../../../plain-text.js';
import { importFault } from '../../fault.js';
import { readItems, unreadable } from '../read-json.js';
import {
  type SlackChannel,
  type SlackMessage,
  type SlackUser,
  slackChannel,
  slackMessage,
  slackUser,
} from './forms.js';

/** What a list of channels contains. */
export type SlackKind = 'public' | 'private' | 'group' | 'direct';

const lists: readonly (readonly [file: string, kind: SlackKind])[] = [
  ['channels.json', 'public'],
  ['groups.json', 'private'],
  ['mpims.json', 'group'],
  ['dms.json', 'direct'],
];

/** A message, and its place for errors. */
export interface PlacedMessage {
  readonly where: string;
  readonly message: SlackMessage;
}

/** Returns whether there is a file or folder. @throws {Failure} if that cannot be read */
const exists = (path: string) =>
  stat(path).then(
    () => true,
    (cause: NodeJS.ErrnoException) =>
      isMissing(cause) || cause.code === 'ENOTDIR' ? false : unreadable(path, 'folder')(cause),
  );

/** Returns the names of the files in a folder; none if it is missing. @throws {Failure} if it cannot be read */
const filesIn = (path: string): Promise<string[]> =>
  readdir(path).catch((cause: NodeJS.ErrnoException) => (isMissing(cause) ? [] : unreadable(path, 'folder')(cause)));

const isMissing = ({ code }: NodeJS.ErrnoException) => code === 'ENOENT';

/** Returns the sort key of a message. Its parts have a fixed number of digits. */
function keyOf({ ts }: SlackMessage): string {
  const [seconds = '', part = ''] = ts.split('.');
  return `${seconds.padStart(11, '0')}.${part.padEnd(6, '0')}`;
}

/** The folder of an unpacked export of Slack. */
export class SlackFolder {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @throws {Failure} if the folder has no users and channels */
  static async open(path: string): Promise<SlackFolder> {
    const isFolder = (await exists(join(path, 'users.json'))) && (await exists(join(path, 'channels.json')));
    if (isFolder) return new SlackFolder(path);
    throw usage(
      `${terminalLine(path)} has no users.json and channels.json. Unpack the export of Slack, and name its folder.`,
    );
  }

  users(): Promise<SlackUser[]> {
    return readItems(join(this.#path, 'users.json'), 'users.json', slackUser);
  }

  async channels(): Promise<(SlackChannel & { readonly kind: SlackKind })[]> {
    const all: (SlackChannel & { readonly kind: SlackKind })[] = [];
    for (const [file, kind] of lists) {
      const path = join(this.#path, file);
      if (!(await exists(path))) continue;
      for (const channel of await readItems(path, file, slackChannel)) all.push({ ...channel, kind });
    }
    return all;
  }

  /** Yields the messages of a channel, in order. Those of one day are in memory at a time. */
  async *messages({ id, name = id }: SlackChannel): AsyncGenerator<PlacedMessage> {
    const folder = (await exists(join(this.#path, safeName(name)))) ? name : safeName(id);
    const path = join(this.#path, folder);
    const days = await filesIn(path);
    for (const day of days.filter((one) => one.endsWith('.json')).toSorted()) {
      const shown = `${folder}/${day}`;
      const messages = await readItems(join(path, day), shown, slackMessage);
      const placed = messages.map((message, at) => ({ message, where: `${shown}, item ${at + 1}` }));
      yield* placed.toSorted((one, other) => (keyOf(one.message) < keyOf(other.message) ? -1 : 1));
    }
  }
}

/** Returns the name of a folder. @throws {Failure} if the name leads elsewhere */
function safeName(name: string): string {
  if (!/[/\\\0]/.test(name) && !name.startsWith('.')) return name;
  throw importFault('channels.json', `"${terminalLine(name)}" is not the name of a channel.`);
}
