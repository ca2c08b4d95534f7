import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { limits } from '@parley/runtime';
import { usage } from './failure.js';

/** One line, with nothing of it shown on a terminal. */
function readLine(prompt: string): Promise<string | undefined> {
  const terminal = process.stdin.isTTY === true;
  if (terminal) process.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal });
  return new Promise((resolve) => {
    lines.once('line', resolve);
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => resolve(undefined));
  }).then((line) => {
    lines.close();
    if (terminal) process.stderr.write('\n');
    return line as string | undefined;
  });
}

const { passwordMinBytes: least, passwordMaxBytes: most } = limits;
const rule = `${least} to ${most} bytes`;

/** The server refuses it too, but only after it was typed twice. */
function checkRule(password: string): void {
  const bytes = Buffer.byteLength(password);
  if (bytes < least || bytes > most) throw usage(`a password has ${rule}; this one has ${bytes}`);
}

/** Asks for the password on a terminal, twice if it is a new one; otherwise it is one line of standard input. */
export async function readPassword(isNew: boolean): Promise<string> {
  const password = await readLine(isNew ? `Password (${rule}): ` : 'Password: ');
  if (password === undefined || password === '') throw usage('a password is needed, typed or as one line of stdin');
  if (isNew) checkRule(password);
  if (isNew && process.stdin.isTTY === true && (await readLine('Password again: ')) !== password) {
    throw usage('the two passwords are not the same');
  }
  return password;
}
