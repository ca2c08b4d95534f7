import { Refusal, refusals } from '@parley/runtime';
import { CommanderError } from 'commander';
import { type NoConnection, noConnectionOf, noConnectionWords } from '../node/no-connection.js';
import { plainJson, plainLine } from './plain-text.js';

/** How the command ends; scripts can rely on it. */
export const exitCodes = { ok: 0, refused: 1, usage: 2, unreachable: 3, notLoggedIn: 4 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Why a command did not do what it was asked. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly reason: string;
  readonly exitCode: ExitCode;
  readonly retryAfterMs: number;

  constructor(reason: string, exitCode: ExitCode, message: string, retryAfterMs = 0) {
    super(message);
    this.reason = reason;
    this.exitCode = exitCode;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A wrong argument. */
export function usage(message: string): Failure {
  return new Failure('usage', exitCodes.usage, message);
}

const logIn = 'run `npx parley login <user>`';

const next: Readonly<Record<string, string>> = {
  'user-id-taken': 'choose another, or log in with `npx parley login <user>`',
  'not-a-member': 'only rooms can be entered from here: `Join` of the gRPC API, or a member, makes you one',
  'channel-not-found': '`npx parley channels` lists those there are',
  'logged-out': logIn,
  'invalid-token': logIn,
  'expired-token': logIn,
  unauthenticated: logIn,
  'no-server': 'one has to be started (`npx parley admin servers` lists them)',
  'not-an-administrator': 'who owns the database makes one with `npx parley admin grant <user>`',
  'server-not-found': '`npx parley admin servers` lists them',
};

const codes: Readonly<Record<string, ExitCode>> = {
  unreachable: exitCodes.unreachable,
  'deadline-exceeded': exitCodes.unreachable,
  'logged-out': exitCodes.notLoggedIn,
  'invalid-token': exitCodes.notLoggedIn,
  'expired-token': exitCodes.notLoggedIn,
  unauthenticated: exitCodes.notLoggedIn,
};

function adviceOf({ reason, retryAfterMs }: Refusal): string {
  const advice = next[reason];
  if (advice !== undefined) return `; ${advice}`;
  return retryAfterMs > 0 ? ` (again in ${retryAfterMs / 1_000} s)` : '';
}

/** Of a chat server the SDK says itself where it is and what is wrong. */
function unreachable({ reason, message, cause, retryAfterMs }: Refusal): Failure {
  const words = message === refusals[reason].words ? whyUnreachable(cause) : plainLine(message);
  return new Failure(reason, exitCodes.unreachable, words, retryAfterMs);
}

function whyUnreachable(cause: unknown): string {
  const details = cause instanceof Error ? cause.message : '';
  const why = noConnectionOf(details);
  const address = /connect \w+ (\S+:\d+)/.exec(details)?.[1];
  const where =
    address === undefined ? `the server cannot be reached: ${noConnectionWords[why]}` : `nothing answers at ${address}`;
  return plainLine(
    `${where}; ${remedies[why] ?? 'start it with `npm start`, or say where it is with --user-service and --manager'}`,
  );
}

const remedies: Readonly<Partial<Record<NoConnection, string>>> = {
  untrusted: 'name the authority that signed it with --ca FILE',
  'plain-only': 'leave --tls and --ca out, or give the address of its TLS proxy',
  'not-plain': 'give --tls, or --ca FILE with the authority that signed its certificate',
};

function refused(refusal: Refusal): Failure {
  const code = codes[refusal.reason] ?? exitCodes.refused;
  if (code === exitCodes.unreachable) return unreachable(refusal);
  return new Failure(refusal.reason, code, `${plainLine(refusal.message)}${adviceOf(refusal)}`, refusal.retryAfterMs);
}

/** Words of a library may quote what it was given. */
function wordsOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).replace(/Bearer .*/s, 'Bearer (a token)');
}

/** Whatever was thrown, as a failure. */
export function failureFrom(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  if (thrown instanceof Refusal) return refused(thrown);
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') return usage('say what to do: see above');
  if (thrown instanceof CommanderError)
    return usage(thrown.message.replace(/^error: /, '').replace('\n(Did you', ' (Did you'));
  return new Failure('internal', exitCodes.refused, wordsOf(thrown));
}

/** The failure for people, on one line, or with `--json` for programs. */
export function describeFailure({ reason, message, retryAfterMs }: Failure, json: boolean): string {
  if (!json) return `parley: ${plainLine(message)}`;
  return plainJson({ error: { reason, message, retry_after_ms: retryAfterMs } });
}
