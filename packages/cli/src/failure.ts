import { type NoConnection, noConnectionOf, noConnectionWords } from '@parley/client/node';
import { Refusal, refusals } from '@parley/runtime';
import { CommanderError } from 'commander';
import { plainJson, terminalLine } from './plain-text.js';

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

/** How an advised command begins, so that it works as it is printed, and who is logged in. */
export interface Advised {
  readonly self: string;
  readonly user: string;
}

const anybody: Advised = { self: 'npx parley', user: '<user>' };
const logIn = ({ self, user }: Advised) => `Run \`${self} login ${user}\`.`;

const next: Readonly<Record<string, (advised: Advised) => string>> = {
  'user-id-taken': ({ self }) => `If it is yours, run \`${self} login <user>\`.`,
  'not-a-member': () => 'The terminal can only enter rooms: call `Join` of the gRPC API, or ask a member to add you.',
  'channel-not-found': ({ self }) => `Run \`${self} channels\` to list the channels.`,
  'logged-out': logIn,
  'invalid-token': logIn,
  'expired-token': logIn,
  unauthenticated: logIn,
  'no-server': ({ self }) => `Start one. Operators can list them with \`${self} admin servers\`.`,
  'not-operator': ({ self, user }) =>
    `The owner of the database can make you one with \`${self} admin grant ${user}\`.`,
  'server-not-found': ({ self }) => `Run \`${self} admin servers\` to list the chat servers.`,
};

const codes: Readonly<Record<string, ExitCode>> = {
  unreachable: exitCodes.unreachable,
  'deadline-exceeded': exitCodes.unreachable,
  'logged-out': exitCodes.notLoggedIn,
  'invalid-token': exitCodes.notLoggedIn,
  'expired-token': exitCodes.notLoggedIn,
  unauthenticated: exitCodes.notLoggedIn,
};

function withAdvice({ reason, message, retryAfterMs }: Refusal, advised: Advised): string {
  const text = terminalLine(message);
  const retry = retryAfterMs > 0 ? `(Retry in ${retryAfterMs / 1_000} s.)` : undefined;
  const advice = next[reason]?.(advised) ?? retry;
  return advice === undefined ? text : `${text.replace(/\.?$/, '.')} ${advice}`;
}

/** Of a chat server the SDK says itself where it is and what is wrong. */
function unreachable({ reason, message, cause, retryAfterMs }: Refusal): Failure {
  const words = message === refusals[reason].words ? whyUnreachable(cause) : terminalLine(message);
  return new Failure(reason, exitCodes.unreachable, words, retryAfterMs);
}

function whyUnreachable(cause: unknown): string {
  const details = cause instanceof Error ? cause.message : '';
  const why = noConnectionOf(details);
  const address = /connect \w+ (\S+:\d+)/.exec(details)?.[1];
  const where =
    address === undefined ? `the server cannot be reached: ${noConnectionWords[why]}` : `nothing answers at ${address}`;
  return terminalLine(
    `${where}; ${remedies[why] ?? 'start it with `npm start`, or say where it is with --user-service and --manager'}`,
  );
}

const remedies: Readonly<Partial<Record<NoConnection, string>>> = {
  untrusted: 'name the authority that signed it with --ca FILE',
  'plain-only': 'leave --tls and --ca out, or give the address of its TLS proxy',
  'not-plain': 'give --tls, or --ca FILE with the authority that signed its certificate',
};

function refused(refusal: Refusal, advised: Advised): Failure {
  const code = codes[refusal.reason] ?? exitCodes.refused;
  if (code === exitCodes.unreachable) return unreachable(refusal);
  return new Failure(refusal.reason, code, withAdvice(refusal, advised), refusal.retryAfterMs);
}

/** Words of a library may quote what it was given. */
function wordsOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).replace(/Bearer .*/s, 'Bearer (a token)');
}

/** Whatever was thrown, as a failure. Commands that it advises begin as `advised` says. */
export function failureFrom(thrown: unknown, advised: Advised = anybody): Failure {
  if (thrown instanceof Failure) return thrown;
  if (thrown instanceof Refusal) return refused(thrown, advised);
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') return usage('say what to do: see above');
  if (thrown instanceof CommanderError)
    return usage(thrown.message.replace(/^error: /, '').replace('\n(Did you', ' (Did you'));
  return new Failure('internal', exitCodes.refused, wordsOf(thrown));
}

/** The failure for people, on one line, or with `--json` for programs. */
export function describeFailure({ reason, message, retryAfterMs }: Failure, json: boolean): string {
  if (!json) return `parley: ${terminalLine(message)}`;
  return plainJson({ error: { reason, message, retry_after_ms: retryAfterMs } });
}
