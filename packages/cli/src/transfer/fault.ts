import { exitCodes, Failure } from '../failure.js';

/** Returns the failure for something in a file that cannot be imported. */
export function importFault(where: string, words: string): Failure {
  return new Failure('import-refused', exitCodes.refused, `${where}: ${words} Nothing was changed.`);
}
