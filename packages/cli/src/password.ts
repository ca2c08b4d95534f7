import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { limits } from '@parley/runtime';
import { usage } from './failure.js';

/** Reads one line without echoing it. */
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

/** Checks the length before the second prompt; the server would refuse it only afterwards. */
function checkRule(password: string): void {
  const bytes = Buffer.byteLength(password);
  if (bytes < least || bytes > most) throw usage(`A password has ${rule}; this one has ${bytes}.`);
}

/**
 * Reads the password: from a prompt on a terminal, twice if it is new, else one line of stdin.
 * @throws {Failure} if it is missing, too short, too long, or typed differently the second time
 */
export async function readPassword(isNew: boolean): Promise<string> {
  const password = await readLine(isNew ? `Password (${rule}): ` : 'Password: ');
  if (password === undefined || password === '')
    throw usage('A password is required: type it, or pass it as one line of stdin.');
  if (isNew) checkRule(password);
  if (isNew && process.stdin.isTTY === true && (await readLine('Password again: ')) !== password) {
    throw usage('The two passwords differ.');
  }
  return password;
}
