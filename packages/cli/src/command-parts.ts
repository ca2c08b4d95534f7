import { limits, unknownNames } from '@parley/runtime';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { usage } from './failure.js';
import { CommandSession, type GlobalOptions } from './session.js';
import { wholeNumber } from './whole-number.js';

/** Parses a whole number of at least 1. */
export function positive(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Use a whole number of at least 1.');
}

/** Parses the seq of a message, such as `#12` or `12`. */
export function seqOf(text: string): number {
  return positive(text.replace(/^#/, ''));
}

/**
 * Rejects unknown `PARLEY_*` variables, which are probably misspelt settings.
 * @throws {Failure}
 */
export function checkSettingNames(env: NodeJS.ProcessEnv): void {
  const [first] = unknownNames(env);
  if (first !== undefined) throw usage(first);
}

/** Adds the options of commands that create, list and revoke invites. */
export function addInviteOptions(command: Command, name: string): Command {
  return command
    .option('--uses <n>', 'number of people who can use it (default: no limit)', wholeNumber(1, limits.inviteUses))
    .option('--expires <time>', 'time until it expires, such as 7d (default: never)')
    .option('--list', `list the ${name}s instead`)
    .option(`--revoke <${name}>`, `revoke an ${name} instead`);
}

/** URL of the gateway of an `npm start` without options. */
export const defaultGateway = 'http://127.0.0.1:8080';

/** Parses the URL of a gateway. */
export function gatewayUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('Use a URL such as https://chat.example.org.');
}

/** Returns the option `--gateway`. */
export function gatewayOption(description: string): Option {
  return new Option('--gateway <url>', description).default(defaultGateway).argParser(gatewayUrl);
}

const sessions = new WeakMap<Command, CommandSession>();

/** Returns the session of a command line. All its commands share one, with the global options. */
export function sessionOf(command: Command): CommandSession {
  if (command.parent !== null) return sessionOf(command.parent);
  const session = sessions.get(command) ?? new CommandSession(command.opts<GlobalOptions>());
  sessions.set(command, session);
  return session;
}
