import { exitCodes, Failure } from '../failure.js';

const reason = 'import-refused';
const unchanged = 'Nothing was changed.';

/** Returns the failure for something in a file that cannot be imported. */
export function importFault(where: string, words: string): Failure {
  return new Failure(reason, exitCodes.refused, `${where}: ${words} ${unchanged}`);
}

/** Returns what was thrown; if it says that nothing was changed, with another end. */
export function afterChanges(thrown: unknown, advice: string): unknown {
  if (!(thrown instanceof Failure) || thrown.reason !== reason) return thrown;
  const words = `Accounts and channels may have been imported. ${advice}`;
  return new Failure(reason, thrown.exitCode, thrown.message.replace(unchanged, words));
}
