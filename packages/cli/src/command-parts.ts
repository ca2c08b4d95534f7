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

/** Returns the session for the global options of a command. */
export function sessionOf(command: Command): CommandSession {
  return new CommandSession(command.optsWithGlobals<GlobalOptions>());
}
