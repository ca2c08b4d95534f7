import { unknownNames } from '@parley/runtime';
import { type Command, InvalidArgumentError } from 'commander';
import { usage } from './failure.js';
import { CommandSession, type GlobalOptions } from './session.js';

/** Parses a whole number of at least 1. */
export function positive(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Use a whole number of at least 1.');
}

/**
 * Rejects unknown `PARLEY_*` variables, which are probably misspelt settings.
 * @throws {Failure}
 */
export function checkSettingNames(env: NodeJS.ProcessEnv): void {
  const [first] = unknownNames(env);
  if (first !== undefined) throw usage(first);
}

const sessions = new WeakMap<Command, CommandSession>();

/** Returns the one session of a command line, for its global options. */
export function sessionOf(command: Command): CommandSession {
  if (command.parent !== null) return sessionOf(command.parent);
  const session = sessions.get(command) ?? new CommandSession(command.opts<GlobalOptions>());
  sessions.set(command, session);
  return session;
}
