import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { UserFile, UserFiles } from '@parley/client/files';
import { limits } from '@parley/runtime';
import { usage } from './failure.js';
import { findChannel } from './find-channel.js';
import { sendText } from './mentions.js';
import { output } from './output.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';
import { progressOf } from './transfer-progress.js';

/** The options of `send`. */
export interface SendCommandOptions {
  readonly file: readonly string[];
  readonly gateway: string;
}

/** @throws {Failure} if there is nothing to send, or a path is not a file. */
async function checkSend(text: string, paths: readonly string[]): Promise<void> {
  if (paths.length > limits.filesAtOnce) throw usage(`Send at most ${limits.filesAtOnce} files at once.`);
  if (paths.length === 0 && text.trim() === '') throw usage('Give a text, or a file with --file.');
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() !== true) throw usage(`--file: ${terminalLine(path)} is not a file that can be read.`);
  }
}

async function uploadOne(files: UserFiles, path: string): Promise<UserFile> {
  const name = basename(path);
  const source = createReadStream(path);
  try {
    return await files.upload(source, { name, onProgress: progressOf(name) });
  } finally {
    source.destroy();
  }
}

/** Uploads files one after the other. If one fails, deletes the others. @throws {Refusal} */
async function uploadAll(files: UserFiles, paths: readonly string[]): Promise<UserFile[]> {
  const uploaded: UserFile[] = [];
  try {
    for (const path of paths) uploaded.push(await uploadOne(files, path));
    return uploaded;
  } catch (thrown) {
    await Promise.allSettled(uploaded.map(({ id }) => files.delete(id)));
    throw thrown;
  } finally {
    output.progress('');
  }
}

/** Sends one message, with files that it uploads first. */
export async function send(
  session: CommandSession,
  wanted: string,
  text: string,
  { file: paths, gateway }: SendCommandOptions,
): Promise<void> {
  await checkSend(text, paths);
  const client = await session.loggedIn();
  const { id } = await findChannel(client, wanted);
  const uploaded = paths.length === 0 ? [] : await uploadAll(await session.files(gateway), paths);
  const conversation = await client.listen(id);
  const fileIds = uploaded.map((one) => one.id);
  const { seq } = await sendText(conversation, text, { fileIds }, (words) => output.complain(`* ${words}`));
  await conversation.leave();
  const words = uploaded.length === 0 ? '' : `, with ${uploaded.map(({ name }) => terminalLine(name)).join(', ')}`;
  session.print(`Sent as #${seq}${words}.`, {
    channel_id: id,
    seq,
    files: uploaded.map(({ id, name, size }) => ({ id, name, size })),
  });
}
