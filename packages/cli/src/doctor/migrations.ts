import { checkSchema, isRolledBack } from '@parley/database';
import { errorText } from '../failure.js';
import { asFault, type Check, type Finding, works } from './check.js';
import { withDatabase } from './database-access.js';
import type { Surroundings } from './surroundings.js';

/** The database has all migrations of this version, and this version can run with later ones. */
export function migrationsCheck(where: Surroundings): Check {
  const run = () =>
    withDatabase(where, async (pool, about): Promise<Finding[]> => {
      try {
        await checkSchema(pool);
        return [works(about, 'The database has the migrations of this version.')];
      } catch (thrown) {
        if (isRolledBack(thrown)) throw thrown;
        return [asFault(about, `${errorText(thrown)}.`)];
      }
    });
  return { name: 'migrations', run };
}
