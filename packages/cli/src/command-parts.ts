import { fileURLToPath } from 'node:url';
import { unknownNames } from '@parley/runtime';
import { type Command, InvalidArgumentError } from 'commander';
import { usage } from './failure.js';
import { CommandSession, type GlobalOptions } from './session.js';

/** The data folder of `npm start`. */
export const defaultData = fileURLToPath(new URL('../../../../.parley', import.meta.url));

/** A whole number from 1, as an argument. */
export function positive(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number from 1.');
}

/** Throws a Failure where a variable looks like a setting and is none: it was meant to be one. */
export function checkSettingNames(env: NodeJS.ProcessEnv): void {
  const [first] = unknownNames(env);
  if (first !== undefined) throw usage(first);
}

export function sessionOf(command: Command): CommandSession {
  return new CommandSession(command.optsWithGlobals<GlobalOptions>());
}
