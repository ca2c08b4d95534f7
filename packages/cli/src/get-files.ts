import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ParleyClient } from '@parley/client';
import type { UserFile, UserFiles } from '@parley/client/files';
import { limits, Refusal, refuse, savableName } from '@parley/runtime';
import { errorCode, exitCodes, Failure, usage } from './failure.js';
import { findChannel } from './find-channel.js';
import { output } from './output.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';
import { progressOf } from './transfer-progress.js';

/** The options of `get`. */
export interface GetOptions {
  readonly to: string;
  readonly gateway: string;
}

/** Longest name, in bytes: file systems allow 255, and a number may follow. */
const maxBytes = 200;
const mostNumbers = 1_000;

/** Returns a name that is safe in any folder: without a path, control characters or leading dots. */
export function safeName(given: string): string {
  const name = savableName(terminalLine(given));
  const extension = Buffer.byteLength(extname(name)) <= 16 ? extname(name) : '';
  let stem = [...name.slice(0, name.length - extension.length)];
  while (Buffer.byteLength(stem.join('')) > maxBytes) stem = stem.slice(0, -1);
  return stem.join('') + extension;
}

/**
 * Creates a new file in a folder: with this name, or with a number if there is a file of this name.
 * @throws {Failure} if the folder cannot be written
 */
async function createNew(folder: string, name: string): Promise<{ path: string; handle: FileHandle }> {
  const extension = extname(name);
  for (let number = 1; number <= mostNumbers; number += 1) {
    const numbered = number === 1 ? name : `${name.slice(0, name.length - extension.length)} (${number})${extension}`;
    const path = join(folder, numbered);
    try {
      return { path, handle: await open(path, 'wx') };
    } catch (thrown) {
      if (errorCode(thrown) !== 'EEXIST') throw usage(`--to: ${terminalLine(path)} cannot be written.`);
    }
  }
  throw usage(`--to: there are already ${mostNumbers} files called ${terminalLine(name)}.`);
}

/** Saves one file. If that fails, leaves nothing. @throws {Refusal} or the error of the file system. */
async function save(files: UserFiles, { id, name, size }: UserFile, folder: string): Promise<string> {
  const { path, handle } = await createNew(folder, safeName(name));
  const show = progressOf(name);
  let received = 0;
  async function* counted(source: AsyncIterable<Uint8Array>) {
    for await (const bytes of source) {
      received += bytes.length;
      show(received, size);
      yield bytes;
    }
  }
  try {
    await pipeline(files.download(id), counted, handle.createWriteStream());
    if (received !== size) throw new Error(`${received} of ${size} bytes arrived`);
    return path;
  } catch (thrown) {
    await rm(path, { force: true });
    if (thrown instanceof Refusal) throw thrown;
    throw new Failure(
      'not-saved',
      exitCodes.refused,
      `${terminalLine(path)} was not saved: ${(thrown as Error).message}.`,
    );
  } finally {
    output.progress('');
  }
}

/**
 * Returns the ids of the files of a message. Without a seq, of the last message that has files, among
 * the last 100 entries.
 * @throws {Refusal} `message-not-found` @throws {Failure} if there are no files
 */
async function fileIdsOf(client: ParleyClient, channelId: number, seq: number | undefined): Promise<readonly string[]> {
  const range = seq === undefined ? { size: limits.pageEntries } : { before: seq + 1, size: 1 };
  const { entries } = await client.history(channelId, range);
  const messages = entries.flatMap((entry) => (entry.type === 'message' ? [entry] : []));
  const message = messages.find((one) => (seq === undefined ? one.fileIds.length > 0 : one.seq === seq));
  if (message === undefined && seq !== undefined) throw refuse('message-not-found');
  if (message === undefined)
    throw usage(`None of the last ${limits.pageEntries} messages has files. Give the number of one.`);
  if (message.fileIds.length === 0) throw usage(`Message #${message.seq} has no files.`);
  return message.fileIds;
}

/** Saves the files of a message in a folder, in their order. */
export async function getFiles(
  session: CommandSession,
  wanted: string,
  seq: number | undefined,
  { to, gateway }: GetOptions,
): Promise<void> {
  const client = await session.loggedIn();
  const { id } = await findChannel(client, wanted);
  const fileIds = await fileIdsOf(client, id, seq);
  const files = await session.files(gateway);
  await mkdir(to, { recursive: true }).catch(() => {
    throw usage(`--to: ${terminalLine(to)} is not a folder that can be written.`);
  });
  const saved: string[] = [];
  for (const fileId of fileIds) saved.push(await save(files, await files.find(fileId), to));
  session.print(saved.map((path) => `Saved ${terminalLine(path)}.`).join('\n'), { saved });
}
