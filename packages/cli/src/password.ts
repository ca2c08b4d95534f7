import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { limits } from '@parley/runtime';
import { usage } from './failure.js';

/** Kind of a secret that the user types. */
type SecretNoun = 'password' | 'passphrase';

/** Another way to give a secret. */
const elsewhere: Readonly<Record<SecretNoun, string>> = {
  password: '',
  passphrase: ', or give --passphrase-file FILE',
};

/** Lines of a piped stdin. All questions share this reader, because it reads ahead. */
let pipedLines: AsyncIterator<string> | undefined;

async function readPiped(): Promise<string | undefined> {
  pipedLines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { value, done } = await pipedLines.next();
  return done ? undefined : value;
}

function nextLine(lines: Interface): Promise<string | undefined> {
  return new Promise((resolve) => {
    lines.once('line', resolve);
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => resolve(undefined));
  });
}

/** Reads one line without echoing it; undefined at the end of the input. */
async function readLine(prompt: string): Promise<string | undefined> {
  if (process.stdin.isTTY !== true) return readPiped();
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stderr.write(prompt); // Written only now, because the terminal echoes until the interface is open.
  const line = await nextLine(lines);
  lines.close();
  process.stderr.write('\n');
  return line;
}

async function readGiven(prompt: string, noun: SecretNoun): Promise<string> {
  const password = await readLine(prompt);
  if (password) return password;
  throw usage(`A ${noun} is required: type it, or pass it as one line of stdin${elsewhere[noun]}.`);
}

const { passwordMinBytes: least, passwordMaxBytes: most } = limits;
const rule = `${least} to ${most} bytes`;

/**
 * Checks the length of a new password, so that the user learns of a mistake before the second
 * prompt.
 */
function checkRule(password: string, noun: SecretNoun): void {
  const bytes = Buffer.byteLength(password);
  if (bytes < least || bytes > most) throw usage(`A ${noun} has ${rule}; this one has ${bytes}.`);
}

/**
 * Reads a password from a prompt on a terminal, else from the next line of stdin.
 * @throws {Failure} if it is missing
 */
export function readPassword(name = 'Password', noun: SecretNoun = 'password'): Promise<string> {
  return readGiven(`${name}: `, noun);
}

/** Reads the passphrase of a backup, like `readPassword`. */
export function readPassphrase(): Promise<string> {
  return readPassword('Passphrase', 'passphrase');
}

/**
 * Reads a new password. On a terminal, the user types it twice.
 * @throws {Failure} if it is missing, too short, too long, or typed differently the second time
 */
export async function readNewPassword(name = 'Password', noun: SecretNoun = 'password'): Promise<string> {
  const password = await readGiven(`${name} (${rule}): `, noun);
  checkRule(password, noun);
  if (process.stdin.isTTY === true && (await readLine(`${name} again: `)) !== password) {
    throw usage(`The two ${noun}s differ.`);
  }
  return password;
}

/** Reads a new passphrase for a backup, like `readNewPassword`. */
export function readNewPassphrase(): Promise<string> {
  return readNewPassword('Passphrase', 'passphrase');
}
