import { type NoConnection, noConnectionOf, noConnectionWords } from '@parley/client/node';
import { Refusal, refusals } from '@parley/runtime';
import { CommanderError } from 'commander';
import { plainJson, terminalLine } from './plain-text.js';
import { waitWords } from './text-view.js';
import { usageWords } from './usage-words.js';

/** Exit codes of the command. Scripts can rely on them. */
export const exitCodes = { ok: 0, refused: 1, usage: 2, unreachable: 3, notLoggedIn: 4 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Failure of a command, with its exit code. */
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

/** Returns the code of an error of Node, of OpenSSL or of PostgreSQL; empty if it has none. */
export function errorCode(thrown: unknown): string {
  const { code } = (thrown ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** Returns the text of an error, without a full stop at its end. */
export function errorText(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '') return thrown.errors.map(errorText).join('; ');
  const words = thrown instanceof Error ? thrown.message || errorCode(thrown) : String(thrown);
  return words.replace(/\.$/, '');
}

/** Returns a failure for a wrong argument. */
export function usage(message: string): Failure {
  return new Failure('usage', exitCodes.usage, message);
}

/**
 * Parts of the commands that an error suggests. With them, each suggested command works as printed.
 */
export interface Advised {
  /** Beginning of a command for the logged-in user. */
  readonly self: string;
  /** Beginning of a command for a new login, which needs the addresses again. */
  readonly toLogIn: string;
  readonly user: string;
  /**
   * The option that chooses the data folder of `npm start`, with a leading space; empty for the
   * default folder.
   */
  readonly data: string;
}

const anyUser: Advised = { self: 'npx parley', toLogIn: 'npx parley', user: '<user>', data: '' };
const logIn = ({ toLogIn, user }: Advised) => `Run \`${toLogIn} login ${user}\`.`;

/** The advice for a reason, if the text of the refusal does not rule it out. */
type Advice = (advised: Advised, message: string) => string | undefined;

const next: Readonly<Record<string, Advice>> = {
  'user-id-taken': ({ toLogIn, user }) => `If it is yours, run \`${toLogIn} login ${user}\`.`,
  'not-a-member': ({ self }) => `Ask a member to add you. To join a public chat, run \`${self} join <chat>\`.`,
  'owner-stays': ({ self }, message) =>
    message === refusals['owner-stays'].message // Else the user is not the owner.
      ? `To offer it to a member, run \`${self} members <chat> <user> --role owner\`.`
      : undefined,
  'session-not-found': ({ self }) => `Run \`${self} sessions\` to list your sessions.`,
  'channel-not-found': ({ self }) => `Run \`${self} channels\` to list the channels.`,
  'logged-out': logIn,
  'invalid-token': logIn,
  'expired-token': logIn,
  unauthenticated: logIn,
  'must-change-password': ({ self }) => `To set it, run \`${self} password\`.`,
  'no-server': ({ self }) => `Start one. Operators can list them with \`${self} admin servers\`.`,
  'not-operator': ({ user, data }) =>
    `The owner of the database can make you one with \`npx parley admin grant ${user}${data}\`.`,
  'server-not-found': ({ self }) => `Run \`${self} admin servers\` or \`${self} admin gateways\` to list them.`,
};

const codes: Readonly<Record<string, ExitCode>> = {
  unreachable: exitCodes.unreachable,
  'deadline-exceeded': exitCodes.unreachable,
  'logged-out': exitCodes.notLoggedIn,
  'invalid-token': exitCodes.notLoggedIn,
  'expired-token': exitCodes.notLoggedIn,
  unauthenticated: exitCodes.notLoggedIn,
};

/** Returns a text with a capital letter and a full stop. */
function asSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`.replace(/[^.!?]$/, '$&.');
}

function withAdvice({ reason, message, retryAfterMs }: Refusal, advised: Advised): string {
  const retry = retryAfterMs > 0 ? `(Retry in ${waitWords(retryAfterMs)}.)` : undefined;
  const advice = next[reason]?.(advised, message) ?? retry;
  const sentence = asSentence(terminalLine(message));
  return advice === undefined ? sentence : `${sentence} ${advice}`;
}

/**
 * Converts a failed connection. For a chat server, the message of the SDK already names the address
 * and the cause.
 */
function unreachable({ reason, message, cause, retryAfterMs }: Refusal): Failure {
  const words = message === refusals[reason].message ? whyUnreachable(cause) : asSentence(terminalLine(message));
  return new Failure(reason, exitCodes.unreachable, words, retryAfterMs);
}

function whyUnreachable(cause: unknown): string {
  const details = cause instanceof Error ? cause.message : '';
  const why = noConnectionOf(details);
  const address = /connect \w+ (\S+:\d+)/.exec(details)?.[1];
  const where =
    address === undefined
      ? `The server cannot be reached: ${noConnectionWords[why]}`
      : `Nothing responds at ${address}`;
  return terminalLine(
    `${where}. ${remedies[why] ?? 'Start it with `npm start`, or give its address with --user-service and --manager.'}`,
  );
}

const remedies: Readonly<Partial<Record<NoConnection, string>>> = {
  untrusted: 'Give its certificate authority with --ca FILE.',
  'plain-only': 'Leave out --tls and --ca, or give the address of its TLS proxy.',
  'not-plain': 'Give --tls, or --ca FILE with its certificate authority.',
};

function refused(refusal: Refusal, advised: Advised): Failure {
  const code = codes[refusal.reason] ?? exitCodes.refused;
  if (code === exitCodes.unreachable) return unreachable(refusal);
  return new Failure(refusal.reason, code, withAdvice(refusal, advised), refusal.retryAfterMs);
}

/** Returns the text of an error, without tokens that a library may quote. */
function wordsOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).replace(/Bearer .*/s, 'Bearer (a token)');
}

/**
 * Converts a thrown value to a failure. `advised` has the parts of the commands that its message
 * suggests.
 */
export function failureFrom(thrown: unknown, advised: Advised = anyUser): Failure {
  if (thrown instanceof Failure) return thrown;
  if (thrown instanceof Refusal) return refused(thrown, advised);
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') return usage('Give a command: see above.');
  if (thrown instanceof CommanderError) return usage(asSentence(usageWords(thrown.message)));
  return new Failure('internal', exitCodes.refused, asSentence(wordsOf(thrown)));
}

/** Formats a failure: one line for people, or with `--json` a JSON value. */
export function describeFailure({ reason, message, retryAfterMs }: Failure, json: boolean): string {
  if (!json) return `parley: ${terminalLine(message)}`;
  return plainJson({ error: { reason, message, retry_after_ms: retryAfterMs } });
}
